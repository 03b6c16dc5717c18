/* The clerk's page: one patient after the other, and what follows. */
import { find, words } from "./dom.js";
import { Check } from "./check.js";
import { Later } from "./later.js";
import { Tomorrow } from "./tomorrow.js";
import { preparePaper } from "./paper.js";
import { read } from "./service.js";
import { show, startPage } from "./shell.js";

startPage({
  views: ["check", "later", "tomorrow", "paper"],
  load: async () => ({ settings: await read("/v1/desk/settings"), desk: await read("/v1/identity/desk") }),
  build: (loaded, page) => {
    const around = { ...loaded, ...page };
    const views = { check: new Check(around), later: new Later(around), tomorrow: new Tomorrow(around) };
    preparePaper(around);
    const { barcode_prefix: prefix, idle_seconds: idleSeconds, name } = loaded.settings.institution;
    find("#scan-help").textContent = prefix ? words.scan_help : words.scan_off;
    const scanned = (number) => {
      page.show("check");
      views.check.begin(number);
    };
    return { views, name, prefix, scanned, idleSeconds };
  },
});
find("#to-paper").addEventListener("click", () => show("paper"));
