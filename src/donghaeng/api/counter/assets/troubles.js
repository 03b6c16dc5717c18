/* What goes wrong with a card: lost, broken, blocked, replaced; and what its holder says went wrong, with the evidence. */
import { button, field, make, readMoney, say, words, writtenDay } from "./dom.js";
import { saveFile } from "./papers.js";
import { choices } from "./questions.js";
import { read } from "./service.js";
import { answer } from "./terms.js";

const STOP_CAUSES = ["lost", "stolen", "defective", "misuse"];
const REPLACE_CAUSES = ["lost", "stolen", "defective"];
/* So much of a hash is enough to tell entries apart; the file has all of it. */
const SHOWN_OF_HASH = 12;

const causes = (codes) => codes.map((code) => ({ code, title: words[`cause_${code}`] }));

/** Services for the card that is served when something is wrong with it. */
export class Troubles {
  constructor(view) {
    this.view = view;
  }

  /** Sends a change of the card, and shows the card as it is then. */
  async change(path, body, text) {
    const { view } = this;
    const { turn } = view;
    const done = await view.busy(() => view.send(view.path(path), body));
    if (!done || turn !== view.turn) return;
    await view.load();
    view.tell(text);
  }

  stop() {
    const { view } = this;
    const list = choices(causes(STOP_CAUSES), (cause) => this.change("/stop", { cause }, words.stop_done), { label: words.stop_cause });
    view.draw(view.heading(words.stop_cause), list, view.back());
  }

  replace() {
    const { view } = this;
    const { pays } = view.status;
    const media = Object.entries(view.catalogue.media).filter(([, one]) => one.pays === pays).map(([code]) => code);
    const chosen = (cause) => {
      const send = (medium) => this.change("/replacement", { medium, cause, agent: view.shift.agent }, words.replace_done);
      const list = view.terms.choices("media", media).map((one) => {
        const price = view.settings.media_prices[one.code];
        return { ...one, more: price ? view.terms.money(price) : null };
      });
      view.draw(view.heading(words.which_medium), choices(list, send, { label: words.which_medium }), view.back());
    };
    view.draw(view.heading(words.replace_cause), choices(causes(REPLACE_CAUSES), chosen, { label: words.replace_cause }), view.back());
  }

  reinstate() {
    this.withReason(words.reinstate, (reason) => this.change("/reinstatement", { reason }, words.reinstate_done));
  }

  lift({ block }) {
    this.withReason(words.lift, (reason) => this.change("/blocks/lift", { block, reason }, words.lift_done));
  }

  block() {
    const days = field(words.block_days, { inputmode: "numeric", maxlength: 3, class: "short" }, words.block_days_help);
    this.withReason(
      words.block,
      (cause) => {
        const text = days.control.value.trim();
        const count = text ? readMoney(text) : null;
        if (text && !count) {
          this.view.tell(words.need_money, { alert: true });
          return;
        }
        const ends = count ? new Date(Date.now() + count * 86_400_000).toISOString() : null;
        this.change("/blocks", { cause, ends }, words.block_done);
      },
      days.box,
    );
  }

  /** Asks why, and does it then. */
  withReason(title, act, ...fields) {
    const { view } = this;
    const why = field(words.why, { maxlength: 200 }, words.why_help);
    const form = make("form", { autocomplete: "off" }, why.box, ...fields, make("button", { class: "main" }, make("span", {}, title)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = why.control.value.trim();
      if (text) act(text);
      else view.tell(words.why_wanted, { alert: true });
    });
    view.draw(view.heading(title), form, view.back());
  }

  // ── claims, with everything that is recorded of the card ──

  async claims() {
    const { view } = this;
    const { turn } = view;
    const found = await view.attempt(() => read(`/v1/passes${view.path("/evidence")}`));
    if (!found || turn !== view.turn) return;
    const items = found.claims.map((one) => {
      const state = `${one.subject} (${words[`claim_state_${one.state}`]})`;
      const decide = one.state === "open" ? button(words.decide, () => this.decide(one), {}) : null;
      return make("li", { class: "row" }, make("span", {}, state, " ", make("code", {}, one.claim)), decide);
    });
    view.draw(
      view.heading(words.claims_here),
      items.length ? make("ul", { class: "plain rows" }, ...items) : make("p", {}, words.claims_none),
      make(
        "div",
        { class: "actions" },
        button(words.claim_open, () => this.openClaim(), { key: "n", main: true }),
        button(words.evidence_save, () => saveFile(`evidence-${view.number}.json`, found), { key: "e" }),
      ),
      this.entries(found.entries),
      view.back(),
    );
  }

  entries(entries) {
    const head = make("tr", {}, ...["when", "what", "hash"].map((name) => make("th", { scope: "col" }, words[`evidence_${name}`])));
    const body = make("tbody");
    for (const one of [...entries].reverse()) {
      body.append(
        make(
          "tr",
          {},
          make("td", {}, this.view.terms.moment(one.recorded_at)),
          make("th", { scope: "row" }, make("code", {}, one.kind)),
          make("td", {}, make("code", {}, one.hash.slice(0, SHOWN_OF_HASH))),
        ),
      );
    }
    const table = make("table", {}, make("caption", {}, words.evidence_title), make("thead", {}, head), body);
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words.evidence_title }, table);
  }

  openClaim() {
    const { view } = this;
    const subject = field(words.claim_subject, { maxlength: 200 }, words.why_help);
    const period = make("select", { id: "claim-period" }, make("option", { value: "" }, words.claim_no_period));
    for (const one of view.status.periods) {
      const text = `${view.terms.product(one.product)}, ${writtenDay(one.starts)} ~ ${writtenDay(one.ends)}`;
      period.append(make("option", { value: one.charge }, text));
    }
    const which = make("div", { class: "field" }, make("label", { for: "claim-period" }, words.claim_period), period);
    const form = make("form", { autocomplete: "off" }, subject.box, which, make("button", { class: "main" }, make("span", {}, words.claim_open)));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = subject.control.value.trim();
      if (!text) {
        view.tell(words.why_wanted, { alert: true });
        return;
      }
      const body = { card: view.number, subject: text, charge: period.value || null };
      const claim = await view.busy(() => view.send("/claims", body));
      if (!claim) return;
      await this.claims();
      view.tell(say("claim_opened", { claim: claim.claim }));
    });
    view.draw(view.heading(words.claim_open), form, view.back());
  }

  decide(claim) {
    const { view } = this;
    const why = field(words.why, { maxlength: 200 }, words.why_help);
    const amount = field(words.decide_amount, { inputmode: "numeric", class: "short" }, words.decide_amount_help);
    const send = async (upheld) => {
      const text = amount.control.value.trim();
      const granted = upheld && text ? readMoney(text) : 0;
      const reason = why.control.value.trim();
      if (!reason || granted === null) {
        view.tell(reason ? words.need_money : words.why_wanted, { alert: true });
        return;
      }
      const done = await view.busy(() => view.send(`/claims/${encodeURIComponent(claim.claim)}/decision`, { upheld, reason, amount: granted }));
      if (!done) return;
      await this.claims();
      view.tell(words.decided);
    };
    const form = make("form", { autocomplete: "off" }, why.box, amount.box);
    form.addEventListener("submit", (event) => event.preventDefault());
    view.draw(
      view.heading(words.decide),
      answer("unknown", claim.subject),
      form,
      make("div", { class: "actions" }, button(words.decide_upheld, () => send(true), { main: true }), button(words.decide_rejected, () => send(false), {})),
      make("div", { class: "aside" }, button(words.back, () => this.claims(), {})),
    );
  }
}
