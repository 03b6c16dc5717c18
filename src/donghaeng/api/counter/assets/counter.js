/* The page of a counter: one card after the other, the refunds that wait to be paid, and an agent's account. */
import { find } from "./dom.js";
import { AgentView } from "./agent.js";
import { CardView } from "./card.js";
import { PayView } from "./pay.js";
import { Writes, read } from "./service.js";
import { startPage } from "./shell.js";
import { Terms } from "./terms.js";

startPage({
  views: ["card", "pay", "agent"],
  load: async () => ({ settings: await read("/v1/counter/settings"), catalogue: await read("/v1/passes/catalogue") }),
  build: ({ settings, catalogue }, page) => {
    const { card_prefix: prefix, idle_seconds: idleSeconds, name, agent, channel, payment, facts } = settings.counter;
    const writes = new Writes();
    const around = {
      ...page,
      settings,
      catalogue,
      writes,
      terms: new Terms(settings, catalogue),
      // Where it sells and how it is mostly paid; kept until it is locked.
      shift: { channel, payment: payment ?? Object.keys(catalogue.payments)[0], facts: { ...facts }, agent },
      may: (...scopes) => scopes.some((one) => settings.scopes.includes(`passes:${one}`)),
      send: (path, body, same) => page.attempt(() => writes.send(`/v1/passes${path}`, body, same)),
    };
    const views = { card: new CardView(around), pay: new PayView(around), agent: new AgentView(around) };
    const closed = [];
    if (!around.may("desk", "operator")) closed.push("pay");
    if (!around.may("seller", "operator")) closed.push("agent");
    const scanned = (number) => {
      page.show("card");
      views.card.begin(number);
    };
    find("#new-card").hidden = !around.may("seller");
    return { views, closed, name, prefix, anyBarcode: !prefix, scanned, idleSeconds };
  },
});
