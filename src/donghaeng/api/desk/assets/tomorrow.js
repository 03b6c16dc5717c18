/* Tomorrow's list: who must bring ID, and the message for each. */
import { button, dayIn, field, find, languageNames, local, make, readDay, say, words, writtenDay } from "./dom.js";
import { consider } from "./service.js";

/** The part of the page for a list of appointments. */
export class Tomorrow {
  constructor({ settings, attempt, tell }) {
    Object.assign(this, { settings, attempt, tell });
    this.stage = find("#tomorrow-stage");
    find("#appointments").onsubmit = (event) => {
      event.preventDefault();
      this.ask();
    };
    this.clear();
  }

  /** Forgets the list. */
  clear() {
    find("#expected").value = "";
    this.stage.replaceChildren();
  }

  /** Comes to the front. */
  enter() {
    if (!find("#on").value) find("#on").value = dayIn(this.settings.zone, 1);
    find("#expected").focus();
  }

  /** A line is a chart number, and a time if there is one: "A-17 09:30". */
  lines() {
    const lines = find("#expected").value.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.map((line) => {
      const [, number, time] = /^(.*?)(?:[\s,]+(\d{1,2}:\d{2}))?$/.exec(line);
      return { chart_number: number, ...(time ? { time: time.padStart(5, "0") } : {}) };
    });
  }

  async ask() {
    const on = readDay(find("#on").value.trim());
    const appointments = this.lines();
    if (!on || !appointments.length) {
      this.tell(on ? words.chart_wanted : words.need_day, { alert: true });
      return;
    }
    const { facts, memory_is_complete } = this.settings.institution;
    const body = { on, memory_is_complete, appointments: appointments.map((one) => ({ ...one, facts })) };
    const answer = await this.attempt(() => consider("/v1/identity/appointments", body));
    if (answer) this.show(answer, appointments);
  }

  show({ on, list }, appointments) {
    const count = (bring) => list.filter((one) => one.bring === bring).length;
    const summary = say("tomorrow_summary", { all: list.length, yes: count("yes"), ask: count("ask"), no: count("no") });
    const body = make("tbody");
    for (const one of list) {
      const { chart_number: number, time } = appointments[one.index];
      const cell = make("td", { "data-bring": one.bring }, make("strong", { class: `bring ${one.bring}` }, words[`bring_${one.bring}`]));
      const because = local(one.because) || (one.missing ?? []).slice(0, 2).map(({ question }) => local(question)).join(" ");
      body.append(make("tr", {}, make("td", {}, time ?? ""), make("th", { scope: "row" }, number), cell, make("td", {}, because)));
    }
    const head = make("tr", {}, ...["time", "chart", "bring", "because"].map((name) => make("th", { scope: "col" }, words[name])));
    const table = make("table", {}, make("caption", {}, `${writtenDay(on, true)}. ${summary}`), make("thead", {}, head), body);
    const messages = this.messages(list);
    const print = button(words.print, () => {
      document.body.dataset.print = "tomorrow";
      window.print();
    });
    this.stage.replaceChildren(
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words.tomorrow }, table),
      ...messages,
      make("div", { class: "actions" }, print),
    );
    this.tell(summary);
  }

  /** The texts are the same for everybody of a day: no name and no number stands in them. */
  messages(list) {
    const found = [];
    for (const bring of ["yes", "ask"]) {
      const texts = list.find((one) => one.bring === bring)?.messages;
      if (!texts) continue;
      found.push(make("h2", {}, words[`message_${bring}`]));
      for (const [spoken, text] of Object.entries(texts)) {
        const { box, control } = field(languageNames[spoken] ?? spoken, { tag: "textarea", rows: 3, readonly: true, lang: spoken, "data-message": bring });
        control.value = text;
        const copy = button(words.copy, () => this.copy(control), {});
        copy.setAttribute("aria-label", `${words.copy}: ${languageNames[spoken] ?? spoken}`);
        found.push(make("div", { class: "message" }, box, copy));
      }
    }
    return found;
  }

  async copy(control) {
    control.select();
    try {
      await navigator.clipboard.writeText(control.value);
      this.tell(words.copied);
    } catch {
      this.tell(words.copy_yourself);
    }
  }
}
