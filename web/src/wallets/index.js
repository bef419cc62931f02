// All wallets that this browser has.

import * as crossmark from "./crossmark.js";
import * as evm from "./evm.js";
import * as gemwallet from "./gemwallet.js";
import * as near from "./near.js";
import * as stellar from "./stellar.js";

/**
 * Calls `found` for each wallet, as it shows up. A wallet has `id`, `type`, `name`, `icon` (a data URI or null),
 * `connect()`, which gives `{ type, address, publicKey? }`, and `sign(message, account)`, which gives the signature as idOS
 * nodes take it from this type. Both throw `WalletError`, and both have checked what the wallet answered.
 */
export function discover(found, introduction) {
  for (const kind of [evm, stellar, gemwallet, crossmark, near]) {
    // One that fails takes none of the others with it.
    Promise.resolve()
      .then(() => kind.discover(found, kind === near ? introduction : undefined))
      .catch(() => {});
  }
}
