/* What an agent who sells holds, took, earned and still owes. */
import { find, make, say, words, writtenNumber } from "./dom.js";
import { read } from "./service.js";
import { answer, facts } from "./terms.js";

/** The part of the page for agents. */
export class AgentView {
  constructor(around) {
    Object.assign(this, around);
    this.stage = find("#agent-stage");
    find("#find-agent").onsubmit = (event) => {
      event.preventDefault();
      const id = find("#agent-id").value.trim();
      if (id) this.look(id);
      else this.tell(words.agent_wanted, { alert: true });
    };
    this.clear();
  }

  /** Forgets the agent. */
  clear() {
    find("#agent-id").value = "";
    this.stage.replaceChildren();
  }

  /** Comes to the front with the agent of this counter, if it has one. */
  async enter() {
    this.clear();
    const { agent } = this.shift;
    find("#agent-id").value = agent ?? "";
    if (agent) await this.look(agent);
    else find("#agent-id").focus();
  }

  async look(id) {
    const { terms } = this;
    const agent = await this.attempt(() => read(`/v1/passes/agents/${encodeURIComponent(id)}`));
    if (!agent) {
      this.stage.replaceChildren();
      return;
    }
    this.tell("");
    const box = answer(
      agent.state === "active" ? "free" : "no",
      `${agent.agent}, ${words[`agent_state_${agent.state}`]}`,
      facts([
        [words.agent_stock, say("cards_n", { n: writtenNumber(agent.stock) })],
        [words.agent_taken, terms.money(agent.taken)],
        [words.agent_rate, say("agent_rate_is", { n: agent.per_mille, amount: terms.money(agent.per_card) })],
        [words.agent_commission, terms.money(agent.commission)],
        [words.agent_remitted, terms.money(agent.remitted)],
        [words.agent_owes, make("strong", { class: "price" }, terms.money(agent.owes))],
      ]),
    );
    this.stage.replaceChildren(box);
    find("h2", box).focus();
  }
}
