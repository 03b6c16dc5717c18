/* What somebody takes home, in the language that they read, on the paper that the printer has. */
import { button, find, language, languageNames, make, words } from "./dom.js";

/** Shows a paper to be printed.

    `pages` gives by language what draws it; `width` is the paper that it begins with. */
export function showPaper(title, pages, { width: first = "a6" } = {}) {
  const place = find("#slip");
  const before = document.activeElement;
  const paper = make("div", { class: "paper" });
  const draw = (spoken) => {
    paper.replaceChildren(pages[spoken]());
    paper.lang = spoken;
    for (const one of languages.children) one.setAttribute("aria-pressed", String(one.lang === spoken));
  };
  const languages = make("div", { class: "choices tight", role: "group", "aria-label": words.slip_language });
  Object.keys(pages).forEach((spoken, number) => {
    languages.append(button(languageNames[spoken] ?? spoken, () => draw(spoken), { key: String(number + 1), lang: spoken }));
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
    make("h2", { id: "slip-title", tabindex: "-1" }, title),
    languages,
    widths,
    paper,
    make("div", { class: "actions" }, button(words.print, print, { enter: true, main: true }), button(words.close, close, { escape: true })),
  );
  place.addEventListener("cancel", close, { once: true });
  draw(language in pages ? language : Object.keys(pages)[0]);
  width(first)();
  if (!place.open) place.showModal();
  find(".main", place).focus();
}

/** Makes the content of a paper: a title, what is said of it line by line, and a note below. */
export function paperPage({ title, lines, note }) {
  const list = make("dl", {});
  for (const { label, value } of lines) list.append(make("div", {}, make("dt", {}, label), make("dd", {}, value)));
  return make("article", {}, make("h1", {}, title), list, make("p", {}, note));
}

/** Saves what is known as a file. */
export function saveFile(name, content) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
