// What several views have.

import { button, el, paragraph } from "../dom.js";
import { t } from "../text.js";

export const heading = (text) => el("h1", {}, text);

/** The beginning and the end of an address or id: enough to be compared by eye. */
export const shortened = (text) => (text.length > 20 ? `${text.slice(0, 10)}…${text.slice(-8)}` : text);

/** Which wallet is connected, by which account. */
export function connectedAs({ wallet, account }) {
  const text = t("connected_as", { wallet: wallet.name, address: shortened(account.address) });
  return paragraph(text, { class: "soft", title: account.address });
}

/** A text that is to be signed, to the letter. */
export const exactText = (message) =>
  el("details", {}, el("summary", {}, t("exact_text")), el("pre", { tabindex: "0" }, message));

/** What a person can do: the first is what most will do. */
export const actions = (...buttons) => el("div", { class: "actions" }, buttons);

/** Away from a wallet that does not do what it should; possible while it is asked, too. */
export const otherWallet = (onclick) =>
  button(t("other_wallet"), onclick, { class: "quiet", id: "other-wallet", "data-always": true });
