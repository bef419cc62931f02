// The service's side of this page. Every answer is a value or a `Problem`, whose code the page has words for.

/** Why the service said no, by the code of its problem document; `offline` where it was not reached. */
export class Problem extends Error {
  constructor(code, { status = 0, fields = [], retryAfter = null } = {}) {
    super(code);
    this.code = code;
    this.status = status;
    /** Where the problem document points to, such as `/wallet/signature`. */
    this.fields = fields;
    /** Seconds, where the service names them. */
    this.retryAfter = retryAfter;
  }
}

/** Longer than any answer takes: the service waits 25 seconds at most for something to change. */
const TIMEOUT_MS = 60_000;

/** Talks to the claim that the page is about. `address` is the page's: what it asks lies below it. */
export class Api {
  #base;
  #credentials;
  /** What to add to this machine's clock to have the service's, in milliseconds. */
  skew = 0;

  /** `credentials` says whether cookies go along and are kept, as `fetch` takes it: the page of a claim has none. */
  constructor(address, { credentials = "omit" } = {}) {
    this.#credentials = credentials;
    const { origin, pathname } = new URL(address);
    this.#base = origin + pathname.replace(/\/+$/, "");
  }

  /** The service's time, in milliseconds: this machine's clock may be wrong. */
  now() {
    return Date.now() + this.skew;
  }

  async post(endpoint, body, signal) {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let response;
    let text;
    try {
      response = await fetch(endpoint === "" ? this.#base : `${this.#base}/${endpoint}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(body),
        credentials: this.#credentials,
        cache: "no-store",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: signal ? either(signal, timeout) : timeout,
      });
      text = await response.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem("offline");
    }
    const date = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(date)) this.skew = date - Date.now();
    if (response.status === 204) return {};
    const value = parse(text);
    if (response.ok && value !== null) return value;
    throw problem(response, value);
  }
}

// `AbortSignal.any` is younger than the browsers that are supported.
function either(one, other) {
  const both = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) both.abort(signal.reason);
    signal.addEventListener("abort", () => both.abort(signal.reason), { once: true });
  }
  return both.signal;
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function problem(response, value) {
  const named = typeof value?.type === "string" ? value.type.split(":").pop() : null;
  const seconds = Number(response.headers.get("retry-after"));
  return new Problem(value?.code ?? named ?? byStatus(response.status), {
    status: response.status,
    fields: Array.isArray(value?.errors) ? value.errors.map((error) => String(error.pointer ?? error.parameter ?? "")) : [],
    retryAfter: Number.isFinite(seconds) && seconds > 0 ? seconds : null,
  });
}

/** An answer that is no problem document comes from what stands before the service. */
function byStatus(status) {
  const codes = { 404: "not_found", 410: "link_expired", 413: "too_large", 429: "rate_limited", 503: "not_ready" };
  return codes[status] ?? "internal";
}
