/* Refunds that wait to be paid. Who asked for one does not pay it. */
import { all, button, field, find, make, say, words } from "./dom.js";
import { read } from "./service.js";
import { answer, facts } from "./terms.js";

/** The part of the page for paying refunds. */
export class PayView {
  constructor(around) {
    Object.assign(this, around);
    this.stage = find("#pay-stage");
    this.clear();
  }

  /** Forgets the list. */
  clear() {
    this.stage.replaceChildren();
  }

  /** Comes to the front with the list. */
  async enter(text = "") {
    this.clear();
    find("#pay h1").focus();
    const found = await this.attempt(() => read("/v1/passes/refunds"));
    if (!found) return;
    this.tell(text);
    if (!found.refunds.length) {
      this.stage.replaceChildren(make("p", {}, words.pay_none));
      return;
    }
    this.stage.replaceChildren(make("ul", { class: "plain rows" }, ...found.refunds.map((one) => this.row(one))));
  }

  row(one) {
    const { terms } = this;
    const what = make(
      "span",
      {},
      make("strong", { class: "price" }, terms.amount(one)),
      ` ${words[`kind_${one.kind}`]} `,
      make("span", { class: "help" }, `${words.asked_at} ${terms.moment(one.asked_at)} `),
      make("code", {}, one.refund),
      one.own ? make("strong", { class: "weak" }, ` ${words.pay_own}`) : null,
    );
    const open = button(words.look, () => this.look(one), { "data-refund": one.refund });
    open.setAttribute("aria-label", `${words.look}: ${terms.amount(one)} ${one.refund}`);
    return make("li", { class: "row" }, what, open);
  }

  look(one) {
    const { terms } = this;
    const amount = terms.amount(one);
    const box = answer(
      one.own ? "no" : one.amount === null ? "unknown" : "open",
      say("refund_amount", { amount }),
      one.own ? make("p", { class: "because" }, words.pay_help) : null,
      one.amount === null ? make("p", { class: "weak" }, words.refund_range_help) : null,
      one.amount === null ? make("p", {}, make("code", {}, one.rule)) : null,
      facts([
        [words.refund, words[`kind_${one.kind}`]],
        [words.why, words[`cause_${one.cause}`] ?? null],
        [words.card, make("code", {}, one.card)],
        [words.asked_at, terms.moment(one.asked_at)],
      ]),
    );
    const why = field(words.why, { maxlength: 200 }, words.why_help);
    const refuse = make("form", { autocomplete: "off" }, why.box, make("button", {}, make("span", {}, words.pay_refuse)));
    refuse.addEventListener("submit", (event) => {
      event.preventDefault();
      const reason = why.control.value.trim();
      if (reason) this.settle(one, "refusal", { reason });
      else this.tell(words.why_wanted, { alert: true });
    });
    const pay = one.own ? null : button(say("pay_now", { amount }), () => this.settle(one, "payment", {}), { enter: true, main: true });
    this.stage.replaceChildren(
      box,
      make("div", { class: "actions" }, ...[pay, button(words.back, () => this.enter(), { escape: true })].filter(Boolean)),
      make("details", {}, make("summary", {}, words.pay_refuse), refuse),
    );
    (pay ?? find("h2", box)).focus();
  }

  async settle(one, act, body) {
    const buttons = all("button", this.stage);
    for (const each of buttons) each.disabled = true;
    const done = await this.send(`/refunds/${encodeURIComponent(one.refund)}/${act}`, body);
    for (const each of buttons) each.disabled = false;
    if (done) await this.enter(act === "payment" ? say("pay_done", { amount: this.terms.money(done.paid) }) : words.pay_refused);
    else find("button[data-enter]", this.stage)?.focus();
  }
}
