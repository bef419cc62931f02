// The page on which a person claims a credential. The service sends a shell with `<main id="claim">`; all else is built here.

import { Api } from "./api.js";
import { Around } from "./around.js";
import { Flow } from "./flow.js";
import { Page } from "./page.js";
import { begin } from "./start.js";
import { discover } from "./wallets/index.js";

const main = document.getElementById("claim");
if (main) await run(main);

async function run(main) {
  const around = new Around(main);
  const page = new Page(main);
  // At the link of a consumer of the relay, the claim is to be begun first.
  const address = main.dataset.start ? await begin({ path: main.dataset.start, page, around }) : window.location.href;
  if (address) await new Flow({ page, api: new Api(address), discover, around }).start();
}
