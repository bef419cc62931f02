// The key of a new profile: from a password that is chosen here, or from the key service, where there is one.

import { Enclave } from "./enclave.js";
import { publicKey } from "./key.js";
import { judge, SHORTEST, suggest } from "./password.js";
import { t } from "./text.js";
import { chooseKeyView, enclaveView, passwordView } from "./views/key.js";

/**
 * Asks for it. `show`, `act` and `stop` are the flow's: show a view, run what takes time, and drop what is running. `other` is the
 * way to another wallet; `done` gets `{ encryptionPublicKey, passwordStore }`.
 */
export class NewKey {
  #page;
  #connected;
  #userId;
  #enclaveUrl;
  #flow;

  constructor({ page, connected, userId, enclaveUrl, ...flow }) {
    this.#page = page;
    this.#connected = connected;
    this.#userId = userId;
    this.#enclaveUrl = enclaveUrl;
    this.#flow = flow;
  }

  ask() {
    if (!this.#enclaveUrl) return this.#askPassword();
    this.#flow.show(
      chooseKeyView({
        connected: this.#connected,
        byPassword: () => this.#askPassword(),
        byEnclave: () => this.#askEnclave(),
        other: this.#flow.other,
      }),
    );
  }

  #askPassword() {
    const form = { first: "", second: "", shown: false, saved: false };
    const isOnly = !this.#enclaveUrl;
    this.#flow.show(
      passwordView({
        provider: this.#page.provider,
        userId: this.#userId,
        isFirst: isOnly,
        connected: this.#connected,
        form,
        suggest: () => this.#suggest(form),
        submit: () => this.#submit(form),
        another: isOnly ? null : () => this.ask(),
        other: this.#flow.other,
      }),
    );
  }

  #suggest(form) {
    const password = suggest();
    Object.assign(form, { first: password, second: password, shown: true });
    this.#page.update();
    this.#page.status(() => t("password_suggested"));
  }

  #submit(form) {
    const judged = judge(form.first);
    const wrong = [
      [judged === "short" || judged === "weak", "first", () => t(`strength_${judged}`, { count: SHORTEST })],
      [form.first !== form.second, "second", () => t("password_differ")],
      [!form.saved, "saved", () => t("password_unsaved")],
    ].find(([holds]) => holds);
    if (!wrong) return this.#derive(form);
    this.#page.alert(wrong[2]);
    document.getElementById(wrong[1])?.focus();
  }

  #derive(form) {
    let percent = 0;
    const words = () => `${t("deriving")} ${percent} %`;
    const progress = (share) => {
      // In quarters: each is read aloud.
      const quarter = Math.floor(share * 4) * 25;
      if (quarter === percent) return;
      percent = quarter;
      this.#page.status(words, true);
    };
    this.#flow.act(async () => {
      const encryptionPublicKey = await publicKey(form.first, this.#userId, progress);
      Object.assign(form, { first: "", second: "" });
      return () => this.#flow.done({ encryptionPublicKey, passwordStore: "user" });
    }, words);
  }

  #askEnclave() {
    let enclave;
    try {
      enclave = new Enclave(this.#enclaveUrl, t("enclave_frame"));
    } catch {
      return this.#page.alert(() => t("enclave_failed"));
    }
    const another = () => {
      this.#flow.stop();
      this.#page.status(null);
      this.ask();
    };
    const view = enclaveView({
      provider: this.#page.provider,
      host: enclave.host,
      frame: () => enclave.frame,
      another,
      other: this.#flow.other,
    });
    this.#flow.show(view, { still: true });
    this.#flow.act(async () => {
      const walletAddress = this.#connected.account.address;
      const key = await enclave.newKey({ userId: this.#userId, walletAddress });
      return () => this.#flow.done(key);
    });
  }
}
