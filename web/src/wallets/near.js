// NEAR wallets that are in the browser (extensions, and browsers of wallets on phones), by the connector of NEAR's wallets.
// Those that are web sites are not offered: the connector loads their code from outside, which this page forbids. Nor is what
// another window offers: the connector does not look at which window it is.

import { InjectedWallet, NearConnector } from "@hot-labs/near-connect";

import { random } from "../bytes.js";
import { icon, name, nearAccount, nearKey, nearSignature, nep413 } from "./check.js";
import { asking, saysNo, WalletError } from "./error.js";

/** For whom idOS has its users sign. */
const RECIPIENT = "idos.network";

/** The connector keeps what was chosen last: here for as long as the page is open. */
class Memory {
  #kept = new Map();
  get = async (key) => this.#kept.get(key) ?? null;
  set = async (key, value) => void this.#kept.set(key, value);
  remove = async (key) => void this.#kept.delete(key);
}

class NearWallet {
  type = "NEAR";
  #wallet;
  #introduction;

  constructor(wallet, introduction) {
    this.id = `near-${wallet.manifest.id}`;
    this.name = name(wallet.manifest.name, "NEAR");
    this.icon = icon(wallet.manifest.icon);
    this.#wallet = wallet;
    this.#introduction = introduction;
  }

  async connect() {
    const accounts = await asking(() => this.#wallet.signIn({ network: "mainnet" }), saysNo);
    if (!Array.isArray(accounts)) throw new WalletError("bad_answer");
    if (accounts.length === 0) throw new WalletError("locked");
    const address = nearAccount(accounts[0].accountId);
    // Some wallets name their key only when they sign.
    const publicKey = accounts[0].publicKey ?? (await this.#introduce(address));
    nearKey(publicKey);
    return { type: "NEAR", address, publicKey };
  }

  async sign(message, { address, publicKey }) {
    const { answer, payload } = await this.#ask(message, address);
    if (answer.publicKey !== publicKey) throw new WalletError("wrong_account");
    return nearSignature(answer.signature, payload, publicKey);
  }

  async #introduce(address) {
    const { answer, payload } = await this.#ask(this.#introduction(), address);
    nearSignature(answer.signature, payload, answer.publicKey);
    return answer.publicKey;
  }

  async #ask(message, address) {
    const asked = { message, nonce: random(32), recipient: RECIPIENT };
    const answer = await asking(() => this.#wallet.signMessage({ ...asked, signerId: address }), saysNo);
    if (typeof answer !== "object" || answer === null) throw new WalletError("bad_answer");
    if (nearAccount(answer.accountId) !== address) throw new WalletError("wrong_account");
    return { answer, payload: nep413(asked) };
  }
}

/** Calls `found` for each wallet that is injected. `introduction` gives the text for those that name their key late. */
export function discover(found, introduction) {
  const seen = new Set();
  const connector = new NearConnector({
    manifest: { wallets: [], version: "1.0.0" },
    storage: new Memory(),
    network: "mainnet",
    autoConnect: false,
  });
  const look = () => {
    for (const wallet of connector.availableWallets) {
      const { manifest } = wallet;
      if (!(wallet instanceof InjectedWallet) || typeof manifest?.id !== "string" || seen.has(manifest.id)) continue;
      if (manifest.features?.signMessage === false) continue;
      seen.add(manifest.id);
      found(new NearWallet(wallet, introduction));
    }
  };
  connector.on("selector:walletsChanged", look);
  look();
}
