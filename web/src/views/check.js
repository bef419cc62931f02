// The check that a consumer of the relay asks for: it runs on a page of the provider's, and this one waits for it.

import { button, el, paragraph } from "../dom.js";
import { moment, t } from "../text.js";
import { actions, heading } from "./parts.js";

/** `claim()` gives the newest state; `around` is told to open the page where this one is in a frame. */
export const checkView = ({ provider, claim, around }) => () => {
  const { expiresAt, relay } = claim();
  const check = relay?.check;
  const consumer = relay?.consumer ?? provider;
  const values = { provider, consumer, date: moment(expiresAt) };
  const url = webAddress(check?.url);
  if (check?.state === "halted") return [heading(t("check_title")), paragraph(t("halted", values), { class: "warning" })];
  if (!url) return [heading(t("check_title")), paragraph(t("check_wait", values))];
  const open = around.isThere
    ? button(t("check_open"), () => around.open(url), { id: "check" })
    : el("a", { href: url, class: "button", id: "check", target: "_blank", rel: "noopener noreferrer" }, t("check_open"));
  return [
    heading(t("check_title")),
    paragraph(t("check_intro", values)),
    actions(open),
    paragraph(t("check_return", values), { class: "soft" }),
  ];
};

/** The service gives what is configured; here it is only made sure that it is an address of the web. */
function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
