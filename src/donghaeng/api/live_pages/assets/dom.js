/* Elements, words and days. */

/** Words of the page by key, out of its block of data. */
export const words = JSON.parse(document.getElementById("words").textContent);
export const language = document.documentElement.lang;
/** Languages by the names that they have for themselves. */
export const languageNames = { ko: "한국어", en: "English", ja: "日本語", zh: "中文", vi: "Tiếng Việt" };

/** Gives a phrase with its values filled in. */
export const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
/** Chooses the text of the page's language out of one by language. */
export const local = (text) => (typeof text === "string" ? text : text ? (text[language] ?? text.ko ?? Object.values(text)[0] ?? "") : "");

export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Makes an element; texts go in as texts, and what is null is left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Makes a button; a key shows on it and presses it. */
export function button(text, act, { key = null, enter = false, escape = false, main = false, ...rest } = {}) {
  const hint = key ?? (enter ? "Enter" : escape ? "Esc" : null);
  const made = make(
    "button",
    { type: "button", class: main ? "main" : null, "data-key": key, "data-enter": enter, "data-escape": escape, ...rest },
    hint ? make("kbd", { "aria-hidden": "true" }, hint.length === 1 ? hint.toUpperCase() : hint) : null,
    make("span", {}, text),
  );
  if (hint) made.setAttribute("aria-keyshortcuts", hint === "Esc" ? "Escape" : hint);
  made.addEventListener("click", act);
  return made;
}

/** Makes a labelled field. */
export function field(label, attributes = {}, help = "") {
  const id = attributes.id ?? `field-${(field.count = (field.count ?? 0) + 1)}`;
  const control = make(attributes.tag ?? "input", {
    ...(attributes.tag ? {} : { type: "text" }),
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    ...attributes,
    id,
    tag: null,
    "aria-describedby": help ? `${id}-help` : null,
  });
  const box = make("div", { class: "field" }, make("label", { for: id }, label), control);
  if (help) box.append(make("p", { class: "help", id: `${id}-help` }, help));
  return { box, control };
}

const LOCALES = { ko: "ko-KR", en: "en-GB", zh: "zh-CN", vi: "vi-VN" };
const digits = new Intl.NumberFormat(LOCALES[language]);
/** Writes a whole number. */
export const writtenNumber = (number) => digits.format(number);
/** Writes an amount of won. */
export const writtenMoney = (amount) => say("won", { amount: digits.format(amount) });

/** Writes a day, in the language of the page or another. */
export function writtenDay(day, withWeekday = false, spoken = language) {
  const moment = new Date(`${day}T00:00:00Z`);
  const written = (form) => new Intl.DateTimeFormat(LOCALES[spoken], { timeZone: "UTC", ...form }).format(moment);
  const text = written({ dateStyle: "long" });
  return withWeekday ? `${text} (${written({ weekday: "short" })})` : text;
}

/** Gives the day that it is in a time zone, so many days later. */
export function dayIn(zone, later = 0) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  return parts.format(new Date(Date.now() + later * 86_400_000));
}

/** Reads a day as clerks type it: 19800312, 1980-3-12, 1980.03.12; null where it is none. */
export function readDay(text) {
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? /^(\d{4})[-./ ]+(\d{1,2})[-./ ]+(\d{1,2})\.?$/.exec(text);
  if (!found) return null;
  const day = [found[1], found[2].padStart(2, "0"), found[3].padStart(2, "0")].join("-");
  const moment = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(moment.getTime()) || !moment.toISOString().startsWith(day)) return null;
  return day >= "1900-01-01" && day < "2100-01-01" ? day : null;
}

/** Reads whole won: 12,000 or 12000; null where it is none. */
export function readMoney(text) {
  const plain = text.trim().replace(/(\d),(?=\d{3}(?:\D|$))/g, "$1");
  return /^\d{1,12}$/.test(plain) ? Number(plain) : null;
}
