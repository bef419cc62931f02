// The frame of the page: who it is from, the language, what is told by the way, and the view that is shown.

import { el } from "./dom.js";
import { currentLanguage, LANGUAGES, NAMES, setLanguage, t } from "./text.js";

/** What is shown in `<main>`. A view is a function that gives its elements anew, in the current language. */
export class Page {
  #main;
  #provider;
  #view = null;
  #alert = null;
  #status = null;
  #parts = {};

  /** `main` is the element that the service has sent, with `data-language`, `data-provider` and perhaps `data-logo`. */
  constructor(main) {
    this.#main = main;
    this.#provider = main.dataset.provider ?? "";
    setLanguage(main.dataset.language);
    const parts = this.#parts;
    parts.language = el(
      "select",
      { id: "language", onchange: (event) => this.#speak(event.target.value) },
      Object.keys(LANGUAGES).map((code) => el("option", { value: code, lang: code }, NAMES[code])),
    );
    parts.languageLabel = el("label", { for: "language" });
    const logo = main.dataset.logo;
    const who = el(
      "div",
      { class: "who" },
      logo ? el("img", { src: logo, alt: "", class: "logo" }) : null,
      el("p", { class: "provider" }, this.#provider),
    );
    const header = el("header", {}, who, el("div", { class: "language" }, parts.languageLabel, parts.language));
    // Both are there from the beginning: what is put into them later is read aloud.
    parts.alert = el("div", { role: "alert", class: "alert" });
    parts.status = el("div", { role: "status", class: "status" });
    parts.view = el("div", { id: "view" });
    main.replaceChildren(parts.alert, parts.view, parts.status);
    main.before(header);
    if (main.dataset.me) {
      parts.me = el("a", { href: main.dataset.me, target: "_blank", rel: "noopener noreferrer" });
      main.after(el("footer", {}, el("p", {}, parts.me)));
    }
    this.#words();
  }

  get provider() {
    return this.#provider;
  }

  /**
   * Shows a view, and says where one is: the focus goes to its heading. What was told before is gone. One that is `still`
   * cannot be made anew, so the language stays as it is meanwhile.
   */
  show(view, { still = false } = {}) {
    this.#view = view;
    this.#alert = null;
    this.#status = null;
    this.#main.setAttribute("aria-busy", "false");
    this.#parts.language.disabled = still;
    this.#words();
    const heading = this.#parts.view.querySelector("h1");
    if (heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }

  /** Shows the view anew, where what it shows has changed; the focus stays if what has it is still there. */
  update() {
    const focused = document.activeElement?.id;
    this.#words();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  /** Tells what went wrong. `words` gives the text in the current language; null takes it away. */
  alert(words) {
    this.#alert = words;
    this.#tell();
    if (words) this.#parts.alert.scrollIntoView({ block: "nearest" });
  }

  /** Whether nothing is being done that the person waits for. */
  get isQuiet() {
    return this.#main.getAttribute("aria-busy") !== "true";
  }

  /** Tells what is going on. While `busy`, what could be pressed cannot. */
  status(words, busy = false) {
    this.#status = words;
    this.#main.setAttribute("aria-busy", String(busy));
    for (const control of this.#parts.view.querySelectorAll("button, input")) {
      control.disabled = busy && !control.hasAttribute("data-always");
    }
    this.#tell();
  }

  #speak(language) {
    setLanguage(language);
    // So that loading the page again keeps it. The address is this page's own; nothing is loaded.
    const address = new URL(window.location.href);
    address.searchParams.set("lang", currentLanguage());
    window.history.replaceState(null, "", address);
    this.update();
  }

  #words() {
    const language = currentLanguage();
    document.documentElement.lang = language;
    this.#parts.language.value = language;
    this.#parts.languageLabel.textContent = t("language");
    if (this.#parts.me) this.#parts.me.textContent = t("your_data");
    if (this.#view) {
      const shown = this.#view();
      this.#parts.view.replaceChildren(...shown.filter((element) => element !== null));
      const title = this.#parts.view.querySelector("h1")?.textContent;
      document.title = title ? `${title} – ${this.#provider}` : this.#provider;
    }
    this.#tell();
    const busy = this.#main.getAttribute("aria-busy") === "true";
    if (busy) this.status(this.#status, true);
  }

  #tell() {
    // Only what differs: the same again would be read aloud again.
    for (const [part, words] of [
      [this.#parts.alert, this.#alert],
      [this.#parts.status, this.#status],
    ]) {
      const text = words ? words() : "";
      if (part.textContent !== text) part.replaceChildren(...(text === "" ? [] : [el("p", {}, text)]));
    }
  }
}
