/* A sale: what it costs with what must be said before paying, the money, and the receipt. The same sale sent again after
   no answer came is the same sale: its order and its payment keep their names until they were answered. */
import { button, find, language, local, make, say, words, writtenDay } from "./dom.js";
import { paperPage, showPaper } from "./papers.js";
import { ask, choices } from "./questions.js";
import { Problem, consider, newName } from "./service.js";
import { answer, facts, fromTo, howKnown, refusal } from "./terms.js";

/* Digits choose a day, letters a means of payment. */
const LETTERS_FROM = 9;
/* More days than fit on keys are not offered; the first can always be had. */
const MOST_DAYS = 9;
const RECEIPT = ["ko", "en"];

/** Sells to the card that is served. */
export class Sale {
  constructor(view) {
    this.view = view;
    this.open = new Map();
  }

  /** Says whether a sale of the card that is served was sent and never answered. */
  unanswered() {
    return [...this.open.values()].some(({ body }) => body.card === this.view.number);
  }

  /** Lets the product be chosen, with what each costs now. */
  async choose() {
    const { view } = this;
    const { turn } = view;
    const codes = view.productsOf(view.status);
    const asked = codes.map((product) => consider("/v1/passes/quotes", { product, card: view.number }));
    const quotes = await view.attempt(() => Promise.all(asked));
    if (!quotes || turn !== view.turn) return;
    const list = quotes.map((quote) => ({
      code: quote.product,
      title: view.terms.product(quote.product),
      more: quote.refused ? words.not_now : view.terms.amount(quote),
    }));
    const box = choices(list, (code) => this.start(code), { label: words.which_product });
    box.classList.add("priced");
    view.draw(view.heading(words.which_product), box, view.back());
  }

  /** Begins with a product. */
  start(product) {
    if (!this.view.shift.channel) {
      this.view.askWhere(() => this.start(product));
      return;
    }
    this.product = product;
    this.start_day = null;
    this.show();
  }

  /** Asks what it costs here, paid so, from that day; and shows it. */
  async show() {
    const { view, product, start_day: start } = this;
    const { turn, shift } = view;
    const body = { product, card: view.number, start, channel: shift.channel, payment: shift.payment, facts: shift.facts };
    const quote = await view.attempt(() => consider("/v1/passes/quotes", body));
    if (turn !== view.turn) return;
    if (!quote) {
      view.draw(button(words.again, () => this.show(), { enter: true, main: true }));
      return;
    }
    this.quote = quote;
    const missing = quote.refused?.code === "missing-facts" ? quote.refused.missing : [];
    const inputs = view.settings.asked.channel ?? {};
    const name = missing.find((one) => one in inputs);
    if (name) this.askFact(name, inputs[name]);
    else this.draw();
  }

  /** What the table of channels asks of a counter, such as the line of its station, is asked once. */
  askFact(name, input) {
    const { view } = this;
    const answered = (value) => {
      view.shift.facts[name] = value;
      this.show();
    };
    const made = ask({ name, input, question: local(input.question), answer: answered, unknown: false });
    view.draw(made.box, view.back());
    made.focus();
  }

  draw() {
    const { view, quote } = this;
    const { terms } = view;
    const refused = quote.refused;
    const sold = !refused && (quote.amount !== null || view.status.pays === "postpaid");
    const withCard = sold && view.cardPrice > 0;
    const box = answer(
      refused ? "no" : "free",
      refused ? words.not_now : withCard ? terms.money(quote.amount + view.cardPrice) : (terms.amount(quote) ?? words.postpaid),
      make("p", { class: "result" }, `${terms.product(quote.product)}, ${terms.category(quote.category)}`),
      withCard ? make("p", {}, say("with_card", { amount: terms.money(quote.amount), card: terms.money(view.cardPrice) })) : null,
      quote.starts && quote.ends ? make("p", { class: "dates" }, fromTo(quote.starts, quote.ends)) : null,
      ...(refused ? refusal(refused) : []),
    );
    if (refused) box.dataset.refused = refused.code;
    if (quote.later_refund) box.append(make("p", {}, say("later_refund", { amount: terms.money(quote.later_refund) })));
    const parts = [box];
    if (quote.warnings.length) {
      const list = make("ul", {}, ...quote.warnings.map((text) => make("li", {}, local(text))));
      parts.push(make("div", { class: "notice warnings" }, make("h3", {}, words.before_paying), list));
    }
    parts.push(this.mainAction(sold), this.days(), this.means(), this.sources(), view.back());
    view.draw(...parts);
  }

  mainAction(sold) {
    const { view, quote } = this;
    if (!sold) return null;
    const text =
      view.status.pays === "postpaid"
        ? words.postpaid
        : say("take", { amount: view.terms.money(quote.amount + view.cardPrice) });
    return make("div", { class: "actions" }, button(text, () => this.take(), { enter: true, main: true, id: "take" }));
  }

  /** The days on which it may start, where there are several. */
  days() {
    const { quote } = this;
    if (!quote.earliest_start || !quote.latest_start || quote.earliest_start === quote.latest_start) return null;
    const days = [];
    for (let day = quote.earliest_start; day <= quote.latest_start && days.length < MOST_DAYS; day = dayAfter(day)) {
      days.push({ code: day, title: writtenDay(day, true) });
    }
    const chosen = (day) => {
      this.start_day = day === quote.earliest_start ? null : day;
      this.show();
    };
    const box = choices(days, chosen, { label: words.which_start });
    for (const one of box.children) one.setAttribute("aria-pressed", String(one.dataset.code === quote.starts));
    return make("div", {}, make("h3", {}, words.which_start), box);
  }

  means() {
    const { view } = this;
    if (view.status.pays === "postpaid") return null;
    const chosen = (code) => {
      view.shift.payment = code;
      this.show();
    };
    const box = choices(view.terms.choices("payments"), chosen, { label: words.which_means, from: LETTERS_FROM });
    for (const one of box.children) one.setAttribute("aria-pressed", String(one.dataset.code === view.shift.payment));
    return make("div", {}, make("h3", {}, words.which_means), box);
  }

  sources() {
    const { view, quote } = this;
    if (!quote.sources.length) return null;
    const once = [...new Set(quote.sources.map((one) => view.terms.source(one)))];
    return make(
      "details",
      {},
      make("summary", {}, words.price_source),
      quote.valid_from ? make("p", {}, say("price_from", { day: writtenDay(quote.valid_from) })) : "",
      make("ul", { class: "cited" }, ...once.map((text) => make("li", {}, text))),
      howKnown(quote.kind) ?? "",
    );
  }

  // ── the money ──

  /** Places the order and tells that it was paid. */
  async take() {
    const { view, quote } = this;
    const { turn, shift } = view;
    if (view.status.pays === "postpaid") {
      const charge = await view.busy(() => view.send(view.path("/postpaid"), { product: quote.product }));
      if (charge && turn === view.turn) this.done({ order: { order: charge.charge }, period: charge }, words.postpaid_done);
      return;
    }
    const { channel, payment, facts: told, agent } = shift;
    const { category } = quote;
    const body = { card: view.number, product: quote.product, channel, payment, category, start: this.start_day, agent, facts: told };
    const text = JSON.stringify(body);
    if (!this.open.has(text)) this.open.set(text, { body, payment: newName(), order: null, refused: false });
    const sale = this.open.get(text);
    const paid = await view.busy(() => this.settle(sale));
    // A refused order is an answer: nothing was ordered. Without any answer it may stand.
    if (paid || sale.refused) this.open.delete(text);
    if (!paid) return;
    if (turn !== view.turn) return;
    if (paid.disposition === "charged") this.done({ order: sale.order, period: paid.period, payment: paid }, words.charged);
    else this.showHeld(paid);
  }

  /** Sends what of a sale was not answered yet. */
  settle(sale) {
    const { view } = this;
    return view.attempt(async () => {
      if (sale.order === null) {
        try {
          sale.order = (await view.writes.send("/v1/passes/orders", sale.body)).order;
        } catch (error) {
          sale.refused = error instanceof Problem;
          throw error;
        }
      }
      const { order, amount } = sale.order;
      return consider("/v1/passes/payments", { payment: sale.payment, order, amount, means: sale.body.payment });
    });
  }

  /** Money came, but no period: it goes back at once. */
  showHeld(payment) {
    const { view } = this;
    const amount = view.terms.money(payment.amount);
    const box = answer("no", words.held, make("p", { class: "big-line" }, amount), make("p", {}, words.held_why), make("p", {}, make("code", {}, payment.reason)));
    const back = button(
      say("give_back", { amount }),
      async () => {
        const done = await view.busy(() => view.send("/payments/return", { payment: payment.payment }));
        if (!done) return;
        await view.load();
        view.tell(words.gave_back);
      },
      { enter: true, main: true },
    );
    view.draw(box, make("div", { class: "actions" }, back));
  }

  done(sale, headline) {
    const { view, quote } = this;
    const { period } = sale;
    const amount = period.price + view.cardPrice;
    const box = answer(
      "free",
      headline,
      amount ? make("p", { class: "big-line" }, view.terms.money(amount)) : null,
      make("p", { class: "result" }, view.terms.product(period.product)),
      make("p", { class: "dates" }, fromTo(period.starts, period.ends)),
      facts([[words.receipt_number, make("code", {}, sale.order.order)], [words.receipt_source, this.sourceText(language)]]),
    );
    box.dataset.charged = period.charge;
    const { cardPrice } = view;
    const receipt = button(words.receipt, () => this.receipt(sale, quote, cardPrice), { key: "p" });
    const next = button(words.next_card, () => view.next(), { enter: true, main: true });
    view.draw(box, make("div", { class: "actions" }, next, receipt));
    view.tell("");
  }

  sourceText(spoken) {
    const [first] = this.quote.sources;
    return first ? this.view.terms.source(first, spoken) : "";
  }

  /** What the buyer takes home. */
  receipt({ order, period, payment }, quote, cardPrice) {
    const { terms, number, settings, shift } = this.view;
    const page = (spoken) => () => {
      const word = (name) => words[`${spoken}.receipt_${name}`];
      const day = (text) => writtenDay(text, false, spoken);
      const lines = [
        ["product", terms.product(period.product, spoken)],
        ["category", terms.category(period.category, spoken)],
        ["from_to", period.starts === period.ends ? day(period.starts) : `${day(period.starts)} ~ ${day(period.ends)}`],
        ["card", make("code", {}, number)],
        ["amount", cardPrice ? terms.money(period.price, spoken) : ""],
        ["card_price", cardPrice ? terms.money(cardPrice, spoken) : ""],
        ["total", terms.money(period.price + cardPrice, spoken)],
        ["means", payment ? terms.title("payments", payment.means, spoken) : ""],
        ["where", `${settings.counter.name}, ${terms.title("channels", shift.channel, spoken)}, ${terms.moment(period.charged_at, spoken)}`],
        ["number", make("code", {}, order.order)],
        ["source", [quote.valid_from ? day(quote.valid_from) : "", this.sourceText(spoken)].filter(Boolean).join(", ")],
      ];
      const shown = lines.filter(([, value]) => value).map(([name, value]) => ({ label: word(name), value }));
      return paperPage({ title: word("title"), lines: shown, note: word(settings.pack.status === "invented" ? "invented" : "note") });
    };
    showPaper(words.receipt, Object.fromEntries(RECEIPT.map((spoken) => [spoken, page(spoken)])), { width: "receipt" });
  }
}

function dayAfter(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
