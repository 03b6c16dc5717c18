/* What came of a case: a word, a shape, a colour, the reason, the day, and where the rule stands. */
import { dayIn, language, local, make, say, words, writtenDay, writtenMoney } from "./dom.js";
import { shape } from "./shapes.js";

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
