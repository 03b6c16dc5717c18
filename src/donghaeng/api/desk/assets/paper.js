/* The form on paper, for when nothing answers: it is in the page already, so it can be printed without the service. */
import { find, local, make, words } from "./dom.js";

const print = () => {
  document.body.dataset.print = "paper";
  window.print();
};
find("#print-paper").addEventListener("click", print);

/** Writes the cases and documents of the pack onto the form, once they are known. */
export function preparePaper({ desk, settings }) {
  const box = (text) => make("li", {}, "☐ ", text);
  const { nothing } = settings.means;
  find("#paper-cases").replaceChildren(...desk.cases.map(({ title }) => box(local(title))));
  const documents = desk.documents.filter(({ code }) => code !== nothing);
  find("#paper-documents").replaceChildren(...documents.map(({ title }) => box(local(title))));
  find("#paper-institution").textContent = settings.institution.name;
  find("#paper-lookup").textContent = settings.lookup.because ? local(settings.lookup.because) : words.paper_lookup;
}
