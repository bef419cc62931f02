// Keeps the page's knowledge of the claim new, as long as somebody looks at it.

/** How long the service is asked to wait for something new, in seconds. */
const WAIT_SECONDS = 20;

/** Pauses after failures, in milliseconds; the last one for all that follow. */
const PAUSES = [1000, 2000, 5000, 10_000];

/**
 * Asks again and again. `seen` gives the version that is known; `changed(claim)` is called with what came, `failed(error,
 * times)` with why nothing did. What `failed` gives says whether to go on.
 */
export async function watch({ api, seen, changed, failed }) {
  let failures = 0;
  for (;;) {
    await visible();
    try {
      const claim = await api.post("state", { wait: WAIT_SECONDS, seen: seen() });
      failures = 0;
      changed(claim);
    } catch (error) {
      failures += 1;
      if (!failed(error, failures)) return;
      const pause = PAUSES[Math.min(failures, PAUSES.length) - 1];
      await new Promise((resolve) => setTimeout(resolve, Math.max(pause, (error.retryAfter ?? 0) * 1000)));
    }
  }
}

/** Resolves once the page can be seen: a forgotten tab asks nothing. */
function visible() {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", function listen() {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", listen);
      resolve();
    });
  });
}
