// Wallets as browsers have them: each kind announces itself and answers as its extension does, in the page. Keys and decisions
// are here, outside of the page, where a test can change them.

import { nacl } from "../../interop/lib/sealing.js";
import { evmWallet, nearWallet, nep413, stellarWallet, xrplWallet } from "../../interop/lib/wallets.js";

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** What wallets throw or answer when the person says no, and in other cases, by kind. */
const REFUSALS = {
  evm: {
    rejected: { code: 4001, message: "User rejected the request." },
    locked: { code: 4100, message: "The requested account has not been authorized by the user." },
    busy: { code: -32002, message: "Request of type 'wallet_requestPermissions' already pending." },
    wrong_chain: { code: 4901, message: "The provider is disconnected from the specified chain." },
  },
  freighter: { rejected: { code: -4, message: "The user rejected this request." } },
  gemwallet: {},
  crossmark: {},
  near: { rejected: { message: "User rejected" } },
};

/**
 * One wallet of a kind (`evm`, `freighter`, `gemwallet`, `crossmark`, `near`). `says` is what it does with the next questions:
 * `yes`, `rejected`, `locked`, `busy`, `wrong_chain`, `other_account` (it signs with another key), `rubbish` (a malicious
 * answer), or `silent`.
 */
export class FakeWallet {
  says = "yes";
  /** Every question that was asked, as `[method, params]`. */
  asked = [];
  /** Texts that were signed. */
  signed = [];

  constructor(kind, { seed = nacl.randomBytes(32), label = "Test Wallet" } = {}) {
    this.kind = kind;
    this.label = label;
    this.seed = seed;
    this.otherSeed = nacl.randomBytes(32);
    const make = { evm: evmWallet, freighter: stellarWallet, gemwallet: xrplWallet, crossmark: xrplWallet };
    this.wallet = kind === "near" ? nearWallet(seed, `holder-${Buffer.from(seed).toString("hex", 0, 4)}.near`) : make[kind](seed);
    this.other = kind === "near" ? nearWallet(this.otherSeed, "other.near") : make[kind](this.otherSeed);
  }

  get address() {
    return this.wallet.address;
  }

  /** Puts the wallet into a page, or into all pages of a context. */
  async install(target) {
    await target.exposeFunction(`__${this.kind}`, (method, params) => this.#answer(method, params));
    await target.addInitScript(INJECTED[this.kind], { label: this.label });
  }

  async #answer(method, params) {
    this.asked.push([method, params]);
    if (this.says === "silent") return new Promise(() => {});
    const refusal = REFUSALS[this.kind][this.says];
    if (refusal) return { error: refusal };
    return { value: await this[this.kind](method, params ?? [], this.says) };
  }

  #signer() {
    return this.says === "other_account" ? this.other : this.wallet;
  }

  async evm(method, params, says) {
    switch (method) {
      case "eth_requestAccounts":
      case "eth_accounts":
        if (says === "rubbish") return ["0x<img src=x onerror=alert(1)>"];
        return says === "no_accounts" ? [] : [this.address];
      case "personal_sign": {
        const text = Buffer.from(params[0].slice(2), "hex").toString();
        this.signed.push(text);
        if (says === "contract") return `0x${"ab".repeat(200)}`;
        return this.#signer().sign(text);
      }
      default:
        throw new Error(`${method} is not what this page may ask`);
    }
  }

  async freighter(method, { blob, accountToSign }) {
    switch (method) {
      case "REQUEST_ACCESS":
        return { publicKey: this.says === "rubbish" ? "<script>" : this.address };
      case "REQUEST_ALLOWED_STATUS":
        return { isAllowed: true };
      case "SUBMIT_BLOB": {
        if (accountToSign !== this.address) throw new Error("asked for another account");
        this.signed.push(blob);
        // SEP-53, in base64: what Freighter gives.
        const digest = await sha256(Buffer.from(`Stellar Signed Message:\n${blob}`));
        const { secretKey } = nacl.sign.keyPair.fromSeed(this.says === "other_account" ? this.otherSeed : this.seed);
        return { signedBlob: Buffer.from(nacl.sign.detached(digest, secretKey)).toString("base64"), signerAddress: this.address };
      }
      default:
        throw new Error(`${method} is not what this page may ask`);
    }
  }

  async gemwallet(method, { message }) {
    switch (method) {
      case "REQUEST_GET_PUBLIC_KEY/V3":
        if (this.says === "rejected") return { result: null };
        return { result: { address: this.address, publicKey: this.says === "rubbish" ? "zz" : this.wallet.publicKey } };
      case "REQUEST_SIGN_MESSAGE/V3":
        if (this.says === "rejected") return { result: null };
        this.signed.push(message);
        return { result: { signedMessage: await this.#signer().sign(message) } };
      default:
        throw new Error(`${method} is not what this page may ask`);
    }
  }

  async crossmark(command, { tx, hex }) {
    if (command !== "sign" || tx.TransactionType !== "SignIn") throw new Error("not what this page may ask");
    if (this.says === "rejected") return { meta: { isRejected: true } };
    const { address, publicKey } = this.says === "rubbish" ? { address: 7, publicKey: {} } : this.#signer();
    const answer = { address, publicKey, meta: { isSuccess: true, isSigned: true } };
    if (hex === undefined) return answer;
    const text = Buffer.from(hex, "hex").toString();
    this.signed.push(text);
    return { ...answer, signature: await this.#signer().sign(text) };
  }

  async near(method, { message, nonce, recipient }) {
    const { address, publicKey } = this.#signer();
    switch (method) {
      case "signIn":
        if (this.says === "rubbish") return [{ accountId: "../../evil", publicKey: "ed25519:x" }];
        return [{ accountId: this.address, publicKey: this.wallet.publicKey }];
      case "signMessage": {
        this.signed.push(message);
        const { secretKey } = nacl.sign.keyPair.fromSeed(this.says === "other_account" ? this.otherSeed : this.seed);
        const blob = nep413({ message, nonce: Buffer.from(nonce), recipient, secretKey });
        const signature = Buffer.from(blob.subarray(blob.length - 64)).toString("base64");
        return { accountId: address, publicKey, signature };
      }
      default:
        throw new Error(`${method} is not what this page may ask`);
    }
  }
}

/** What runs in the page before the page's own script, by kind. */
const INJECTED = {
  evm: ({ label }) => {
    const provider = {
      request: async ({ method, params }) => {
        const { error, value } = await window.__evm(method, params);
        if (error) throw Object.assign(new Error(error.message), { code: error.code });
        return value;
      },
      on() {},
      removeListener() {},
    };
    const icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23805ad5'/%3E%3C/svg%3E";
    const info = { uuid: "350670db-19fa-4704-a166-e52e178b59d2", name: label, icon, rdns: "example.test.wallet" };
    const announce = () =>
      window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  },
  freighter: () => {
    window.addEventListener("message", async ({ source, data }) => {
      if (source !== window || data?.source !== "FREIGHTER_EXTERNAL_MSG_REQUEST") return;
      const { messageId, type, ...params } = data;
      const answer = (more) =>
        window.postMessage({ source: "FREIGHTER_EXTERNAL_MSG_RESPONSE", messagedId: messageId, ...more }, window.location.origin);
      if (type === "REQUEST_CONNECTION_STATUS") return answer({ isConnected: true });
      const { error, value } = await window.__freighter(type, params);
      answer(error ? { apiError: error, publicKey: "" } : value);
    });
  },
  gemwallet: () => {
    window.addEventListener("message", async ({ source, data }) => {
      if (source !== window || data?.source !== "GEM_WALLET_MSG_REQUEST" || data.app !== "gem-wallet") return;
      const answer = (more) =>
        window.postMessage({ source: "GEM_WALLET_MSG_RESPONSE", messagedId: data.messageId, ...more }, window.location.origin);
      if (data.type === "REQUEST_IS_INSTALLED/V3") return answer({ isInstalled: true, result: { isInstalled: true } });
      const { value } = await window.__gemwallet(data.type, data.payload);
      answer(value);
    });
  },
  crossmark: () => {
    // Some time after the page has loaded, as the extension does.
    setTimeout(() => (window.xrpl = { isCrossmark: true }), 300);
    window.addEventListener("message", async ({ source, data }) => {
      if (source !== window || data?.app !== "crossmark" || data.type !== "request") return;
      const { value } = await window.__crossmark(data.command, data.data);
      const { id, command } = data;
      window.postMessage({ request: data, response: { app: "crossmark", type: "response", id, command, data: value } });
    });
  },
  near: () => {
    const ask = async (method, params) => {
      const { error, value } = await window.__near(method, params);
      if (error) throw new Error(error.message);
      return value;
    };
    const wallet = {
      manifest: {
        id: "test-near",
        name: "Test NEAR",
        icon: "",
        type: "injected",
        permissions: {},
        features: { signMessage: true, mainnet: true, testnet: true },
      },
      signIn: () => ask("signIn", {}),
      getAccounts: () => ask("signIn", {}),
      signOut: async () => {},
      signMessage: ({ message, recipient, nonce }) => ask("signMessage", { message, recipient, nonce: [...nonce] }),
    };
    const announce = () => window.dispatchEvent(new CustomEvent("near-wallet-injected", { detail: wallet }));
    window.addEventListener("near-selector-ready", announce);
    announce();
  },
};

/** How the button of each kind begins. */
export const BUTTONS = {
  evm: "#wallet-evm-350670db-19fa-4704-a166-e52e178b59d2",
  freighter: "#wallet-freighter",
  gemwallet: "#wallet-gemwallet",
  crossmark: "#wallet-crossmark",
  near: "#wallet-near-test-near",
};
