// The key service (idOS calls it enclave): a page of its own in a frame, asked as the official SDK asks it. Each question is
// posted as `{ method, data: [arguments] }` with a port, on which `{ result }` or `{ error }` comes back.

import { el } from "./dom.js";
import { fromBase64, toBase64 } from "./bytes.js";

/** What the frame is let to do: what the SDK lets it. */
const SANDBOX = "allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts";
const ALLOW = "publickey-credentials-get; storage-access";

/** A page that is there answers `load` soon; a person takes their time. */
const LOAD_MS = 20_000;

/** `message` is `enclave_silent` or `enclave_failed`. */
export class EnclaveError extends Error {}

export class Enclave {
  #origin;
  #loaded;

  constructor(url, title) {
    const address = new URL(url);
    this.host = address.host;
    this.#origin = address.origin;
    // The service behind the frame wants to know who embeds it: the origin, and nothing of the link.
    this.frame = el("iframe", {
      class: "enclave",
      title,
      sandbox: SANDBOX,
      allow: ALLOW,
      referrerpolicy: "origin",
      src: address.href,
    });
    this.#loaded = new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }));
  }

  /** Has the person make a key for this profile. Gives the public key in base64, and who keeps the password. */
  async newKey({ userId, walletAddress }) {
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    await within(LOAD_MS, this.#loaded);
    await within(LOAD_MS, this.#ask("load"));
    await within(LOAD_MS, this.#ask("reconfigure", { mode: "new", theme, userId, walletAddress }));
    const answer = await this.#ask("ensureUserEncryptionProfile");
    const key = answer?.userEncryptionPublicKey;
    const bytes = key instanceof Uint8Array ? key : typeof key === "string" ? fromBase64(key) : null;
    const store = answer?.encryptionPasswordStore;
    const isKey = bytes?.length === 32 && bytes.some((byte) => byte !== 0);
    if (!isKey || answer.userId !== userId || !["user", "mpc"].includes(store)) throw new EnclaveError("enclave_failed");
    return { encryptionPublicKey: toBase64(bytes), passwordStore: store };
  }

  #ask(method, ...data) {
    return new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (event) => {
        port1.close();
        if (event.data?.error) reject(new EnclaveError("enclave_failed"));
        else resolve(event.data?.result);
      };
      try {
        // Only to that origin: where the frame has gone elsewhere, the question is not delivered.
        this.frame.contentWindow.postMessage({ method, data }, this.#origin, [port2]);
      } catch {
        reject(new EnclaveError("enclave_silent"));
      }
    });
  }
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new EnclaveError("enclave_silent")), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
