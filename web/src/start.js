// Where a consumer of the relay sends people: its token begins a claim, and the page goes on as that claim's.

import { Api, Problem } from "./api.js";
import { t } from "./text.js";
import { overView, retryView, waitView } from "./views/outcome.js";
import { ENDS, wordsFor } from "./words.js";

/** Begins the claim at `path`, relative to this page. Gives the address that the page has from then on, or nothing where there is none. */
export async function begin({ path, page, around, from = window }) {
  const here = new URL(from.location.href);
  const api = new Api(new URL(path, here).href);
  for (;;) {
    page.show(waitView());
    try {
      const { claim } = await api.post("", { token: here.searchParams.get("token") ?? "" });
      const next = new URL(`claim/${encodeURIComponent(claim)}`, here);
      const language = here.searchParams.get("lang");
      if (language) next.searchParams.set("lang", language);
      // The token stands in no history; loading the page again leads to the claim.
      from.history.replaceState(null, "", next);
      return next.href;
    } catch (error) {
      const end = error instanceof Problem ? endOf(error) : null;
      if (end) {
        page.show(overView({ name: end, provider: page.provider }));
        around.fail(error.code);
        return null;
      }
      const words = error instanceof Problem ? wordsFor(error, { provider: page.provider }) : () => t("broken");
      await new Promise((resolve) => {
        page.show(retryView({ again: resolve }));
        page.alert(words);
      });
    }
  }
}

/** The view of what does not go well by trying again. */
function endOf({ code }) {
  // What can be no token at all is not taken either.
  if (code === "invalid_fields") return "refused";
  return Object.hasOwn(ENDS, code) ? ENDS[code] : null;
}
