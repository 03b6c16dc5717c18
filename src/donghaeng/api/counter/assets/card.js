/* One card at the counter: what it may do, the recharge that is usual for it, and everything else. */
import { all, button, find, local, make, say, words, writtenDay } from "./dom.js";
import { Troubles } from "./troubles.js";
import { Person } from "./person.js";
import { choices } from "./questions.js";
import { Refunding } from "./refund.js";
import { Sale } from "./sale.js";
import { consider, read } from "./service.js";
import { answer, facts, fromTo, refusal } from "./terms.js";

/** The part of the page for cards. */
export class CardView {
  constructor(around) {
    Object.assign(this, around, { around });
    this.stage = find("#card-stage");
    find("#find-card").onsubmit = (event) => {
      event.preventDefault();
      const { card_prefix: prefix } = this.settings.counter;
      const typed = find("#number").value.trim();
      const number = prefix && typed.startsWith(prefix) ? typed.slice(prefix.length) : typed;
      if (number) this.begin(number);
      else this.tell(words.number_wanted, { alert: true });
    };
    find("#new-card").onclick = () => this.issue();
    this.sale = new Sale(this);
    this.person = new Person(this);
    this.troubles = new Troubles(this);
    this.refunding = new Refunding(this);
    this.clear();
  }

  /** Forgets the card. */
  clear() {
    this.turn = (this.turn ?? 0) + 1;
    this.number = null;
    this.status = null;
    this.cardPrice = 0;
    find("#number").value = "";
    find("#find-card").hidden = false;
    find("#beside-card").hidden = false;
    this.stage.replaceChildren();
    find("#slip").replaceChildren();
    find("#sheet").replaceChildren();
    find("#said").textContent = "";
    this.showShift();
  }

  /** Comes to the front. */
  enter() {
    if (this.number === null) find("#number").focus();
    if (this.number === null && !this.shift.channel && this.may("seller", "desk")) this.askWhere();
  }

  /** Leaves the card for the next customer; a sale whose answer never came is not forgotten silently. */
  next() {
    const unanswered = this.sale.unanswered();
    this.clear();
    this.tell(unanswered ? words.dropped : "", { alert: unanswered });
    find("#number").focus();
  }

  /** Shows something of the card that is served. */
  draw(...parts) {
    this.stage.replaceChildren(this.bar(), ...parts.filter(Boolean));
    this.tell("");
    const heading = find("h2", this.stage);
    find("#said").textContent = heading?.textContent ?? "";
    const first = find("input[type=text]", this.stage) ?? find("button[data-enter]", this.stage) ?? heading;
    first?.focus({ preventScroll: true });
  }

  bar() {
    const card = this.number ? [`${words.card} `, make("strong", { class: "card-number" }, this.number)] : [words.new_card];
    return make("div", { class: "served" }, make("p", {}, ...card), button(words.next_card, () => this.next(), { escape: true }));
  }

  heading(text) {
    return make("h2", { tabindex: "-1" }, text);
  }

  back() {
    return make("div", { class: "aside" }, button(words.back, () => this.showStatus(), { key: "0" }));
  }

  path(rest = "") {
    return `/cards/${encodeURIComponent(this.number)}${rest}`;
  }

  // ── where this counter sells ──

  showShift() {
    const { channel, agent } = this.shift;
    find("#shift").replaceChildren(
      make("p", {}, channel ? say("where_now", { where: this.terms.title("channels", channel) }) : words.where),
      agent ? make("p", {}, say("agent_now", { agent })) : "",
      button(words.change_where, () => this.askWhere(), {}),
    );
  }

  /** Asks where it sells, and then goes on. */
  askWhere(then = () => this.next()) {
    const list = choices(this.terms.choices("channels"), (code) => {
      this.shift.channel = code;
      this.shift.facts = {};
      this.showShift();
      then();
    }, { label: words.where });
    this.stage.replaceChildren(this.heading(words.where), list);
    find("h2", this.stage).focus();
  }

  // ── one card ──

  /** Begins with a card. */
  async begin(number) {
    const unanswered = this.sale.unanswered();
    this.clear();
    this.number = number;
    find("#find-card").hidden = true;
    find("#beside-card").hidden = true;
    this.stage.replaceChildren(this.bar(), make("p", { class: "waiting" }, words.waiting));
    this.tell("");
    await this.load();
    if (unanswered) this.tell(words.dropped, { alert: true });
  }

  /** Asks how the card stands, and what its usual recharge would be; then shows both. */
  async load() {
    const { turn } = this;
    const status = await this.attempt(() => read(`/v1/passes${this.path()}`));
    if (turn !== this.turn) return;
    if (!status) {
      this.stage.replaceChildren(this.bar(), button(words.again, () => this.load(), { enter: true, main: true }));
      find("button[data-enter]", this.stage).focus();
      return;
    }
    this.status = status;
    this.usual = null;
    const product = this.usualProduct();
    if (product && status.state !== "closed" && this.may("seller")) {
      const asked = { product, card: this.number };
      this.usual = (await this.attempt(() => consider("/v1/passes/quotes", asked))) ?? null;
      if (turn !== this.turn) return;
    }
    this.showStatus();
  }

  /** What the card was charged with last; of a new card, what the pack lists first. */
  usualProduct() {
    const { products } = this.catalogue;
    const last = [...this.status.periods].sort((one, other) => (one.charged_at < other.charged_at ? 1 : -1))[0];
    if (last && products[last.product]?.pays === this.status.pays) return last.product;
    return this.productsOf(this.status)[0];
  }

  productsOf({ pays, medium: { kind } }) {
    return Object.entries(this.catalogue.products)
      .filter(([, one]) => one.pays === pays && one.media.includes(kind))
      .map(([code]) => code);
  }

  showStatus() {
    const { status, usual } = this;
    const parts = [this.statusBox()];
    if (usual) parts.push(this.offer(usual));
    parts.push(this.others());
    if (status.periods.length) parts.push(this.periods());
    this.draw(...parts);
  }

  statusBox() {
    const { status, terms } = this;
    const { period } = status;
    const lines = [];
    if (status.usable) {
      const left = status.days_left === 1 ? words.last_use_day : say("days_left", { n: status.days_left });
      lines.push(make("p", { class: "big-line" }, left));
    } else {
      lines.push(make("p", { class: "because" }, local(status.words)));
      if (status.reason === "not_started") lines.push(make("p", { class: "big-line" }, say("starts_on", { day: writtenDay(period.starts, true) })));
    }
    if (period) lines.push(make("p", { class: "result" }, terms.product(period.product)));
    if (period) lines.push(make("p", { class: "dates" }, fromTo(period.starts, period.ends)));
    if (status.usable) lines.push(make("p", { class: "help" }, say("closes_at", { at: terms.moment(period.closes_at) })));
    const box = answer(status.usable ? "free" : "no", status.usable ? words.usable : words.not_usable, ...lines);
    box.dataset.reason = status.reason;
    const proof =
      status.category_verified === null
        ? ""
        : status.category_verified
          ? status.verify_by && `, ${say("verified_until", { day: writtenDay(status.verify_by) })}`
          : `, ${words.category_lapsed}`;
    box.append(
      facts([
        [words.category_now, `${terms.category(status.category)}${proof || ""}`],
        [words.medium_state, `${terms.title("media", status.medium.kind)}, ${this.mediumState()}`],
        [words.registered_label, status.state === "closed" ? words.card_closed : status.registered ? words.registered_yes : words.registered_no],
      ]),
    );
    for (const block of status.blocks) {
      const when = { from: terms.moment(block.starts), to: block.ends ? terms.moment(block.ends) : "" };
      const text = say(block.ends ? "blocked_until" : "blocked_open", when);
      const lift = this.may("desk") ? button(words.lift, () => this.troubles.lift(block), { key: "l" }) : null;
      box.append(make("div", { class: "row" }, make("p", {}, make("strong", {}, text)), lift));
    }
    return box;
  }

  mediumState() {
    const { state, cause } = this.status.medium;
    return cause && state !== "active" ? `${words[`medium_${state}`]} (${words[`cause_${cause}`] ?? cause})` : words[`medium_${state}`];
  }

  /** Offers the usual recharge, or says from when on it can be had. */
  offer(quote) {
    if (quote.refused) {
      const box = answer("open", words.not_now, make("p", { class: "result" }, this.terms.product(quote.product)), ...refusal(quote.refused));
      box.dataset.refused = quote.refused.code;
      return box;
    }
    const name = say(this.status.periods.length ? "recharge" : "charge", { product: this.terms.product(quote.product) });
    const amount = this.terms.amount(quote);
    const main = button(name, () => this.sale.start(quote.product), { enter: true, main: true, "data-product": quote.product });
    if (amount) main.append(make("span", { class: "price" }, amount));
    return make("div", { class: "actions offer" }, main);
  }

  others() {
    const { status } = this;
    const open = status.state !== "closed";
    const desk = this.may("desk");
    const list = [
      ["s", words.other_product, () => this.sale.choose(), open && this.may("seller")],
      ["r", words.refund, () => this.refunding.start(), this.settings.has_refunds && status.periods.length > 0],
      ["g", words.register, () => this.person.register(), desk && open && !status.registered],
      ["c", words.category, () => this.person.category(), desk && open],
      ["x", words.stop, () => this.troubles.stop(), open && status.medium.state === "active"],
      ["i", words.reinstate, () => this.troubles.reinstate(), desk && open && status.medium.state === "stopped"],
      ["m", words.replace, () => this.troubles.replace(), desk && open],
      ["b", words.block, () => this.troubles.block(), desk && open],
      ["e", words.claim, () => this.troubles.claims(), desk],
    ];
    const box = make("div", { class: "choices others", role: "group", "aria-label": words.more });
    for (const [key, text, act, fits] of list) if (fits) box.append(button(text, act, { key, "data-act": key }));
    return box;
  }

  periods() {
    const { periods } = this.status;
    const lines = periods.map((one) =>
      make("li", {}, `${this.terms.product(one.product)}, ${fromTo(one.starts, one.ends)}, ${this.terms.money(one.price)}, ${words[`state_${one.state}`]}`),
    );
    return make("details", {}, make("summary", {}, say("periods_before", { n: periods.length })), make("ul", {}, ...lines));
  }

  // ── a new card ──

  issue() {
    if (!this.shift.channel) {
      this.askWhere(() => this.issue());
      return;
    }
    this.clear();
    find("#find-card").hidden = true;
    find("#beside-card").hidden = true;
    const list = Object.keys(this.catalogue.media).map((code) => {
      const price = this.settings.media_prices[code];
      return { code, title: this.terms.title("media", code), more: price ? this.terms.money(price) : null };
    });
    this.draw(this.heading(words.which_medium), choices(list, (code) => this.give(code), { label: words.which_medium }));
  }

  async give(medium) {
    const { turn } = this;
    const { channel, agent } = this.shift;
    const body = { medium, channel, pays: this.catalogue.media[medium].pays, agent };
    const card = await this.busy(() => this.send("/cards", body));
    if (!card || turn !== this.turn) return;
    this.number = card.card;
    this.cardPrice = this.settings.media_prices[medium];
    await this.load();
    this.tell(say("given", { card: card.card }));
    if (this.status) this.sale.choose();
  }

  /** Does something that must not be pressed twice. */
  async busy(act) {
    const buttons = all("button:not(:disabled)", this.stage);
    const before = document.activeElement;
    for (const one of buttons) one.disabled = true;
    try {
      return await act();
    } finally {
      for (const one of buttons) one.disabled = false;
      if (before?.isConnected) before.focus({ preventScroll: true });
    }
  }
}
