// EVM wallets: found by EIP-6963, asked by EIP-1193. The chain that a wallet shows does not matter: personal_sign has none.

import { toHex, utf8 } from "../bytes.js";
import { evmAddress, evmSignature, icon, name } from "./check.js";
import { asking, WalletError } from "./error.js";

/** Codes of EIP-1193 and EIP-1474. */
const REASONS = {
  4001: "rejected",
  4100: "locked",
  4900: "wrong_chain",
  4901: "wrong_chain",
  "-32002": "busy",
};

const reasonOf = (error) => REASONS[error?.code] ?? REASONS[error?.data?.originalError?.code];

class EvmWallet {
  type = "EVM";
  #provider;

  constructor(id, label, picture, provider) {
    this.id = id;
    this.name = label;
    this.icon = picture;
    this.#provider = provider;
  }

  #request(method, params) {
    return asking(() => this.#provider.request(params ? { method, params } : { method }), reasonOf);
  }

  async connect() {
    const accounts = await this.#request("eth_requestAccounts");
    if (!Array.isArray(accounts)) throw new WalletError("bad_answer");
    if (accounts.length === 0) throw new WalletError("locked");
    return { type: "EVM", address: evmAddress(accounts[0]) };
  }

  async sign(message, { address }) {
    // Who has changed the account since would be shown the text under another one.
    const accounts = await this.#request("eth_accounts");
    if (!Array.isArray(accounts)) throw new WalletError("bad_answer");
    if (accounts.length === 0) throw new WalletError("locked");
    const there = accounts.some((account) => evmAddress(account).toLowerCase() === address.toLowerCase());
    if (!there) throw new WalletError("wrong_account");
    const signature = await this.#request("personal_sign", [`0x${toHex(utf8(message))}`, address]);
    return evmSignature(signature, message, address);
  }
}

/** Calls `found` for each wallet that announces itself, and for `window.ethereum` where none does within `patience` ms. */
export function discover(found, patience = 400) {
  const seen = new Set();
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = event.detail ?? {};
    if (typeof info?.uuid !== "string" || typeof provider?.request !== "function" || seen.has(info.uuid)) return;
    seen.add(info.uuid);
    found(new EvmWallet(`evm-${info.uuid}`, name(info.name, "Ethereum"), icon(info.icon), provider));
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(() => {
    const provider = window.ethereum;
    if (seen.size > 0 || typeof provider?.request !== "function") return;
    seen.add("injected");
    found(new EvmWallet("evm-injected", "Ethereum", null, provider));
  }, patience);
}
