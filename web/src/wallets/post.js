// Questions to an extension by messages to this window, as several wallets take them.

import { WalletError } from "./error.js";

/** A person may think it over, but an extension that is gone answers never. */
const PATIENCE_MS = 10 * 60_000;

/**
 * Posts `question`, and gives the first message of this window that `pick` makes something of. Null after `patience`
 * milliseconds, or an error where the default of some minutes is over.
 */
export function ask(question, pick, patience = null) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearTimeout(timer);
      window.removeEventListener("message", listen);
      settle(value);
    };
    const listen = (event) => {
      // Only this window: not one that has opened it or holds it in a frame.
      if (event.source !== window || typeof event.data !== "object" || event.data === null) return;
      const answer = pick(event.data);
      if (answer !== undefined) end(resolve, answer);
    };
    const timer = setTimeout(
      () => (patience === null ? end(reject, new WalletError("silent")) : end(resolve, null)),
      patience ?? PATIENCE_MS,
    );
    window.addEventListener("message", listen);
    window.postMessage(question, window.location.origin);
  });
}
