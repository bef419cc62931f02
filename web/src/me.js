// The way into one's own page by a wallet: it signs the login of the idOS gateway, and the service opens the page. All else there is made
// by the service, without a script.

import { Api, Problem } from "./api.js";
import { el } from "./dom.js";
import { discover } from "./wallets/index.js";
import { WalletError } from "./wallets/error.js";

/** How long wallets are looked for before it is said that there is none, in milliseconds. */
const PATIENCE = 1500;

const place = document.getElementById("wallets");
if (place) begin(place);

function begin(place) {
  const words = place.dataset;
  const api = new Api(new URL(words.base, window.location.href).href, { credentials: "same-origin" });
  const list = el("ul", { class: "wallets" });
  const status = el("p", { role: "status" }, words.look);
  const alert = el("div", { role: "alert" });
  place.replaceChildren(list, status, alert);
  const tell = (text) => {
    status.textContent = text;
  };
  discover((wallet) => {
    const picture = wallet.icon ? el("img", { src: wallet.icon, alt: "" }) : null;
    const button = el("button", { type: "button", id: `wallet-${wallet.id}` }, picture, el("span", {}, wallet.name));
    button.addEventListener("click", () => comeIn(wallet));
    list.append(el("li", {}, button));
    tell("");
  }, () => words.sign);
  setTimeout(() => {
    if (list.children.length === 0) tell(words.none);
  }, PATIENCE);

  async function comeIn(wallet) {
    const buttons = list.querySelectorAll("button");
    const busy = (is) => buttons.forEach((button) => (button.disabled = is));
    busy(true);
    alert.replaceChildren();
    tell(words.sign);
    try {
      const account = await wallet.connect();
      const { message, nonce } = await api.post("wallet", { wallet: account });
      const signature = await wallet.sign(message, account);
      await api.post("wallet/sign-in", { wallet: account, nonce, signature });
      window.location.assign(window.location.href);
    } catch (error) {
      if (!(error instanceof WalletError) && !(error instanceof Problem)) throw error;
      const said = { wrong_wallet: words.nobody, rate_limited: words.often }[error.code] ?? words.failed;
      tell("");
      alert.replaceChildren(el("p", { class: "refusal" }, said));
      busy(false);
    }
  }
}
