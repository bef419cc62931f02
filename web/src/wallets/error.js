// Why a wallet did not do what it was asked for.

/**
 * `reason` is one of: `rejected` (the person said no), `locked` (unlock it first), `busy` (another question waits in it),
 * `wrong_chain` (not connected to any chain), `wrong_account` (answered for another account), `contract` (the signature is
 * that of a contract account), `bad_answer` (not what such wallets answer), `silent` (no answer), `failed` (anything else).
 */
export class WalletError extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** Runs what asks a wallet. Whatever it throws becomes a `WalletError`: a wallet's own words go nowhere. */
export async function asking(ask, reasonOf = () => "failed") {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof WalletError ? error : new WalletError(reasonOf(error) ?? "failed");
  }
}

/** What wallets without codes say when the person said no. */
export function saysNo(error) {
  const text = typeof error === "string" ? error : String(error?.message ?? "");
  return /reject|denied|declin|cancel|closed|abort/i.test(text) ? "rejected" : undefined;
}
