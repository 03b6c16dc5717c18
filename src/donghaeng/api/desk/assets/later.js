/* What comes after a visit: the document brought, the lookup made up for, a stay, a correction, the evidence. */
import { all, button, dayIn, field, find, local, make, readDay, readMoney, say, words, writtenDay } from "./dom.js";
import { saveFile } from "./papers.js";
import { ask, choices } from "./questions.js";
import { Writes, consider, read } from "./service.js";
import { printSlip } from "./slip.js";
import { lookAt, showRefund, showRuling } from "./verdict.js";

const now = () => new Date().toISOString();
const at = (visit) => `/v1/identity/visits/${encodeURIComponent(visit)}`;

/** Saves the evidence of a visit as a file. */
export async function saveEvidence(visit, attempt) {
  const found = await attempt(() => read(`${at(visit)}/evidence`));
  if (!found) return;
  saveFile(`evidence-${visit}.json`, found);
}

/** The part of the page for what is still open. */
export class Later {
  constructor({ settings, desk, attempt, tell }) {
    Object.assign(this, { settings, desk, attempt, tell });
    this.stage = find("#later-stage");
    find("#find-visit").onsubmit = (event) => {
      event.preventDefault();
      this.search(find("#visit-of").value.trim());
    };
    find("#stay").onsubmit = (event) => {
      event.preventDefault();
      this.reportStay();
    };
    find("#to-list").onclick = () => this.enter();
    this.clear();
  }

  /** Forgets what was looked at. */
  clear() {
    this.writes = new Writes();
    find("#visit-of").value = "";
    find("#stay-chart").value = "";
    this.stage.replaceChildren();
  }

  /** Comes to the front with the list. */
  async enter() {
    this.clear();
    find("#later h1").focus();
    const open = await this.attempt(() => read("/v1/identity/open"));
    if (open) this.list(open, words.open_all);
  }

  /** Finds by the chart number, or by the number of a visit as a slip has it. */
  async search(text) {
    if (!text) return this.enter();
    find("#visit-of").value = "";
    if (/^[a-z]{20}$/.test(text)) return this.show(text);
    const open = await this.attempt(() => consider("/v1/desk/open", { chart_number: text }));
    if (!open) return undefined;
    const only = open.deadlines.length === 1 && !open.lookups.length ? open.deadlines[0] : null;
    return only ? this.show(only.visit) : this.list(open, words.open_of);
  }

  list({ deadlines, lookups, review }, title) {
    const rows = (items, how) => make("ul", { class: "plain visits" }, ...items.map((one) => make("li", {}, ...how(one))));
    const go = (visit, text) => button(text, () => this.show(visit), {});
    const parts = [make("h2", {}, title)];
    if (!deadlines.length && !lookups.length && !review?.length) parts.push(make("p", {}, words.nothing_open));
    const part = (heading, items, how) => items?.length && parts.push(make("h3", {}, `${heading} (${items.length})`), rows(items, how));
    part(words.open_deadlines, deadlines, ({ visit, on, bring_by, over }) => [
      make("span", {}, say("visit_of", { day: writtenDay(on) }), " · ", words.bring_by, " ", make("strong", {}, writtenDay(bring_by))),
      over ? make("strong", { class: "over" }, ` ${words.over} `) : " ",
      make("code", {}, visit),
      go(visit, words.look),
    ]);
    const plain = ({ visit, on }) => [make("span", {}, say("visit_of", { day: writtenDay(on) }), " "), make("code", {}, visit), go(visit, words.look)];
    part(words.open_lookups, lookups, plain);
    part(words.open_review, review, plain);
    this.stage.replaceChildren(...parts);
  }

  /** Shows a visit with what can be done now. */
  async show(id) {
    const visit = await this.attempt(() => read(at(id)));
    if (!visit) return;
    const shown = showRuling(visit.ruling, this.settings);
    shown.prepend(make("p", { class: "known" }, say("visit_of", { day: writtenDay(visit.on) }), " ", make("code", {}, id)));
    if (visit.redecided) shown.append(make("p", { class: "weak" }, say("redecided", { n: visit.redecided })));
    const actions = make("div", { class: "actions" });
    const open = visit.state === "open";
    if (open) actions.append(button(words.id_brought, () => this.brought(visit), { key: "i", main: true }));
    if (open) actions.append(button(words.slip, () => printSlip(id, this), { key: "p" }));
    if (visit.lookup_pending) actions.append(button(words.lookup_now, () => this.lookup(visit), { key: "l", main: !open }));
    actions.append(button(words.correct, () => this.correct(visit), { key: "x" }));
    actions.append(button(words.evidence, () => saveEvidence(id, this.attempt), { key: "e" }));
    actions.append(button(words.back_to_list, () => this.enter(), { escape: true }));
    const parts = [shown];
    if (visit.refund) parts.push(make("h2", {}, words.settled), showRefund(visit.refund, this.settings));
    this.stage.replaceChildren(...parts, actions, timeline(visit.timeline ?? []));
    find("h2", this.stage).focus();
  }

  write(path, body) {
    const { at: _, ...same } = body;
    return this.attempt(() => this.writes.send(path, body, same));
  }

  // ── the document is brought ──

  /** The pack's own cases of documents come first, with the keys that they have at the reception. */
  brought(visit) {
    const { fact, nothing } = this.settings.means;
    const cases = make("div", { class: "choices cases", role: "group", "aria-label": words.which_case });
    for (const { key, title, facts } of this.desk.cases) {
      if (!facts[fact] || facts[fact] === nothing) continue;
      const shown = Object.entries(facts).filter(([name]) => name in this.desk.document_inputs);
      cases.append(button(local(title), () => this.judge(visit, Object.fromEntries(shown)), { key }));
    }
    const heading = make("h2", { tabindex: "-1" }, words.which_case);
    const others = button(words.other_document, () => this.otherDocument(visit), { key: "d" });
    this.stage.replaceChildren(heading, cases, make("div", { class: "aside" }, others), this.back(visit));
    heading.focus();
  }

  otherDocument(visit) {
    const { fact, nothing } = this.settings.means;
    const list = this.desk.documents.filter(({ code }) => code !== nothing).map(({ code, title }) => ({ code, title: local(title) }));
    const heading = make("h2", { tabindex: "-1" }, words.which_document);
    const chosen = (code) => this.judge(visit, { [fact]: code });
    this.stage.replaceChildren(heading, choices(list, chosen, { label: words.which_document }), this.back(visit));
    heading.focus();
  }

  back(visit) {
    return make("div", { class: "aside" }, button(words.back, () => this.show(visit.visit), { escape: true }));
  }

  /** Asks what the table of documents needs, without recording anything. */
  async judge(visit, facts, unknown = new Set()) {
    const path = `/v1/decide/${visit.ruling.pack}/${this.desk.tables.document}`;
    const answer = await this.attempt(() => consider(path, { on: dayIn(this.settings.zone), facts }));
    if (!answer) return;
    const name = answer.missing.find((one) => !unknown.has(one));
    if (name === undefined) {
      this.pay(visit, facts);
      return;
    }
    const input = this.desk.document_inputs[name];
    const made = ask({
      name,
      input,
      question: local(input.question),
      answer: (value) => {
        if (value === null) unknown.add(name);
        this.judge(visit, value === null ? facts : { ...facts, [name]: value }, unknown);
      },
    });
    const shown = this.desk.documents.find(({ code }) => code === facts[this.settings.means.fact]);
    this.stage.replaceChildren(made.box, lookAt(shown) ?? "", this.back(visit));
    made.focus();
  }

  /** Asks for the receipt and the amounts; then it is recorded, and the refund shown. */
  pay(visit, facts) {
    const total = field(words.total_charge, { inputmode: "numeric", class: "short", value: visit.total_charge ?? null });
    const share = field(words.insurer_share, { inputmode: "numeric", class: "short", value: visit.insurer_share ?? null }, words.amounts_help);
    const heading = make("h2", { tabindex: "-1" }, words.receipt_question);
    const settle = async (receipt) => {
      const body = { at: now(), facts, receipt_shown: receipt };
      for (const [name, { control }] of [["total_charge", total], ["insurer_share", share]]) {
        if (!control.value.trim()) continue;
        body[name] = readMoney(control.value);
        if (body[name] === null) {
          this.tell(words.need_money, { alert: true });
          control.focus();
          return;
        }
      }
      const done = await this.write(`${at(visit.visit)}/identity`, body);
      if (done) this.settled(done);
    };
    const form = make("form", { class: "amounts" }, total.box, share.box);
    form.addEventListener("submit", (event) => event.preventDefault());
    const answers = make("div", { class: "actions" });
    answers.append(button(words.receipt_yes, () => settle(true), { key: "1", main: true }));
    answers.append(button(words.receipt_no, () => settle(false), { key: "2" }));
    this.stage.replaceChildren(heading, form, answers, this.back(visit));
    heading.focus();
  }

  settled({ document: judged, refund, visit }) {
    const shown = showRefund(refund, this.settings);
    const accepted = this.settings.results.accepted.includes(judged.result);
    shown.prepend(make("p", { class: "known" }, `${local(judged.title)}: ${local(judged.because)}`));
    const actions = make("div", { class: "actions" });
    actions.append(button(words.back_to_list, () => this.enter(), { enter: true, main: true }));
    actions.append(button(words.evidence, () => saveEvidence(visit.visit, this.attempt), { key: "e" }));
    shown.dataset.accepted = String(accepted);
    this.stage.replaceChildren(shown, actions);
    find("h2", shown).focus();
  }

  // ── the lookup is made up for ──

  lookup(visit) {
    const { fact, no_answer } = this.settings.lookup;
    const input = this.desk.inputs[fact];
    const list = Object.entries(input.codes).filter(([code]) => code !== no_answer).map(([code, title]) => ({ code, title: local(title) }));
    const heading = make("h2", { tabindex: "-1" }, local(input.question));
    const done = async (result) => {
      if (await this.write(`${at(visit.visit)}/lookup`, { at: now(), result })) this.show(visit.visit);
    };
    this.stage.replaceChildren(heading, choices(list, done, { label: local(input.question) }), this.back(visit));
    heading.focus();
  }

  // ── corrections and stays ──

  correct(visit) {
    const known = Object.entries(this.desk.inputs).filter(([name]) => !(this.desk.from_records ?? []).includes(name) || name === "birth_date");
    const list = known.map(([name, input]) => ({ code: name, title: local(input.question) }));
    const heading = make("h2", { tabindex: "-1" }, words.what_was_wrong);
    this.stage.replaceChildren(heading, choices(list, (name) => this.corrected(visit, name), { label: words.what_was_wrong }), this.back(visit));
    heading.focus();
  }

  corrected(visit, name) {
    const input = this.desk.inputs[name];
    const why = field(words.why, { maxlength: 200 }, words.why_help);
    const made = ask({
      name,
      input,
      question: local(input.question),
      answer: async (value) => {
        if (!why.control.value.trim()) {
          this.tell(words.why_wanted, { alert: true });
          why.control.focus();
          return;
        }
        const body = { at: now(), why: why.control.value.trim(), facts: { [name]: value } };
        if (await this.write(`${at(visit.visit)}/correction`, body)) this.show(visit.visit);
      },
    });
    this.stage.replaceChildren(why.box, made.box, this.back(visit));
    why.control.focus();
  }

  async reportStay() {
    const chart = find("#stay-chart").value.trim();
    const day = readDay(find("#stay-day").value.trim() || dayIn(this.settings.zone));
    if (!chart || !day) {
      this.tell(chart ? words.need_day : words.chart_wanted, { alert: true });
      find(chart ? "#stay-day" : "#stay-chart").focus();
      return;
    }
    const event = all('input[name="stay"]').find(({ checked }) => checked).value;
    const done = await this.write("/v1/identity/stays", { chart_number: chart, at: now(), event, day });
    if (!done) return;
    find("#stay-chart").value = "";
    this.tell(say("stay_recorded", { n: done.redecided.length }));
  }
}


function timeline(entries) {
  if (entries.length < 2) return "";
  const items = entries.map(({ kind, at: moment, result, before }) =>
    make("li", {}, `${moment.slice(0, 16).replace("T", " ")} `, make("code", {}, kind), before ? ` ${before} → ${result}` : ""),
  );
  return make("details", {}, make("summary", {}, words.timeline), make("ol", {}, ...items));
}
