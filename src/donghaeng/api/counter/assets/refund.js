/* The refund of a period: what comes back and why, and asking for it. Another key pays. */
import { button, local, make, say, words, writtenDay } from "./dom.js";
import { ask, choices } from "./questions.js";
import { consider } from "./service.js";
import { answer, fromTo, howKnown, refusal } from "./terms.js";

const CAUSES = ["other", "lost", "stolen", "defective"];
/* What a service that does not know the use of a period must be told, by its own names. */
const USES = ["used_transit", "bike_days"];

/** Refunds of the card that is served. */
export class Refunding {
  constructor(view) {
    this.view = view;
  }

  /** Lets the period be chosen; the last one first. */
  start() {
    const { view } = this;
    const list = view.status.periods
      .filter(({ state }) => state !== "refunded")
      .sort((one, other) => (one.starts < other.starts ? 1 : -1))
      .map((one) => ({ code: one.charge, title: view.terms.product(one.product), more: fromTo(one.starts, one.ends) }));
    if (list.length === 1) {
      this.cause(list[0].code);
      return;
    }
    const text = list.length ? words.refund_title : words.refund_none;
    const box = choices(list, (charge) => this.cause(charge), { label: text });
    box.classList.add("priced");
    view.draw(view.heading(text), box, view.back());
  }

  cause(charge) {
    const { view } = this;
    const list = CAUSES.map((code) => ({ code, title: words[`cause_${code}`] }));
    const box = choices(list, (cause) => this.quote({ charge, cause }), { label: words.refund_cause });
    view.draw(view.heading(words.refund_cause), box, view.back());
  }

  /** Asks what would come back now; what the service does not know of the use is asked first. */
  async quote(body) {
    const { view } = this;
    const { turn } = view;
    const quote = await view.busy(() => view.attempt(() => consider("/v1/passes/refunds/quote", body)));
    if (!quote || turn !== view.turn) return;
    const missing = quote.refused?.code === "missing-facts" ? quote.refused.missing : [];
    const inputs = view.settings.asked.refund ?? {};
    const wanted = USES.filter((name) => name in inputs && missing.includes(inputs[name].fact) && !(name in body));
    if (wanted.length) this.askUse(body, wanted);
    else this.draw(body, quote);
  }

  /** The use is asked whole: told of the rides alone, the service takes it that there was nothing else. */
  askUse(body, [name, ...others]) {
    const { view } = this;
    const input = view.settings.asked.refund[name];
    const made = ask({
      name,
      input,
      question: local(input.question),
      answer: (value) => {
        const more = { ...body, [name]: value };
        if (others.length) this.askUse(more, others);
        else this.quote(more);
      },
      unknown: false,
    });
    view.draw(made.box, view.back());
    made.focus();
  }

  draw(body, quote) {
    const { view } = this;
    const { terms } = view;
    const { refused } = quote;
    const range = quote.amount === null && quote.amount_from !== null;
    const amount = terms.amount(quote);
    const kind = refused ? "no" : range ? "unknown" : "free";
    const headline = refused && refused.code !== "stop-first" ? words.refund_no : say("refund_amount", { amount: amount ?? "" });
    const day = (name) => (quote[name] ? say(name, { day: writtenDay(quote[name], true) }) : null);
    const because = local(quote.because);
    const lines = [
      words[`cause_${body.cause}`],
      this.price(body.charge),
      quote.used_transit === null ? null : say("refund_used", { amount: terms.money(quote.used_transit) }),
      refused ? null : words[`way_${quote.way}`],
      day("act_by"),
      day("web_claim_by"),
    ];
    const box = answer(
      refused?.code === "stop-first" ? "open" : kind,
      headline,
      ...(refused ? refusal(refused) : []),
      because && !(refused && local(refused.words) === because) ? make("p", { class: "because" }, because) : null,
      range ? make("p", { class: "weak" }, words.refund_range_help) : null,
      howKnown(quote.kind),
      make("ul", {}, ...lines.filter(Boolean).map((text) => make("li", {}, text))),
    );
    box.dataset.result = refused?.code ?? quote.result;
    const parts = [box];
    if (!refused && view.may("desk")) {
      parts.push(make("p", { class: "notice" }, words.refund_final));
      parts.push(make("div", { class: "actions" }, button(words.ask_refund, () => this.ask(body), { enter: true, main: true })));
    } else if (refused?.code === "stop-first") {
      parts.push(make("div", { class: "actions" }, button(words.stop_first, () => this.stop(body), { enter: true, main: true })));
    }
    view.draw(...parts, view.back());
  }

  price(charge) {
    const period = this.view.status.periods.find((one) => one.charge === charge);
    return period ? say("refund_paid", { amount: this.view.terms.money(period.price) }) : null;
  }

  /** Stops the medium as a machine does before a refund, and asks again. */
  async stop(body) {
    const { view } = this;
    const done = await view.busy(() => view.send(view.path("/stop"), { cause: "refund" }));
    if (done) this.quote(body);
  }

  async ask(body) {
    const { view } = this;
    const { turn } = view;
    const refund = await view.busy(() => view.send("/refunds", body));
    if (!refund || turn !== view.turn) return;
    const box = answer(
      "open",
      say("refund_amount", { amount: view.terms.amount(refund) }),
      make("p", { class: "known" }, say("refund_asked", { refund: refund.refund })),
      make("p", {}, words.refund_next),
    );
    box.dataset.refund = refund.refund;
    view.draw(box, make("div", { class: "actions" }, button(words.next_card, () => view.next(), { enter: true, main: true })));
  }
}
