// Signing: in to a profile, for a new one, and the grant.

import { button, el, paragraph } from "../dom.js";
import { kindOf, moment, t } from "../text.js";
import { actions, connectedAs, exactText, heading, otherWallet, shortened } from "./parts.js";

export const signInView = ({ connected, message, sign, other }) =>
  signView({ name: "sign_in", connected, message, sign, other });

export const proveView = ({ connected, message, sign, other }) =>
  signView({ name: "prove", connected, message, sign, other });

function signView({ name, connected, message, sign, other }) {
  return () => [
    heading(t(`${name}_title`)),
    connectedAs(connected),
    paragraph(t(`${name}_intro`)),
    paragraph(t("free"), { class: "soft" }),
    actions(
      button(t(`${name}_button`, { wallet: connected.wallet.name }), sign, { id: "sign" }),
      otherWallet(other),
    ),
    exactText(message),
  ];
}

/** Who writes what to where until when. */
export function grantView({ provider, claim, connected, offer, sign, other }) {
  return () => {
    const locked = Date.parse(offer.grant.accessGrantTimelock ?? "");
    const isLocked = locked > Date.parse(offer.grant.notBefore ?? "") && locked > offer.now;
    const rows = [
      ["grant_who", who(provider, claim.provider?.url)],
      ["grant_what", t("grant_what_value", { kind: kindOf(claim.kind) })],
      [
        "grant_where",
        t("grant_where_value", {
          user: shortened(claim.userId ?? ""),
          network: claim.network?.name ?? claim.network?.chainId ?? "idOS",
        }),
      ],
      ["grant_copy", `${reader(provider, offer.grant, claim.relay?.consumer)} ${isLocked ? t("grant_revoke_locked", { date: moment(locked) }) : t("grant_revoke")}`],
      ["grant_until", t("grant_until_value", { date: moment(offer.expiresAt) })],
    ];
    return [
      heading(t("grant_title", { provider })),
      connectedAs(connected),
      paragraph(t("grant_intro")),
      el(
        "dl",
        {},
        rows.map(([name, value]) => el("div", {}, el("dt", {}, t(name)), el("dd", {}, value))),
      ),
      paragraph(t("free"), { class: "soft" }),
      actions(button(t("grant_button", { wallet: connected.wallet.name }), sign, { id: "sign" }), otherWallet(other)),
      exactText(offer.message),
    ];
  };
}

/** Who gets the copy: the issuer, by the key that it writes with, or somebody whom the provider has named. */
function reader(provider, { grantee, issuerPublicKey }, consumer) {
  const isProvider = typeof grantee !== "string" || grantee.toLowerCase() === issuerPublicKey?.toLowerCase();
  if (isProvider) return t("grant_copy_value", { provider });
  const known = { consumer, grantee: shortened(grantee) };
  return consumer ? t("grant_copy_consumer", known) : t("grant_copy_other", known);
}

/** The name, and where it is from: a name alone can be anybody's. */
function who(provider, url) {
  try {
    return `${provider} (${new URL(url).host})`;
  } catch {
    return provider;
  }
}

/** While the grant is fetched, and where that has failed. */
export const grantSoonView = ({ provider, connected, fetch, other }) => () => [
  heading(t("grant_title", { provider })),
  connectedAs(connected),
  actions(button(t("again"), fetch, { id: "fetch" }), otherWallet(other)),
];

/** The time of a grant is over before it was signed. */
export const grantOverView = ({ renew, other }) => () => [
  heading(t("grant_over_title")),
  paragraph(t("grant_over")),
  actions(button(t("grant_new"), renew, { id: "renew" }), otherWallet(other)),
];
