// A development node of our own for one test file, an issuer that it knows, and a holder with a wallet of each type.

import assert from "node:assert/strict";
import { after } from "node:test";

import { rowSigner } from "./holder.js";
import { Idos } from "./idos.js";
import { rustCommand } from "./paths.js";
import { startServer } from "./process.js";
import { Random } from "./random.js";
import { base64, nacl } from "./sealing.js";
import {
  ed25519Signer,
  evmWallet,
  faceSignWallet,
  nearWallet,
  OWNERSHIP_MESSAGE,
  stellarWallet,
  xrplWallet,
} from "./wallets.js";

export const random = new Random(7);
export const CHAIN = "idos-localdev";
export const INSERTER = "Example";

export const issuerSeed = random.bytes(32);
export const issuerRow = rowSigner(issuerSeed);
export const issuerBox = nacl.box.keyPair.fromSecretKey(random.bytes(32));

export const holderBox = nacl.box.keyPair.fromSecretKey(random.bytes(32));
export const holder = {
  id: random.uuid(),
  recipient_encryption_public_key: base64(holderBox.publicKey),
  encryption_password_store: "user",
};
export const wallets = [evmWallet, nearWallet, xrplWallet, stellarWallet, faceSignWallet].map((make) =>
  make(random.bytes(32)),
);
export const [evm, near, xrpl, stellar, faceSign] = wallets;

/** Starts a node that knows the issuer. */
export function startNode(...more) {
  const { command, args } = rustCommand("IDOS_DEVNODE_BIN", ["run", "-q", "-p", "idos-devnode", "--"]);
  const listen = ["--listen", "127.0.0.1:0", "--chain-id", CHAIN];
  const inserter = ["--inserter", INSERTER, "--delegate", issuerRow.publicKey];
  return startServer({ command, args: [...args, ...listen, ...inserter, ...more] });
}

export const node = await startNode();
after(() => node.stop());

export const url = node.ready.url;
export const issuer = await Idos.connect(url, ed25519Signer(issuerSeed));

/** A client that acts as one of the holder's wallets. */
export const connect = (wallet) => Idos.connect(url, wallet.signer);

/** A client of somebody whom the node has never seen. */
export const stranger = () => Idos.connect(url, ed25519Signer(random.bytes(32)));

export const nonceOf = async (idos) => Number((await idos.kwil.getAccount(idos.signer.identifier)).data.nonce);

/** For tests that do not test how a profile comes to be. */
export async function createHolder() {
  await issuer.execute("add_user_as_inserter", holder);
  for (const wallet of wallets) {
    const row = { id: random.uuid(), user_id: holder.id, ...(await walletProof(wallet)) };
    await issuer.execute("upsert_wallet_as_inserter", row);
  }
}

/** The arguments of the wallet actions that prove a wallet. */
export async function walletProof(wallet, message = OWNERSHIP_MESSAGE) {
  return {
    address: wallet.address,
    public_key: wallet.publicKey,
    wallet_type: wallet.type,
    message,
    signature: await wallet.sign(message),
  };
}

/** Counts how often a client logs in at the gateway. */
export function countLogins(idos) {
  const counter = { logins: 0 };
  const login = idos.kwil.auth.authenticateKGW.bind(idos.kwil.auth);
  idos.kwil.auth.authenticateKGW = (signer) => {
    counter.logins++;
    return login(signer);
  };
  return counter;
}

/** What the node logs, from the position `from`. Another process writes it: give it a moment. */
export async function logged(pattern, from = 0) {
  for (let i = 0; i < 40; i++) {
    if (pattern.test(node.log.text.slice(from))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.match(node.log.text.slice(from), pattern);
}

/** Asks as the client does, without the client. */
export async function rpc(method, params, headers = {}) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(`${url}/rpc/v1`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return { response, answer: await response.json() };
}
