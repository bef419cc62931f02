// An idOS client on top of the real Kwil client, as the official SDK uses it.

import kwil from "@idos-network/kwil-js";

import { CALLS, EXECUTES, parametersOf } from "./actions.js";

// The client obeys proxy variables, and a proxy cannot reach a node on this machine.
process.env.NO_PROXY = process.env.no_proxy = "127.0.0.1,localhost";

const { NodeKwil, Utils } = kwil;
const TYPES = { text: Utils.DataType.Text, uuid: Utils.DataType.Uuid, int8: Utils.DataType.Int };

export class Idos {
  constructor({ url, chainId, signer, autoAuthenticate = true }) {
    this.kwil = new NodeKwil({ kwilProvider: url, chainId, autoAuthenticate, timeout: 30_000 });
    this.signer = signer;
  }

  /** Asks the node for its chain id first, as the SDK does, by a throw-away client. */
  static async connect(url, signer) {
    const stranger = new NodeKwil({ kwilProvider: url, chainId: "" });
    const { data } = await stranger.chainInfo({ disableWarning: true });
    return new Idos({ url, chainId: data.chain_id, signer });
  }

  /** Sends a transaction and waits until it is in a block. Gives the hash in the client's own, longer form. */
  async execute(action, inputs, { nonce, wait = true, signer = this.signer } = {}) {
    const { description, parameters } = EXECUTES[action];
    const { values, types } = argumentsFor(parameters, inputs);
    const body = { namespace: "main", name: action, description, inputs: [values], types, nonce };
    const { data } = await this.kwil.execute(body, signer, wait);
    return data.tx_hash;
  }

  /** Rows of a view. */
  async call(action, inputs = {}, signer = this.signer) {
    return (await this.callRaw(action, inputs, signer)).data.result;
  }

  /** What the Kwil client answers to a view, before anybody looks into it. */
  async callRaw(action, inputs = {}, signer = this.signer) {
    const { values, types } = argumentsFor(CALLS[action], inputs);
    return this.kwil.call({ namespace: "main", name: action, inputs: values, types }, signer);
  }
}

/** Missing inputs become null; empty texts stay. */
export function argumentsFor(parameters, inputs) {
  const list = parametersOf(parameters);
  const unknown = Object.keys(inputs).filter((name) => !list.some(([known]) => known === name));
  if (unknown.length > 0) throw new Error(`no such parameter: ${unknown}`);
  return { values: list.map(([name]) => inputs[name] ?? null), types: list.map(([, type]) => TYPES[type]) };
}

/** The 64 hex digits that the node answered. The client reads them as base64 and shows 96 digits of nonsense. */
export function nodeHash(clientHash) {
  return Buffer.from(clientHash, "hex").toString("base64");
}
