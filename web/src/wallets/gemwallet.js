// GemWallet. Its extension is asked directly, by the messages that its API (version 3) posts: the licence of its library does
// not let others pass it on.

import { ask } from "./post.js";
import { xrplAccount, xrplSignature } from "./check.js";
import { asking, saysNo, WalletError } from "./error.js";

const INSTALLED_MS = 1500;

function request(type, payload, patience) {
  const messageId = Date.now() + Math.random();
  const page = { url: window.location.origin, title: document.title, favicon: null };
  const question = {
    source: "GEM_WALLET_MSG_REQUEST",
    messageId,
    app: "gem-wallet",
    type,
    ...(payload && { payload: { ...page, ...payload } }),
  };
  // The word is the extension's own: `messagedId`.
  const pick = (data) => (data.source === "GEM_WALLET_MSG_RESPONSE" && data.messagedId === messageId ? data : undefined);
  return ask(question, pick, patience);
}

/** No result is how GemWallet says that the person said no. */
function result({ error, result: value }) {
  if (error) throw new WalletError(saysNo(error) ?? "failed");
  if (value === null || value === undefined) throw new WalletError("rejected");
  return value;
}

class GemWallet {
  type = "XRPL";
  id = "gemwallet";
  name = "GemWallet";
  icon = null;

  async connect() {
    const { address, publicKey } = result(await asking(() => request("REQUEST_GET_PUBLIC_KEY/V3", {})));
    return { type: "XRPL", ...xrplAccount(address, publicKey) };
  }

  async sign(message, { publicKey }) {
    const answer = result(await asking(() => request("REQUEST_SIGN_MESSAGE/V3", { message, isHex: false })));
    return xrplSignature(answer.signedMessage, message, publicKey);
  }
}

/** Calls `found` where GemWallet is installed. */
export async function discover(found) {
  const answer = await request("REQUEST_IS_INSTALLED/V3", null, INSTALLED_MS);
  if (answer?.result?.isInstalled === true || answer?.isInstalled === true) found(new GemWallet());
}
