/* What a patient who showed nothing takes home: paid what, bring what, by when, where. Drawn for paper only. */
import { button, find, language, make, words } from "./dom.js";
import { read } from "./service.js";

const NAMES = { ko: "한국어", en: "English", zh: "中文", vi: "Tiếng Việt" };

/** Shows the slip of a visit in the language that the patient reads, to be printed. */
export async function printSlip(visit, { attempt, tell }) {
  const slip = await attempt(() => read(`/v1/identity/visits/${encodeURIComponent(visit)}/slip`));
  if (!slip) return;
  if (!slip.needed) {
    tell(words.no_slip);
    return;
  }
  const place = find("#slip");
  const before = document.activeElement;
  const paper = make("div", { class: "paper" });
  const draw = (spoken) => {
    paper.replaceChildren(page(slip, spoken, visit));
    paper.lang = spoken;
    for (const one of languages.children) one.setAttribute("aria-pressed", String(one.lang === spoken));
  };
  const languages = make("div", { class: "choices tight", role: "group", "aria-label": words.slip_language });
  Object.keys(slip.pages).forEach((spoken, number) => {
    languages.append(button(NAMES[spoken] ?? spoken, () => draw(spoken), { key: String(number + 1), lang: spoken }));
  });
  const close = () => {
    place.replaceChildren();
    find("#sheet").replaceChildren();
    place.close();
    before?.focus?.();
  };
  // A dialog takes no page size of its own, so what is printed stands beside it.
  const print = () => {
    const sheet = find("#sheet");
    sheet.dataset.width = place.dataset.width;
    sheet.replaceChildren(paper.cloneNode(true));
    document.body.dataset.print = "slip";
    window.print();
  };
  const width = (name) => () => {
    place.dataset.width = name;
    for (const one of widths.children) one.setAttribute("aria-pressed", String(one.dataset.width === name));
  };
  const widths = make("div", { class: "choices tight", role: "group", "aria-label": words.slip_width });
  widths.append(button("A6", width("a6"), { key: "6", "data-width": "a6" }));
  widths.append(button(words.receipt_width, width("receipt"), { key: "8", "data-width": "receipt" }));
  place.replaceChildren(
    make("h2", { id: "slip-title", tabindex: "-1" }, words.slip),
    languages,
    widths,
    paper,
    make("div", { class: "actions" }, button(words.print, print, { enter: true, main: true }), button(words.close, close, { escape: true })),
  );
  place.addEventListener("cancel", close, { once: true });
  draw(language in slip.pages ? language : Object.keys(slip.pages)[0]);
  width("a6")();
  if (!place.open) place.showModal();
  find(".main", place).focus();
}

function page(slip, spoken, visit) {
  const { title, lines, note } = slip.pages[spoken];
  const list = make("dl", {});
  for (const { label, value } of lines) list.append(make("div", {}, make("dt", {}, label), make("dd", {}, value)));
  list.append(make("div", {}, make("dt", {}, words[`slip_visit_${spoken}`] ?? words.slip_visit_en), make("dd", {}, make("code", {}, visit))));
  return make("article", {}, make("h1", {}, title), list, make("p", {}, note));
}
