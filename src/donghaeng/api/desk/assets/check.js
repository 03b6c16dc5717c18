/* One patient at the desk: known here, or a document, or a few questions; then recorded, and forgotten. */
import { all, button, field, find, local, make, readMoney, say, words } from "./dom.js";
import { ask, choices, left } from "./questions.js";
import { Writes, consider } from "./service.js";
import { printSlip } from "./slip.js";
import { saveEvidence } from "./later.js";
import { kindOf, lookAt, showRuling } from "./verdict.js";

const FACTS_OF_A_DOCUMENT = ["medium"];

/** The part of the page for checks. */
export class Check {
  constructor({ settings, desk, attempt, tell }) {
    Object.assign(this, { settings, desk, attempt, tell });
    this.stage = find("#stage");
    this.form = find("#patient");
    this.form.onsubmit = (event) => {
      event.preventDefault();
      const { barcode_prefix: prefix } = settings.institution;
      const typed = find("#chart").value.trim();
      const number = prefix && typed.startsWith(prefix) ? typed.slice(prefix.length) : typed;
      if (number) this.begin(number);
      else this.tell(words.chart_wanted, { alert: true });
    };
    this.clear();
  }

  /** Forgets the patient. */
  clear() {
    this.turn = (this.turn ?? 0) + 1;
    this.number = null;
    this.facts = {};
    this.unknown = new Set();
    this.ruling = null;
    this.visit = null;
    this.writes = new Writes();
    find("#chart").value = "";
    find("#at").value = "";
    this.form.hidden = false;
    this.stage.replaceChildren();
    find("#slip").replaceChildren();
    find("#sheet").replaceChildren();
    find("#said").textContent = "";
  }

  /** Comes to the front. */
  enter() {
    if (this.number === null) find("#chart").focus();
  }

  next() {
    this.clear();
    this.tell("");
    find("#chart").focus();
  }

  /** The time of the visit: now, or that of a paper form. */
  at() {
    const written = find("#at").value;
    return (written ? new Date(written) : new Date()).toISOString();
  }

  body(facts) {
    const { memory_is_complete } = this.settings.institution;
    return { chart_number: this.number, at: this.moment, facts, memory_is_complete };
  }

  /** Facts that hold for everybody here, and those of the first case: nothing shown, as far as the pack says so. */
  given(facts) {
    const all = { ...this.settings.institution.facts, ...facts };
    if (find("#lookup-down").checked) all[this.settings.lookup.fact] = this.settings.lookup.no_answer;
    return all;
  }

  /** Begins with a patient: what is known here may already be enough. */
  async begin(number) {
    const dropped = this.number !== null && this.visit === null;
    const late = find("#at").value;
    this.clear();
    find("#at").value = late;
    this.number = number;
    this.moment = this.at();
    this.form.hidden = true;
    this.tell(dropped ? words.not_recorded : "");
    this.waiting();
    const first = this.desk.cases[0];
    await this.decide(first ? this.given(first.facts) : this.given({}), { first: true });
  }

  waiting() {
    this.stage.replaceChildren(this.bar(), make("p", { class: "waiting" }, words.waiting));
    this.stage.tabIndex = -1;
    this.stage.focus();
  }

  bar() {
    const late = find("#at").value ? make("span", { class: "late" }, ` ${find("#at").value.replace("T", " ")}`) : null;
    return make(
      "div",
      { class: "patient-bar served" },
      make("p", {}, `${words.chart} `, make("strong", {}, this.number), late),
      button(words.next_patient, () => this.next(), { escape: true }),
    );
  }

  /** Asks what comes of these facts, and shows it. */
  async decide(facts, { first = false } = {}) {
    const turn = this.turn;
    this.facts = facts;
    const ruling = await this.attempt(() => consider("/v1/identity/preview", this.body(facts)));
    if (turn !== this.turn) return;
    if (!ruling) {
      this.stage.replaceChildren(this.bar(), button(words.again, () => this.decide(facts, { first }), { enter: true }));
      return;
    }
    this.ruling = ruling;
    const kind = kindOf(ruling, this.settings.results);
    if (first && kind !== "free" && kind !== "no") this.showCases();
    else if (first && kind === "no") this.showRulingAndRecord({ other: true });
    else if (first) this.showRulingAndRecord({ other: true, heading: words.known_here });
    else if (kind === "unknown" && this.open().length) this.showQuestion();
    else this.showRulingAndRecord({ other: true });
  }

  open() {
    return (this.ruling.missing ?? []).filter(({ name }) => !this.unknown.has(name));
  }

  showCases() {
    const cases = make("div", { class: "choices cases", role: "group", "aria-label": words.which_case });
    for (const one of this.desk.cases) {
      cases.append(button(local(one.title), () => this.choose(one.facts), { key: one.key, "data-case": one.id }));
    }
    const others = button(words.other_document, () => this.showDocuments(), { key: "d" });
    const heading = make("h2", { tabindex: "-1" }, words.which_case);
    this.stage.replaceChildren(this.bar(), heading, cases, make("div", { class: "aside" }, others));
    find("#said").textContent = words.which_case;
    heading.focus();
  }

  showDocuments() {
    const { fact, nothing } = this.settings.means;
    const list = this.desk.documents
      .filter(({ code }) => code !== nothing)
      .map(({ code, title }) => ({ code, title: local(title) }));
    const heading = make("h2", { tabindex: "-1" }, words.which_document);
    const common = commonFacts(this.desk.cases);
    const chosen = (code) => this.choose({ ...common, [fact]: code });
    this.stage.replaceChildren(
      this.bar(),
      heading,
      choices(list, chosen, { label: words.which_document }),
      make("div", { class: "aside" }, button(words.back, () => this.showCases(), { key: "0" })),
    );
    heading.focus();
  }

  async choose(facts) {
    this.unknown.clear();
    await this.decide(this.given(facts));
  }

  shown() {
    return this.desk.documents.find(({ code }) => code === this.facts[this.settings.means.fact]);
  }

  showQuestion() {
    const open = this.open();
    const [{ name, question }] = open;
    const input = this.desk.inputs[name] ?? { type: "text" };
    const made = ask({
      name,
      input,
      question: local(question),
      answer: (value) => {
        if (value === null) this.unknown.add(name);
        this.decide(value === null ? { ...this.facts } : { ...this.facts, [name]: value });
      },
    });
    this.stage.replaceChildren(this.bar(), made.box, left(open.length), lookAt(this.shown()) ?? "");
    find("#said").textContent = local(question);
    made.focus();
  }

  showRulingAndRecord({ other, heading = null }) {
    const kind = kindOf(this.ruling, this.settings.results);
    const shown = showRuling(this.ruling, this.settings, { heading: null });
    if (heading) shown.prepend(make("p", { class: "known" }, heading));
    const actions = make("div", { class: "actions" });
    const main = button(kind === "unknown" ? words.record_unknown : words.record, () => this.record(), {
      enter: kind !== "unknown" || !this.ruling.missing?.length,
      main: true,
    });
    actions.append(main);
    if (other) {
      actions.append(button(words.other_case, () => this.showCases(), { key: "c" }));
      actions.append(button(words.other_document, () => this.showDocuments(), { key: "d" }));
    }
    const look = lookAt(this.shown());
    this.stage.replaceChildren(this.bar(), shown, kind === "open" ? this.amounts() : "", actions, look ?? "");
    find("#said").textContent = `${find("h2", shown).textContent}. ${local(this.ruling.title)}`;
    (kind === "unknown" ? find("h2", shown) : main).focus({ preventScroll: true });
    shown.scrollIntoView({ block: "nearest" });
  }

  /** What was paid, for the slip and the later settlement; it may be left out. */
  amounts() {
    const total = field(words.total_charge, { id: "total", inputmode: "numeric", class: "short" });
    const share = field(words.insurer_share, { id: "share", inputmode: "numeric", class: "short" }, words.amounts_help);
    const form = make("form", { class: "amounts" }, total.box, share.box, make("button", { hidden: true }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.record();
    });
    return form;
  }

  async record() {
    if (this.recording) return;
    const body = this.body(this.facts);
    for (const [id, name] of [["#total", "total_charge"], ["#share", "insurer_share"]]) {
      const text = find(id)?.value.trim() ?? "";
      if (!text) continue;
      const amount = readMoney(text);
      if (amount === null) {
        this.tell(words.need_money, { alert: true });
        find(id).focus();
        return;
      }
      body[name] = amount;
    }
    const turn = this.turn;
    this.recording = true;
    for (const one of all("button", this.stage)) one.disabled = true;
    const visit = await this.attempt(() => this.writes.send("/v1/identity/visits", body));
    this.recording = false;
    for (const one of all("button", this.stage)) one.disabled = false;
    if (turn !== this.turn) return;
    if (!visit) {
      find(".actions .main", this.stage)?.focus();
      return;
    }
    this.visit = visit;
    this.showRecorded();
  }

  showRecorded() {
    const { visit } = this;
    const shown = showRuling(visit.ruling, this.settings);
    shown.prepend(make("p", { class: "known" }, say("recorded", { visit: visit.visit })));
    const open = visit.state === "open";
    const next = button(words.next_patient, () => this.next(), { enter: true, main: !open });
    const actions = make("div", { class: "actions" });
    const slip = button(words.slip, () => printSlip(visit.visit, this), { key: "p", main: open });
    actions.append(...(open ? [slip, next] : [next]));
    actions.append(button(words.evidence, () => saveEvidence(visit.visit, this.attempt), { key: "e" }));
    if (visit.lookup_pending) shown.append(make("p", { class: "weak" }, words.lookup_pending));
    this.stage.replaceChildren(this.bar(), shown, actions);
    this.tell("");
    find("#said").textContent = words.recorded_short;
    find("#chart").value = "";
    next.focus({ preventScroll: true });
  }
}

/** Facts that all cases of the pack share: what is the same for whoever comes. */
export function commonFacts(cases) {
  const [first, ...others] = cases.map(({ facts }) => Object.entries(facts));
  const same = (first ?? []).filter(([name, value]) =>
    others.every((facts) => facts.some(([other, one]) => other === name && JSON.stringify(one) === JSON.stringify(value))),
  );
  return Object.fromEntries(same.filter(([name]) => !FACTS_OF_A_DOCUMENT.includes(name)));
}
