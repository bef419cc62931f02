// Crossmark. Its extension is asked directly, by the messages that its SDK (0.4) posts: what licence the SDK has, its package
// and its files do not agree on.

import { toHex, utf8 } from "../bytes.js";
import { xrplAccount, xrplSignature } from "./check.js";
import { ask } from "./post.js";
import { asking, WalletError } from "./error.js";

/** Signs in, and signs the bytes of a text where there is one: the only way in which Crossmark signs what is no transaction. */
async function signIn(message) {
  const id = crypto.randomUUID();
  const data = { tx: { TransactionType: "SignIn" }, ...(message !== undefined && { hex: toHex(utf8(message)) }) };
  const question = { app: "crossmark", type: "request", id, command: "sign", data };
  const pick = ({ response }) => (response?.type === "response" && response.id === id ? response : undefined);
  const { data: answer } = await asking(() => ask(question, pick));
  const { meta } = answer ?? {};
  if (meta?.isRejected || meta?.isExpired) throw new WalletError("rejected");
  if (!answer || meta?.isError) throw new WalletError("failed");
  return answer;
}

class Crossmark {
  type = "XRPL";
  id = "crossmark";
  name = "Crossmark";
  icon = null;

  async connect() {
    const { address, publicKey } = await signIn();
    return { type: "XRPL", ...xrplAccount(address, publicKey) };
  }

  async sign(message, account) {
    const answer = await signIn(message);
    if (xrplAccount(answer.address, answer.publicKey).address !== account.address) throw new WalletError("wrong_account");
    return xrplSignature(answer.signature, message, account.publicKey);
  }
}

/** Calls `found` once Crossmark has put its mark on the window, which it does some time after the page has loaded. */
export function discover(found, tries = 20) {
  if (window.xrpl?.isCrossmark === true) found(new Crossmark());
  else if (tries > 0) setTimeout(() => discover(found, tries - 1), 250);
}
