/* Names and amounts as the pack has them, and the pieces of which every answer is made. */
import { language, local, make, say, words, writtenDay, writtenNumber } from "./dom.js";
import { shape } from "./shapes.js";

/** The terms of a pack. */
export class Terms {
  constructor(settings, catalogue) {
    Object.assign(this, { settings, catalogue });
  }

  title(group, code, spoken = language) {
    const title = this.catalogue[group][code]?.title;
    return title ? (title[spoken] ?? local(title)) : (code ?? words.unknown_product);
  }

  product = (code, spoken) => this.title("products", code, spoken);
  category = (code, spoken) => this.title("categories", code, spoken);

  /** Writes an amount in the money of the pack. */
  money(amount, spoken = language) {
    const unit = this.settings.unit[spoken] ?? "";
    const number = writtenNumber(amount);
    return spoken === "ko" || !unit ? `${number}${unit}` : `${number} ${unit}`;
  }

  /** Writes an amount that may be a range. */
  amount({ amount, amount_from: from, amount_to: to }) {
    if (amount !== null && amount !== undefined) return this.money(amount);
    if (from === null || from === undefined) return null;
    return say("refund_range", { from: this.money(from), to: this.money(to) });
  }

  /** Writes a moment of the service as its clocks show it. */
  moment(text, spoken = language) {
    const form = { dateStyle: "medium", timeStyle: "short", timeZone: this.settings.zone };
    return new Intl.DateTimeFormat(spoken === "ko" ? "ko-KR" : "en-GB", form).format(new Date(text));
  }

  /** Lists choices out of a group of the catalogue. */
  choices(group, codes = Object.keys(this.catalogue[group])) {
    return codes.map((code) => ({ code, title: this.title(group, code) }));
  }

  /** Names a source with its publisher. */
  source({ source, at }, spoken = language) {
    const known = this.settings.sources[source];
    const text = (one) => one?.[spoken] ?? local(one);
    const title = known ? [text(known.title), text(known.publisher)].filter(Boolean).join(", ") : source;
    return at ? `${title}, ${at}` : title;
  }
}

/** Makes an answer: a word, a shape, a colour, and what belongs to it. */
export function answer(kind, headline, ...parts) {
  return make(
    "div",
    { class: `verdict ${kind}` },
    make("h2", { tabindex: "-1" }, shape(kind), make("span", {}, headline)),
    ...parts.filter(Boolean),
  );
}

/** Writes a first and a last day; one alone where they are the same. */
export const fromTo = (from, to) =>
  from === to ? writtenDay(from, true) : say("from_to", { from: writtenDay(from, true), to: writtenDay(to, true) });

/** Makes a list of names and what they stand for; what is empty is left out. */
export function facts(pairs) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  }
  return list;
}

/** Says why something is refused, and from when on it is not. */
export function refusal(refused) {
  const parts = [make("p", { class: "because" }, local(refused.words) || refused.text)];
  if (refused.opens) parts.push(make("p", { class: "opens" }, say("opens_on", { day: writtenDay(refused.opens, true) })));
  else if (refused.earliest) parts.push(make("p", {}, fromTo(refused.earliest, refused.latest)));
  if (refused.setting) parts.push(make("p", {}, make("code", {}, refused.setting)));
  return parts;
}

/** Says how surely something is known, where that is not from a published text. */
export const howKnown = (kind) =>
  ["inferred", "unknown", "second_hand"].includes(kind) ? make("p", { class: "weak" }, words[`kind_${kind}`]) : null;
