// Freighter, by its own library.

import { isConnected, requestAccess, signMessage } from "@stellar/freighter-api";

import { toHex } from "../bytes.js";
import { stellarKey, stellarSignature } from "./check.js";
import { asking, saysNo, WalletError } from "./error.js";

/** What Freighter gives where the person said no. */
const DECLINED = -4;

function answered({ error, ...answer }) {
  if (error) throw new WalletError(error.code === DECLINED ? "rejected" : (saysNo(error) ?? "failed"));
  return answer;
}

class Freighter {
  type = "Stellar";
  id = "freighter";
  name = "Freighter";
  icon = null;

  async connect() {
    const { address } = answered(await asking(() => requestAccess(), saysNo));
    if (address === "") throw new WalletError("locked");
    return { type: "Stellar", address, publicKey: toHex(stellarKey(address)) };
  }

  async sign(message, { address }) {
    const { signedMessage, signerAddress } = answered(await asking(() => signMessage(message, { address }), saysNo));
    if (signerAddress && signerAddress !== address) throw new WalletError("wrong_account");
    return stellarSignature(signedMessage, message, stellarKey(address));
  }
}

/** Calls `found` where Freighter is installed. */
export async function discover(found) {
  const answer = await isConnected().catch(() => null);
  if (answer?.isConnected) found(new Freighter());
}
