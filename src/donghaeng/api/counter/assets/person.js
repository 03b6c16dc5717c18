/* Who holds a card: registered to an account, and proved for a discount. What is shown for it is used and not kept. */
import { button, field, local, make, say, words } from "./dom.js";
import { ask, choices } from "./questions.js";
import { Problem } from "./service.js";

/** Registration and categories of the card that is served. */
export class Person {
  constructor(view) {
    this.view = view;
  }

  register() {
    const { view } = this;
    const account = field(words.account, { maxlength: 100 }, words.account_help);
    const form = make("form", { autocomplete: "off" }, account.box, make("button", { class: "main" }, make("span", {}, words.register)));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = account.control.value.trim();
      if (!name) {
        view.tell(words.account_wanted, { alert: true });
        return;
      }
      const done = await view.busy(() => view.send(view.path("/registration"), { account: name }));
      if (!done) return;
      await view.load();
      view.tell(words.registered_done);
    });
    view.draw(view.heading(words.register), form, view.back());
  }

  category() {
    const { view } = this;
    const list = view.terms.choices("categories").filter(({ code }) => this.canHave(code) && code !== view.status.category);
    view.draw(
      view.heading(words.which_category),
      make("p", { class: "help" }, words.proof_not_kept),
      choices(list, (code) => this.prove(code), { label: words.which_category }),
      view.back(),
    );
  }

  /** A category that some product with several is sold to. */
  canHave(code) {
    const { products } = this.view.catalogue;
    return Object.values(products).some((one) => one.categories.length > 1 && one.categories.includes(code));
  }

  /** Asks the service, then whatever it says is missing; "not known" leaves the answer to the service. */
  async prove(category, told = {}, unknown = new Set()) {
    const { view } = this;
    const { turn } = view;
    let missing = null;
    const done = await view.busy(() =>
      view.attempt(async () => {
        try {
          return await view.writes.send(`/v1/passes${view.path("/category")}`, { category, facts: told });
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== "missing-facts") throw error;
          missing = error;
          return null;
        }
      }),
    );
    if (turn !== view.turn) return;
    if (missing) {
      const inputs = view.settings.asked.eligibility ?? {};
      const name = (missing.details.missing ?? "").split(", ").find((one) => one in inputs && !unknown.has(one));
      if (name) this.askProof(category, told, unknown, name, inputs[name]);
      else view.tell(missing.told, { alert: true });
      return;
    }
    if (!done) return;
    const text = view.catalogue.categories[category].verified ? "category_done" : "category_left";
    await view.load();
    view.tell(say(text, { category: view.terms.category(category) }));
  }

  askProof(category, told, unknown, name, input) {
    const { view } = this;
    const made = ask({
      name,
      input,
      question: local(input.question),
      answer: (value) => {
        if (value === null) unknown.add(name);
        this.prove(category, value === null ? told : { ...told, [name]: value }, unknown);
      },
    });
    view.draw(make("p", { class: "help" }, words.proof_not_kept), made.box, make("div", { class: "aside" }, button(words.back, () => this.category(), {})));
    made.focus();
  }
}
