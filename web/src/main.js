// The page on which a person claims a credential. The service sends a shell with `<main id="claim">`; all else is built here.

import { Api } from "./api.js";
import { Flow } from "./flow.js";
import { Page } from "./page.js";
import { discover } from "./wallets/index.js";

const main = document.getElementById("claim");
if (main) new Flow({ page: new Page(main), api: new Api(window.location.href), discover }).start();
