/* What came of a case: a word, a shape, a colour, the reason, the day, and where the rule stands. */
import { dayIn, language, local, make, say, words, writtenDay, writtenMoney } from "./dom.js";

/* Shapes that differ without colour: a ring, a triangle, a cross, a question mark. */
const SHAPES = {
  free: "M24 6a18 18 0 1 0 0 36 18 18 0 0 0 0-36zm0 6a12 12 0 1 1 0 24 12 12 0 0 1 0-24z",
  open: "M24 5 45 42H3zm0 12L13 36h22z",
  no: "M10 5 24 19 38 5l5 5-14 14 14 14-5 5-14-14-14 14-5-5 14-14L5 10z",
  unknown: "M20 34h8v8h-8zm-7-18C13 8 18 5 24 5s12 4 12 11c0 6-8 8-8 15h-8c0-9 8-11 8-15 0-3-2-4-4-4s-4 1-4 4z",
};

/** Draws the shape of a kind of answer. */
export function shape(kind) {
  const SVG = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["viewBox", "0 0 48 48"], ["aria-hidden", "true"], ["class", "shape"]]) {
    drawing.setAttribute(name, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[kind]);
  drawing.append(path);
  return drawing;
}

/** Says what a result means to the desk: covered, paid today and settled later, not covered, or not known yet. */
export function kindOf(ruling, results) {
  if (results.free.includes(ruling.result)) return "free";
  if (results.open.includes(ruling.result)) return "open";
  return ruling.result === "undetermined" ? "unknown" : "no";
}

function citation(cited, sources) {
  const source = sources[cited.source];
  const text = [source ? local(source.title) : cited.source, cited.at].filter(Boolean).join(", ");
  return make("li", {}, text, source ? make("span", { class: "help" }, ` ${local(source.publisher)}`) : null);
}

/* A rule may cite one text twice, for two things that it says. */
const cited = (list, sources) => {
  const once = new Map(list.map((one) => [`${one.source} ${one.at ?? ""}`, one]));
  return make("ul", { class: "cited" }, ...[...once.values()].map((one) => citation(one, sources)));
};

/** Makes the element of a ruling. */
export function showRuling(ruling, settings, { heading = null } = {}) {
  const kind = kindOf(ruling, settings.results);
  const headline = make("h2", { tabindex: "-1" }, shape(kind), make("span", {}, heading ?? words[`verdict_${kind}`]));
  const box = make("div", { class: `verdict ${kind}` }, headline);
  box.dataset.result = ruling.result;
  box.dataset.reason = ruling.reason ?? "";
  const title = ruling.result === "undetermined" ? "" : local(ruling.title);
  if (title) box.append(make("p", { class: "result" }, title));
  if (ruling.bring_by) {
    const left = Math.round((Date.parse(ruling.bring_by) - Date.parse(dayIn(settings.zone))) / 86_400_000);
    const how = left < 0 ? words.over : left === 0 ? words.today : say("days_left", { n: left });
    box.append(
      make("p", { class: "by" }, words.bring_by, " ", make("strong", {}, writtenDay(ruling.bring_by, true)), ` ${how}`),
    );
  }
  const because = local(ruling.because);
  if (because) box.append(make("p", { class: "because" }, because));
  if (ruling.kind && ["inferred", "unknown", "second_hand"].includes(ruling.kind)) {
    box.append(make("p", { class: "weak" }, words[`kind_${ruling.kind}`]));
  }
  if (kind === "unknown" && ruling.missing?.length) {
    const items = ruling.missing.map(({ question }) => make("li", {}, local(question)));
    box.append(make("p", { class: "ask-next" }, words.ask_next), make("ul", {}, ...items));
  }
  box.append(...reasons(ruling, settings));
  return box;
}

/** The rule of that day, and what sources say where they differ. */
function reasons(ruling, settings) {
  const found = [];
  for (const { says, cite } of ruling.statements ?? []) {
    found.push(make("p", { class: "said" }, local(says)), cited(cite ?? [], settings.sources));
  }
  if (ruling.citations?.length) {
    const on = ruling.on ? say("rule_of", { day: writtenDay(ruling.on) }) : words.rule;
    found.push(make("p", { class: "rule" }, on), cited(ruling.citations, settings.sources));
  }
  return found;
}

/** Makes the element of a refund, to the won. */
export function showRefund(refund, settings) {
  const { results, amount } = settings;
  const back = refund.outcome?.[amount] ?? refund.amount;
  const paid = results.refunded.includes(refund.result) && typeof back === "number";
  const ended = results.closed.includes(refund.result);
  const kind = paid ? "free" : ended ? "no" : refund.result === "undetermined" ? "unknown" : "open";
  const headline = paid ? say("pay_back", { amount: writtenMoney(back) }) : words[`refund_${kind}`];
  const box = make("div", { class: `verdict ${kind}` });
  box.dataset.result = refund.result;
  box.dataset.amount = back ?? "";
  box.append(make("h2", { tabindex: "-1" }, shape(kind), make("span", {}, headline)));
  const title = refund.result === "undetermined" ? "" : local(refund.title);
  if (title) box.append(make("p", { class: "result" }, title));
  const share = refund.own_share ?? refund.outcome?.own_share;
  if (paid && typeof share === "number") box.append(make("p", {}, say("own_share", { amount: writtenMoney(share) })));
  if (refund.because) box.append(make("p", { class: "because" }, local(refund.because)));
  if (kind === "unknown" && refund.missing?.length) {
    box.append(make("p", { class: "ask-next" }, words.ask_next));
    box.append(make("ul", {}, ...refund.missing.map(({ question }) => make("li", {}, local(question)))));
  }
  box.append(...reasons(refund, settings));
  return box;
}

/** What to look at in what is shown, in the page's language. */
export function lookAt(document_) {
  if (!document_?.look_at?.length) return null;
  const items = document_.look_at.map((text) => make("li", {}, text[language] ?? local(text)));
  return make("div", { class: "look" }, make("h3", {}, say("look_at", { what: local(document_.title) })), make("ul", {}, ...items));
}
