// Words, in the language that the page is in.

import de from "./lang/de.js";
import en from "./lang/en.js";
import es from "./lang/es.js";
import fr from "./lang/fr.js";
import pt from "./lang/pt.js";

export const LANGUAGES = { en, de, fr, es, pt };

/** What each language calls itself. */
export const NAMES = { en: "English", de: "Deutsch", fr: "Français", es: "Español", pt: "Português" };

let language = "en";

export const currentLanguage = () => language;

/** Takes one of `LANGUAGES`; anything else changes nothing. */
export function setLanguage(code) {
  if (Object.hasOwn(LANGUAGES, code)) language = code;
}

/** The words of that name. `{such}` is replaced by the value of that name, once: a value's own braces stay. */
export function t(name, values = {}) {
  const text = LANGUAGES[language][name] ?? LANGUAGES.en[name];
  return text.replace(/\{(\w+)\}/g, (whole, key) => (Object.hasOwn(values, key) ? String(values[key]) : whole));
}

/** What a kind of credential is called. Versions of one kind are one thing to a person. */
export function kindOf(kind) {
  const names = {
    kyc: "kind_kyc",
    kyc_v3: "kind_kyc",
    edd: "kind_edd",
    personhood: "kind_personhood",
    wallet_linkage: "kind_wallets",
  };
  return t(Object.hasOwn(names, kind ?? "") ? names[kind] : "kind_other");
}

/** Date and time where the person is, such as "30 November 2026 at 14:05 GMT+1". */
export function moment(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  // English as most of the world writes its dates.
  const locale = language === "en" ? "en-GB" : language;
  const form = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  return new Intl.DateTimeFormat(locale, form).format(date);
}
