// Choosing a wallet.

import { button, el, paragraph } from "../dom.js";
import { kindOf, t } from "../text.js";
import { heading } from "./parts.js";

/**
 * `wallets` is what has been found so far, `looking` whether more may come. `before` is the type of the wallet that this link
 * has seen.
 */
export function connectView({ provider, kind, wallets, looking, before, choose, copyLink }) {
  return () => {
    const found = wallets();
    const list = el(
      "ul",
      { class: "wallets", "aria-label": t("connect_list") },
      found.map((wallet) => el("li", {}, walletButton(wallet, choose))),
    );
    const none = paragraph(t(looking() ? "connect_looking" : "connect_none"), { class: "soft" });
    return [
      heading(t("connect_title")),
      paragraph(before ? t("connect_again", { type: before }) : t("connect_intro", { provider, kind: kindOf(kind) })),
      found.length > 0 ? list : none,
      paragraph(t("connect_harmless"), { class: "soft" }),
      el(
        "details",
        { open: found.length === 0 && !looking() },
        el("summary", {}, t("connect_help")),
        paragraph(t("connect_kinds")),
        paragraph(t("connect_phone")),
        button(t("copy_link"), copyLink, { class: "quiet", id: "copy-link" }),
      ),
    ];
  };
}

function walletButton(wallet, choose) {
  const picture = wallet.icon
    ? el("img", { src: wallet.icon, alt: "", width: "28", height: "28" })
    : el("span", { class: "dot", "aria-hidden": "true" });
  const network = el("span", { class: "soft" }, typeName(wallet.type));
  const inner = el("span", { class: "wallet-inner" }, picture, el("span", {}, wallet.name), network);
  return button(inner, () => choose(wallet), { class: "wallet", id: `wallet-${wallet.id}`, "data-type": wallet.type });
}

/** The network of a type, where it is called otherwise. */
const typeName = (type) => ({ EVM: "Ethereum", XRPL: "XRP Ledger" })[type] ?? type;
