// Contract wallets: what `idos-wallet` asks of a chain and makes of the answer, against an EVM with real contracts, and against
// the encoding of ethers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { createAddressFromString, hexToBytes, bytesToHex } from "@ethereumjs/util";
import { createVM } from "@ethereumjs/vm";
import { AbiCoder, concat, getCreate2Address, hashMessage, Interface, keccak256, Wallet, ZeroHash } from "ethers";
import solc from "solc";

import { rustCommand } from "../lib/paths.js";
import { LineProcess } from "../lib/process.js";

const GAS = 10_000_000n;
const SUFFIX = `0x${"6492".repeat(16)}`;
const abi = AbiCoder.defaultAbiCoder();
const factoryInterface = new Interface(["function deploy(address owner, bytes32 salt)"]);
const walletInterface = new Interface(["function isValidSignature(bytes32, bytes) view returns (bytes4)"]);
const message = "Example KYC asks you to show that this wallet is yours.\n\nPurpose: link, ü\u{1f600}";

const owner = new Wallet(`0x${"07".repeat(32)}`);
const stranger = new Wallet(`0x${"08".repeat(32)}`);

let ours;
let vm;
let factory;

/** The code that deploys a contract of `contracts/wallets.sol`. */
const compiled = (() => {
  const content = readFileSync(new URL("../contracts/wallets.sol", import.meta.url), "utf8");
  const settings = { evmVersion: "paris", outputSelection: { "*": { "*": ["evm.bytecode.object"] } } };
  const output = JSON.parse(
    solc.compile(JSON.stringify({ language: "Solidity", sources: { wallets: { content } }, settings })),
  );
  assert.equal(output.errors, undefined);
  return (name) => `0x${output.contracts.wallets[name].evm.bytecode.object}`;
})();

/** What a node answers to `eth_call`: nothing of it stays. `undefined` where it was reverted. */
async function call({ to, data }) {
  await vm.stateManager.checkpoint();
  try {
    return await execute({ to, data });
  } finally {
    await vm.stateManager.revert();
  }
}

async function execute({ to, data }) {
  const target = to ? createAddressFromString(to.toLowerCase()) : undefined;
  const { execResult } = await vm.evm.runCall({ to: target, data: hexToBytes(data), gasLimit: GAS });
  return execResult.exceptionError ? undefined : bytesToHex(execResult.returnValue);
}

async function create(code) {
  const { createdAddress, execResult } = await vm.evm.runCall({ data: hexToBytes(code), gasLimit: GAS });
  assert.equal(execResult.exceptionError, undefined);
  return createdAddress.toString();
}

const walletCode = (its) => concat([compiled("Wallet"), abi.encode(["address"], [its.address])]);
const addressOf = (its, salt = ZeroHash) => getCreate2Address(factory, salt, keccak256(walletCode(its)));
const deployment = (its, salt = ZeroHash) => factoryInterface.encodeFunctionData("deploy", [its.address, salt]);
const wrap = (signature, its, from = factory) =>
  concat([abi.encode(["address", "bytes", "bytes"], [from, deployment(its), signature]), SUFFIX]);

/** What our side says in the end, with the EVM's answer. */
async function judge(address, signature, text = message) {
  const question = { address, message: text, signature };
  const asked = await ours.ask(question);
  assert.equal(asked.error, undefined);
  const result = await call(asked);
  if (result === undefined) return "Invalid";
  return (await ours.ask({ ...question, result })).verdict;
}

before(async () => {
  const args = ["run", "--quiet", "--locked", "-p", "idos-wallet", "--example", "contract"];
  ours = new LineProcess(rustCommand("IDOS_CONTRACT_BIN", args));
  vm = await createVM();
  factory = await create(compiled("Factory"));
});

after(() => ours?.stop());

describe("a contract that is deployed (ERC-1271)", () => {
  let address;

  before(async () => {
    address = await create(walletCode(owner));
  });

  test("is asked as ethers asks it", async () => {
    const signature = await owner.signMessage(message);
    const { to, data } = await ours.ask({ address, message, signature });
    assert.equal(to, address);
    assert.equal(data, walletInterface.encodeFunctionData("isValidSignature", [hashMessage(message), signature]));
  });

  test("takes its owner's signature, and nobody else's", async () => {
    assert.equal(await judge(address, await owner.signMessage(message)), "Valid");
    assert.equal(await judge(address, await stranger.signMessage(message)), "Invalid");
    assert.equal(await judge(address, await owner.signMessage(`${message}.`)), "Invalid");
    assert.equal(await judge(address, "0x00"), "Invalid");
    assert.equal(await judge(address, "0x"), "Invalid");
  });

  test("is no address with a key, and no contract that says yes to everything", async () => {
    assert.equal(await judge(owner.address, await owner.signMessage(message)), "NoContract");
    const taker = await create(compiled("Taker"));
    assert.equal(await judge(taker, await owner.signMessage(message)), "Invalid");
  });
});

describe("a contract that is not deployed yet (ERC-6492)", () => {
  test("is tried out as ethers encodes it", async () => {
    const signature = wrap(await owner.signMessage(message), owner);
    const { to, data } = await ours.ask({ address: addressOf(owner), message, signature });
    assert.equal(to, null);
    const tail = abi.encode(["address", "bytes32", "bytes"], [addressOf(owner), hashMessage(message), signature]);
    assert.ok(data.endsWith(tail.slice(2)));
  });

  test("takes its owner's signature, and stays undeployed", async () => {
    for (let time = 0; time < 2; time++) {
      assert.equal(await judge(addressOf(owner), wrap(await owner.signMessage(message), owner)), "Valid");
    }
    assert.equal(await judge(addressOf(owner), await owner.signMessage(message)), "NoContract");
  });

  test("takes nobody else's, whatever is to deploy it", async () => {
    const theirs = await stranger.signMessage(message);
    assert.equal(await judge(addressOf(owner), wrap(theirs, owner)), "Invalid");
    // What deploys the stranger's wallet deploys nothing at the owner's address.
    assert.equal(await judge(addressOf(owner), wrap(theirs, stranger)), "Invalid");
    assert.equal(await judge(addressOf(owner), wrap(await owner.signMessage("another"), owner)), "Invalid");
    assert.equal(await judge(addressOf(owner), wrap(await owner.signMessage(message), owner, stranger.address)), "Invalid");
    assert.equal(await judge(addressOf(owner), concat(["0x1234", SUFFIX])), "Invalid");
  });

  test("takes a wrapped signature also when it is deployed meanwhile", async () => {
    await execute({ to: factory, data: deployment(owner) });
    const signature = await owner.signMessage(message);
    assert.equal(await judge(addressOf(owner), wrap(signature, owner)), "Valid");
    assert.equal(await judge(addressOf(owner), signature), "Valid");
    assert.equal(await judge(addressOf(owner), wrap(await stranger.signMessage(message), owner)), "Invalid");
  });
});
