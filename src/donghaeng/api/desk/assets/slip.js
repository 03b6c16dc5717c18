/* What a patient who showed nothing takes home: paid what, bring what, by when, where. */
import { make, words } from "./dom.js";
import { paperPage, showPaper } from "./papers.js";
import { read } from "./service.js";

/** Shows the slip of a visit in the language that the patient reads, to be printed. */
export async function printSlip(visit, { attempt, tell }) {
  const slip = await attempt(() => read(`/v1/identity/visits/${encodeURIComponent(visit)}/slip`));
  if (!slip) return;
  if (!slip.needed) {
    tell(words.no_slip);
    return;
  }
  const page = (spoken) => () => {
    const { title, lines, note } = slip.pages[spoken];
    const number = { label: words[`slip_visit_${spoken}`] ?? words.slip_visit_en, value: make("code", {}, visit) };
    return paperPage({ title, lines: [...lines, number], note });
  };
  showPaper(words.slip, Object.fromEntries(Object.keys(slip.pages).map((spoken) => [spoken, page(spoken)])));
}
