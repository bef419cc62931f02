// What protects a new profile: a password, or the key service.

import { button, el, paragraph } from "../dom.js";
import { judge, SHORTEST } from "../password.js";
import { t } from "../text.js";
import { actions, connectedAs, heading, otherWallet, shortened } from "./parts.js";

/** Only where there is a choice. */
export const chooseKeyView = ({ connected, byPassword, byEnclave, other }) => () => [
  heading(t("create_title")),
  connectedAs(connected),
  paragraph(t("create_intro")),
  actions(
    button(t("create_password"), byPassword, { id: "by-password" }),
    button(t("create_enclave"), byEnclave, { id: "by-enclave" }),
    otherWallet(other),
  ),
];

/** How full the bar is. */
const FULL = { short: 1, weak: 2, fair: 3, good: 4 };

/**
 * `form` holds what has been entered: `first`, `second`, `shown`, `saved`. It outlives a change of the language, and is emptied
 * by whoever made it. The inputs have no names and the form no address, so there is nothing that could be sent.
 */
export function passwordView({ provider, userId, isFirst, connected, form, suggest, submit, another, other }) {
  return () => {
    const strength = el("p", { id: "strength-words", class: "strength" });
    const meter = el("meter", { id: "strength", min: "0", max: "4", low: "2.5", high: "3.5", optimum: "4" });
    const judged = () => {
      meter.value = form.first === "" ? 0 : FULL[judge(form.first)];
      strength.textContent = form.first === "" ? "" : t(`strength_${judge(form.first)}`, { count: SHORTEST });
    };
    const input = (name, label) =>
      el(
        "div",
        { class: "field" },
        el("label", { for: name }, t(label)),
        el("input", {
          id: name,
          type: form.shown ? "text" : "password",
          autocomplete: "new-password",
          autocapitalize: "off",
          autocorrect: "off",
          spellcheck: "false",
          required: true,
          "aria-describedby": name === "first" ? "strength-words" : null,
          value: form[name],
          oninput: (event) => {
            form[name] = event.target.value;
            judged();
          },
        }),
      );
    const show = (event) => {
      form.shown = event.target.checked;
      for (const name of ["first", "second"]) document.getElementById(name).type = form.shown ? "text" : "password";
    };
    const view = [
      heading(t(isFirst ? "create_title" : "password_title")),
      connectedAs(connected),
      isFirst ? paragraph(t("create_intro")) : null,
      paragraph(t("password_intro")),
      paragraph(t("password_warning", { provider }), { class: "warning" }),
      el(
        "form",
        {
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            submit();
          },
        },
        // What a password manager files the password under.
        el(
          "div",
          { class: "field" },
          el("label", { for: "account" }, t("password_account")),
          el("input", { id: "account", type: "text", autocomplete: "username", readonly: true, value: userId, title: shortened(userId) }),
        ),
        input("first", "password_first"),
        el("div", { class: "field" }, el("label", { for: "strength" }, t("password_strength")), meter, strength),
        input("second", "password_second"),
        check("shown", "password_show", form.shown, show),
        check("saved", "password_saved", form.saved, (event) => (form.saved = event.target.checked)),
        actions(
          el("button", { type: "submit", id: "continue" }, t("password_continue")),
          button(t("password_suggest"), suggest, { class: "quiet", id: "suggest" }),
          another ? button(t("password_other"), another, { class: "quiet", id: "another" }) : null,
          otherWallet(other),
        ),
      ),
    ];
    judged();
    return view;
  };
}

const check = (id, label, checked, onchange) =>
  el("div", { class: "check" }, el("input", { id, type: "checkbox", checked, onchange }), el("label", { for: id }, t(label)));

/** The page of the key service, in a frame that outlives the language's changes. */
export const enclaveView = ({ provider, host, frame, another, other }) => () => [
  heading(t("enclave_title")),
  paragraph(t("enclave_intro", { host, provider })),
  frame(),
  actions(
    button(t("password_other"), another, { class: "quiet", id: "another", "data-always": true }),
    otherWallet(other),
  ),
];
