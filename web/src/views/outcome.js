// How it stands, and how it ended.

import { button, el, paragraph } from "../dom.js";
import { kindOf, moment, t } from "../text.js";
import { actions, heading } from "./parts.js";

/** `claim()` gives the newest state. */
export function followView({ provider, claim }) {
  return () => {
    const now = claim();
    const profile = now.profile?.state;
    const isProfile = now.state === "open";
    const halted = now.issuance?.state === "halted" || profile === "halted";
    const intro = () => {
      if (halted) return t("halted", { provider, date: moment(now.expiresAt) });
      if (!isProfile) return t("follow_intro", { date: moment(now.expiresAt) });
      return t(now.delivery === "write_grant" ? "follow_profile_intro" : "follow_profile_intro_last");
    };
    return [
      heading(t(isProfile ? "follow_profile_title" : "follow_title")),
      el("ol", { class: "steps" }, steps(now).map(step)),
      paragraph(intro(), { class: halted ? "warning" : null }),
    ];
  };
}

function steps({ state, delivery, issuance, profile }) {
  const identified = state !== "open";
  const granted = state === "granted" || state === "writing";
  const list = [["step_profile", identified ? "done" : profile ? "now" : "open"]];
  if (delivery === "write_grant") list.push(["step_granted", granted ? "done" : "open"]);
  const waits = delivery === "write_grant" ? granted : identified;
  list.push(["step_writing", issuance?.state === "issued" ? "done" : waits ? "now" : "open"]);
  return list;
}

const step = ([name, how]) =>
  el("li", { class: how }, el("span", {}, t(name)), " ", el("span", { class: "soft" }, `(${t(`step_${how}`)})`));

/** Written. Back to the provider only by the person's own step. */
export const doneView = ({ provider, claim }) => () => [
  el("p", { class: "mark", "aria-hidden": "true" }, "✓"),
  heading(t("done_title")),
  paragraph(t("done_intro", { kind: kindOf(claim.kind) })),
  back(provider, claim.returnUrl) ?? paragraph(t("close"), { class: "soft" }),
];

/** Ended without success: `name` is failed, declined, blocked, refused, expired, unknown or erased. */
export const overView = ({ name, provider, returnUrl }) => () => [
  heading(t(`${name}_title`)),
  paragraph(t(`${name}_intro`, { provider })),
  back(provider, returnUrl) ?? null,
];

/** The service lets in what the provider has listed; here it is only made sure that it is an address of the web. */
function back(provider, url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return null;
  const link = el("a", { href: parsed.href, class: "button", id: "back", rel: "noreferrer" }, t("back_to", { provider }));
  return el("p", {}, link);
}

/** What can be tried again. */
export const retryView = ({ again }) => () => [
  heading(t("retry_title")),
  actions(button(t("retry"), again, { id: "retry" })),
];

export const waitView = () => () => [heading(t("wait"))];
