/* The form of a decision table: asks what is still needed, one question at a time, and shows the answer with its
   reasons. All words, questions, rules and sources are copied out of the page; the answer is computed by the script
   of the table. Nothing is sent and nothing is kept. */
"use strict";

(() => {
  const box = document.getElementById("form");
  const table = (globalThis.donghaengRules || {})[box ? box.dataset.table : ""];
  if (!box || !table) return;

  const UNDETERMINED = "undetermined";
  const ENGINE_REASONS = ["missing_facts", "unknown_rule", "unknown_value", "no_rule"];
  /* So many rules are shown unfolded in an answer. */
  const MOST_UNFOLDED = 3;
  const FIRST_DAY = "1900-01-01";
  const LAST_DAY = "2100-12-31";

  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = {};
  for (const one of all("[data-word]", find("#form-words").content)) words[one.dataset.word] = one.textContent;
  const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  const stage = find("#form-stage");
  const given = find("#form-given");
  const status = find("#form-status");
  const dayInput = find("#form-day");
  const dayError = find("#form-day-error");

  /* Answers in the order in which they were given: name to value, null where the person does not know. */
  const answers = new Map();
  let changing = null;
  let enough = false;

  // ── elements ──

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const template = (name) => document.getElementById(`ask-${name}`);
  const question = (name) => find("legend", template(name).content).textContent;

  /** Copies a piece of the page without the ids that must stay where they are. */
  function copy(element) {
    const clone = element.cloneNode(true);
    for (const one of [clone, ...all("[id]", clone)]) one.removeAttribute("id");
    return clone;
  }

  // ── figures and days, as the language of the page writes them ──

  const locale = box.dataset.locale;
  const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
  const writtenDay = (day) => days.format(new Date(`${day}T00:00:00Z`));

  function isDay(text) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < FIRST_DAY || text > LAST_DAY) return false;
    const day = new Date(`${text}T00:00:00Z`);
    return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
  }

  // ── what was answered ──

  function labelOf(name, code) {
    const content = template(name).content;
    const option = all("option, input", content).find((one) => one.value === code);
    if (!option) return code;
    return option.localName === "option" ? option.textContent : find(`label[for="${option.id}"]`, content).textContent;
  }

  function writtenAnswer(name, value) {
    if (value === null) return words.not_known;
    const { type } = template(name).dataset;
    if (type === "boolean") return value ? words.yes : words.no;
    if (type === "code") return labelOf(name, value);
    if (type === "codes") return value.length ? value.map((code) => labelOf(name, code)).join(", ") : words.none_of_them;
    if (type === "date") return writtenDay(value);
    const unit = find(".unit", template(name).content);
    return digits.format(value) + (unit ? ` ${unit.textContent}` : "");
  }

  /** Reads the answer out of a question; gives {value} or {error}. */
  function read(form, name) {
    const { type, least, most, places } = template(name).dataset;
    const controls = [...form.elements].filter((one) => one.name === "answer");
    if (type === "codes") {
      const ticked = controls.filter((one) => one.checked).map((one) => one.value);
      if (!ticked.length) return { error: words.need_answer };
      return { value: ticked.filter((code) => code !== "").sort() };
    }
    if (controls[0].type === "radio") {
      const chosen = controls.find((one) => one.checked);
      if (!chosen) return { error: words.need_answer };
      return { value: type === "boolean" ? chosen.value === "true" : chosen.value };
    }
    const text = controls[0].value.trim();
    if (type === "date") {
      if (isDay(text)) return { value: text };
      return { error: words.need_day };
    }
    if (text === "") return { error: words.need_answer };
    if (type === "code") return { value: text };
    const plain = text.replace(/(\d),(?=\d{3}(?:\D|$))/g, "$1").replace(/^[−-]/, "-");
    if (!/^[-+]?(\d+(\.\d*)?|\.\d+)$/.test(plain)) return { error: words.need_number };
    const number = Number(plain);
    if (type !== "decimal" && !Number.isInteger(number)) return { error: words.need_whole };
    const decimals = (plain.split(".")[1] || "").replace(/0+$/, "").length;
    if (type === "decimal" && decimals > Number(places)) return { error: say("need_places", { n: places }) };
    const lowest = least === undefined ? -1e15 : Number(least);
    const highest = most === undefined ? 1e15 : Number(most);
    if (number < lowest || number > highest) {
      const limits = { least: digits.format(lowest), most: digits.format(highest) };
      return { error: say("need_range", limits) };
    }
    return { value: number };
  }

  /** Puts an earlier answer back into its question. */
  function fill(form, name, value) {
    if (value === null || value === undefined) return;
    for (const one of [...form.elements].filter((control) => control.name === "answer")) {
      if (one.type === "checkbox") one.checked = value.length ? value.includes(one.value) : one.value === "";
      else if (one.type === "radio") one.checked = one.value === String(value);
      else one.value = String(value);
    }
  }

  // ── asking ──

  /* The last decision: an answer is tried before it is kept, and then shown. */
  let last = { key: null, answer: null };

  function decide() {
    const facts = {};
    for (const [name, value] of answers) if (value !== null) facts[name] = value;
    const key = JSON.stringify([dayInput.value, facts]);
    if (last.key !== key) last = { key, answer: table.decide(dayInput.value, facts) };
    return last.answer;
  }

  const open = (answer) => answer.missing.filter((name) => !answers.has(name));

  function ask(name, left, how) {
    const form = template(name).content.cloneNode(true).firstElementChild;
    const error = find(".error", form);
    error.id = "form-error";
    fill(form, name, answers.get(name));
    for (const one of all('input[type="checkbox"]', form)) {
      // "None of these" and the others exclude each other.
      one.addEventListener("change", () => {
        if (!one.checked) return;
        for (const other of all('input[type="checkbox"]', form)) {
          if ((one.value === "") !== (other.value === "")) other.checked = false;
        }
      });
    }
    const keep = (value) => {
      const before = new Map(answers);
      answers.set(name, value);
      try {
        decide();
      } catch (failure) {
        answers.clear();
        for (const [key, one] of before) answers.set(key, one);
        return complain(words.refused);
      }
      changing = null;
      enough = false;
      return show("move");
    };
    const complain = (text) => {
      error.textContent = text;
      error.hidden = false;
      for (const one of form.elements) if (one.name === "answer") one.setAttribute("aria-describedby", "form-error");
      firstControl(form).focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const found = read(form, name);
      if (found.error) complain(found.error);
      else keep(found.value);
    });
    find(".unknown", form).addEventListener("click", () => keep(null));
    const note = make("p", { class: "small" }, left ? say("left", { n: digits.format(left) }) : "");
    stage.replaceChildren(form, note);
    if (left > 1 && answers.size) {
      const stop = make("button", { type: "button" }, words.enough);
      stop.addEventListener("click", () => {
        enough = true;
        show("move");
      });
      stage.append(make("p", {}, stop));
    }
    if (how !== "start") status.textContent = `${question(name)} ${note.textContent}`;
    if (how === "move") firstControl(form).focus();
  }

  const firstControl = (form) => find("input:checked, select", form) || find("input", form);

  function listAnswers() {
    given.hidden = answers.size === 0;
    const items = [...answers].map(([name, value]) => {
      const button = make("button", { type: "button" }, words.change);
      button.setAttribute("aria-label", say("change_of", { question: question(name) }));
      button.addEventListener("click", () => {
        changing = name;
        show("move");
      });
      const text = make("span", {}, `${question(name)} `, make("b", {}, writtenAnswer(name, value)));
      return make("li", {}, text, " ", button);
    });
    find("ol", given).replaceChildren(...items);
  }

  // ── the answer ──

  const fields = all("[data-field]", find("#form-fields").content).map((element) => ({
    name: element.dataset.field,
    type: element.dataset.type,
    title: find('[data-word="title"]', element).textContent,
    unit: (find('[data-word="unit"]', element) || {}).textContent,
    codes: Object.fromEntries(all("[data-code]", element).map((one) => [one.dataset.code, one.textContent])),
  }));

  function writtenValue(field, value) {
    if (value === UNDETERMINED && field.name === "result") return words.undetermined;
    if (Array.isArray(value)) {
      return value.filter((one) => one !== null).map((one) => writtenValue(field, one)).join(", ");
    }
    if (typeof value === "boolean") return value ? words.yes : words.no;
    if (field.type === "date") return writtenDay(value);
    if (field.type === "code" || field.type === "codes") return field.codes[value] ?? value;
    const number = digits.format(value);
    return field.unit ? field.unit.replace("{number}", number) : number;
  }

  function writtenField(field, outcome) {
    const value = outcome[field.name];
    const least = outcome[`${field.name}_from`];
    const most = outcome[`${field.name}_to`];
    if ((value === null || value === undefined) && typeof least === "number" && typeof most === "number") {
      return say("range", { least: writtenValue(field, least), most: writtenValue(field, most) });
    }
    if (value === null || value === undefined) return "";
    return writtenValue(field, value);
  }

  const ruleOf = (id) => document.getElementById(`rule-${id}`);

  function linkToRule(id) {
    const row = ruleOf(id);
    if (!row) return make("span", {}, make("code", {}, id));
    return make("a", { href: `#rule-${id}` }, say("rule", { n: find("th", row).textContent.trim() }));
  }

  /** What a rule says: its answer where it is one of several, why, how it is known, where it stands. Many rules are
      folded, except those of which the sources say different things. */
  function explain(id, count, undetermined) {
    const row = ruleOf(id);
    const block = make("div", { class: "reason" });
    if (!row) {
      block.append(make("p", {}, linkToRule(id)));
      return block;
    }
    for (const one of all(".because, .weak-kind, .said, .note", row)) block.append(copy(one));
    block.append(make("p", { class: "small" }, `${words.sources} (`, linkToRule(id), ")"));
    for (const one of all(".where > *", row)) block.append(copy(one));
    if (count === 1 && !undetermined) return block;
    const then = find(".then", row);
    if (count <= MOST_UNFOLDED || find(".said", row)) {
      block.prepend(copy(then));
      return block;
    }
    const text = all("li", then).map((one) => one.textContent.trim()).join(", ");
    return make("details", {}, make("summary", {}, `${text} (${linkToRule(id).textContent})`), block);
  }

  /** The entries of dated values that the rules read on the day. */
  function valuesOf(ids) {
    const names = new Set(ids.flatMap((id) => (ruleOf(id)?.dataset.values || "").split(" ").filter(Boolean)));
    const day = dayInput.value;
    const found = [];
    for (const name of names) {
      const entries = all(`tr[data-value="${name}"]`).filter(
        ({ dataset }) => !dataset.withdrawn && dataset.from <= day && (!dataset.to || day <= dataset.to),
      );
      if (!entries.length) continue;
      const title = document.getElementById(`value-${name}`).textContent;
      const content = copy(find(".content", entries[0]));
      found.push(make("li", {}, make("a", { href: `#value-${name}` }, title), ": ", ...content.childNodes));
    }
    return found;
  }

  function part(heading, ...children) {
    return [make("h4", {}, heading), ...children];
  }

  function showAnswer(answer, how) {
    const undetermined = answer.outcome.result === UNDETERMINED;
    const result = fields.find((field) => field.name === "result");
    const shown = writtenField(result, answer.outcome) || words.none_of_them;
    const headline = say("result_of", { title: result.title, value: shown });
    const heading = make("h3", { tabindex: "-1" }, headline);
    const block = make("div", { class: undetermined ? "outcome open" : "outcome" }, heading);
    block.dataset.answer = JSON.stringify(answer);
    const others = fields.filter((field) => field !== result && writtenField(field, answer.outcome));
    if (others.length) {
      const lines = others.map((field) =>
        make("div", {}, make("dt", {}, field.title), make("dd", {}, writtenField(field, answer.outcome))),
      );
      block.append(make("dl", { class: "facts" }, ...lines));
    }
    if (ENGINE_REASONS.includes(answer.reason)) block.append(make("p", {}, words[answer.reason]));
    if (answer.missing.length) {
      const items = answer.missing.map((name) => make("li", {}, question(name)));
      block.append(...part(words.missing, make("ul", {}, ...items)));
    }
    if (answer.rows.length) {
      const title = undetermined ? words.may : words.why;
      block.append(...part(title, ...answer.rows.map((id) => explain(id, answer.rows.length, undetermined))));
    }
    const values = valuesOf(answer.rows);
    if (values.length) block.append(...part(words.values, make("ul", {}, ...values)));
    block.append(make("p", { class: "small" }, say("as_of", { day: writtenDay(dayInput.value) })));
    stage.replaceChildren(block);
    if (how !== "start") status.textContent = headline;
    if (how === "move") heading.focus();
  }

  /** Shows what comes next: the question that is changed, the next one, or the answer.

      At the "start" the reader is left in peace; where the day changes, focus may "stay"; after an answer it must
      "move", since what had it is gone. */
  function show(how) {
    const valid = isDay(dayInput.value);
    dayError.hidden = valid;
    dayInput.setAttribute("aria-invalid", String(!valid));
    stage.hidden = !valid;
    if (!valid) return;
    const answer = decide();
    const left = open(answer);
    listAnswers();
    if (changing) ask(changing, 0, how);
    else if (answer.outcome.result === UNDETERMINED && left.length && !enough) ask(left[0], left.length, how);
    else showAnswer(answer, how);
  }

  dayInput.addEventListener("change", () => show("stay"));
  find("#form-today").addEventListener("click", () => {
    const now = new Date();
    const parts = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
    dayInput.value = parts.map((one) => String(one).padStart(2, "0")).join("-");
    show("stay");
  });
  find("#form-restart").addEventListener("click", () => {
    answers.clear();
    changing = null;
    enough = false;
    dayInput.value = box.dataset.day;
    show("move");
  });

  find("#form-absent").remove();
  box.hidden = false;
  show("start");
})();
