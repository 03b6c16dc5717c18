/* One question, answered by a key, a touch or a few digits. */
import { button, field, local, make, readDay, readMoney, say, words } from "./dom.js";

/* Keys of a long list. */
export const LIST_KEYS = [..."123456789abcdefghijklmnopqrstuvwxyz"];

/** Makes a list of choices with a key each: [{code, title}], and what is done with the one chosen. */
export function choices(list, choose, { label = null, from = 0 } = {}) {
  const box = make("div", { class: "choices", role: "group", "aria-label": label });
  list.forEach(({ code, title, more = null }, place) => {
    const made = button(title, () => choose(code), { key: LIST_KEYS[place + from] ?? null });
    made.dataset.code = String(code);
    if (more) made.append(make("small", {}, more));
    box.append(made);
  });
  return box;
}

/** Makes the element of a question.

    `name` and `input` come from the desk's description of the table; `answer` gets the value, null for "not known". */
export function ask({ name, input, question, answer, unknown = true }) {
  const heading = make("h2", { tabindex: "-1" }, question);
  const box = make("div", { class: "question" }, heading);
  box.dataset.input = name;
  const help = local(input.help);
  if (help) box.append(make("p", { class: "help" }, help));
  const error = make("p", { class: "error", role: "alert" });
  const notKnown = () => button(input.type === "date" ? words.no_day : words.not_known, () => answer(null), { key: "0" });
  const { type } = input;
  if (type === "boolean") {
    const list = [
      { code: true, title: words.yes },
      { code: false, title: words.no },
    ];
    box.append(choices(list, answer, { label: question }));
  } else if (type === "code" && input.codes) {
    box.append(choices(codesOf(input), answer, { label: question }));
  } else if (type === "codes") {
    box.append(several(input, question, answer));
  } else {
    box.append(written(input, question, answer, error), error);
  }
  if (unknown) box.append(make("div", { class: "aside" }, notKnown()));
  return { box, focus: () => (box.querySelector("input[type=text]") ?? heading).focus() };
}

const codesOf = (input) => Object.entries(input.codes).map(([code, title]) => ({ code, title: local(title) }));

/** Several may apply: keys tick, Enter goes on. */
function several(input, question, answer) {
  const chosen = new Set();
  const list = make("div", { class: "choices", role: "group", "aria-label": question });
  const next = button(words.none_of_them, () => answer([...chosen].sort()), { enter: true, main: true });
  codesOf(input).forEach(({ code, title }, place) => {
    const one = button(title, () => {
      if (chosen.has(code)) chosen.delete(code);
      else chosen.add(code);
      one.setAttribute("aria-pressed", String(chosen.has(code)));
      next.lastElementChild.textContent = chosen.size ? words.go_on : words.none_of_them;
    }, { key: LIST_KEYS[place], "aria-pressed": "false", "data-code": code });
    list.append(one);
  });
  return make("div", {}, list, next);
}

/** A day, an amount or a text is typed. */
function written(input, question, answer, error) {
  const numeric = ["date", "integer", "money", "decimal"].includes(input.type);
  const { box, control } = field(
    { date: words.day, money: words.amount }[input.type] ?? words.answer,
    { inputmode: numeric ? "numeric" : null, maxlength: 80, class: "short" },
    { date: words.day_help }[input.type] ?? "",
  );
  const form = make("form", { class: "typed" }, box, make("button", { class: "main" }, make("kbd", { "aria-hidden": "true" }, "Enter"), make("span", {}, words.go_on)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = control.value.trim();
    const value = valueOf(input.type, text);
    if (value !== null) return answer(value);
    error.textContent = { date: words.need_day, money: words.need_money, integer: words.need_money }[input.type] ?? words.need_answer;
    return control.focus();
  });
  return form;
}

function valueOf(type, text) {
  if (text === "") return null;
  if (type === "date") return readDay(text);
  if (type === "money" || type === "integer") return readMoney(text);
  if (type === "decimal") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  return text;
}

/** Says how many questions may still come. */
export const left = (count) => make("p", { class: "help" }, say("left", { n: count }));
