// The real Kwil client of idOS against our development node: an issuer's and a holder's life, and what the client
// makes of failures.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { issue, issuerKey, verify } from "../lib/credential.js";
import { grantedWrite, grantTime, rowSigner, sealedRow, writeGrant } from "../lib/holder.js";
import { Idos, nodeHash } from "../lib/idos.js";
import { rustCommand } from "../lib/paths.js";
import { fullSubject } from "../lib/people.js";
import { startServer } from "../lib/process.js";
import { Random } from "../lib/random.js";
import { base64, hex, nacl, open, sha256Hex } from "../lib/sealing.js";
import {
  ed25519Signer,
  evmWallet,
  faceSignWallet,
  nearWallet,
  OWNERSHIP_MESSAGE,
  stellarWallet,
  xrplWallet,
} from "../lib/wallets.js";

const random = new Random(7);
const CHAIN = "idos-localdev";
const INSERTER = "Example";
const issuerSeed = random.bytes(32);
const issuerRow = rowSigner(issuerSeed);
const issuerBox = nacl.box.keyPair.fromSecretKey(random.bytes(32));
const holderBox = nacl.box.keyPair.fromSecretKey(random.bytes(32));
const holderId = random.uuid();
const wallets = [evmWallet, nearWallet, xrplWallet, stellarWallet, faceSignWallet].map((make) => make(random.bytes(32)));
const [evm, near, xrpl, stellar, faceSign] = wallets;

let node;
let url;
let issuer;

before(async () => {
  const { command, args } = rustCommand("IDOS_DEVNODE_BIN", ["run", "-q", "-p", "idos-devnode", "--"]);
  const options = ["--listen", "127.0.0.1:0", "--chain-id", CHAIN, "--inserter", INSERTER, "--delegate", issuerRow.publicKey];
  node = await startServer({ command, args: [...args, ...options] });
  url = node.ready.url;
  issuer = await Idos.connect(url, ed25519Signer(issuerSeed));
});
after(() => node?.stop());

const connect = (wallet) => Idos.connect(url, wallet.signer);
const stranger = () => Idos.connect(url, ed25519Signer(random.bytes(32)));
const nonceOf = async (idos) => Number((await idos.kwil.getAccount(idos.signer.identifier)).data.nonce);

/** Counts how often a client logs in at the gateway. */
function countLogins(idos) {
  const counter = { logins: 0 };
  const login = idos.kwil.auth.authenticateKGW.bind(idos.kwil.auth);
  idos.kwil.auth.authenticateKGW = (signer) => (counter.logins++, login(signer));
  return counter;
}

/** The log is written by another process: give it a moment. */
async function logged(pattern, from = 0) {
  for (let i = 0; i < 40; i++) {
    if (pattern.test(node.log.text.slice(from))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.match(node.log.text.slice(from), pattern);
}

/** Asks as the client does, without the client. */
async function rpc(method, params, headers = {}) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(`${url}/rpc/v1`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  return { response, answer: await response.json() };
}

async function walletProof(wallet, message = OWNERSHIP_MESSAGE) {
  return {
    address: wallet.address,
    public_key: wallet.publicKey,
    wallet_type: wallet.type,
    message,
    signature: await wallet.sign(message),
  };
}

describe("the node", () => {
  test("says loudly that it is no idOS node", async () => {
    await logged(/no(t an?)? idOS node|development/i);
  });

  test("tells who it is", async () => {
    const { data } = await issuer.kwil.chainInfo();
    assert.equal(data.chain_id, CHAIN);
    assert.match(data.height, /^\d+$/);
    assert.match(data.hash, /^[0-9a-f]{64}$/);
    assert.equal((await issuer.kwil.ping()).data, "pong");
  });

  test("knows nothing of an account that it has not seen, and the client can work with that", async () => {
    const unseen = await stranger();
    const { data } = await unseen.kwil.getAccount(unseen.signer.identifier);
    assert.deepEqual({ ...data, id: undefined }, { id: undefined, balance: "0", nonce: 0 });
  });

  test("lets browsers in", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    const asked = await fetch(`${url}/rpc/v1`, { method: "OPTIONS", headers });
    assert.ok(asked.ok);
    for (const { headers } of [asked, (await rpc("user.chain_info", {}, { origin: "https://app.example" })).response]) {
      assert.equal(headers.get("access-control-allow-origin"), "https://app.example");
      assert.equal(headers.get("access-control-allow-credentials"), "true");
    }
  });
});

describe("an issuer", () => {
  test("creates a user with its first transaction", async () => {
    assert.equal(await nonceOf(issuer), 0);
    const user = { id: holderId, recipient_encryption_public_key: base64(holderBox.publicKey), encryption_password_store: "user" };
    const hash = await issuer.execute("add_user_as_inserter", user);
    assert.equal(await nonceOf(issuer), 1);
    assert.match(nodeHash(hash), /^[0-9a-f]{64}$/);

    const { data } = await issuer.kwil.txInfo(hash);
    assert.equal(data.tx_hash, nodeHash(hash));
    assert.ok(data.height > 0);
    assert.equal(data.tx.body.desc, "Add a user to idOS");
    assert.equal(data.tx.body.nonce, 1);
    assert.equal(hex(data.tx.sender), issuerRow.publicKey);
    assert.equal(data.tx_result.code, 0);
  });

  test("logs in once, by the way, and reads", async () => {
    const counter = countLogins(issuer);
    assert.equal(issuer.kwil.cookie, undefined);
    for (let i = 0; i < 3; i++) {
      const rows = await issuer.call("get_user_as_inserter", { id: holderId });
      assert.deepEqual(rows, [
        {
          id: holderId,
          recipient_encryption_public_key: base64(holderBox.publicKey),
          encryption_password_store: "user",
          inserter: INSERTER,
        },
      ]);
    }
    assert.equal(counter.logins, 1);
    assert.match(issuer.kwil.cookie, /^kgw_session=[^;]+;.*HttpOnly/i);
  });

  test("logs out, and in again when it has to", async () => {
    const counter = countLogins(issuer);
    await issuer.kwil.auth.logoutKGW();
    assert.equal(issuer.kwil.cookie, undefined);
    assert.equal((await issuer.call("get_user_as_inserter", { id: holderId })).length, 1);
    assert.equal(counter.logins, 1);
  });

  test("reads rows that are not there as none", async () => {
    assert.deepEqual(await issuer.call("get_user_as_inserter", { id: randomUUID() }), []);
    assert.deepEqual(await issuer.call("get_user"), []);
    assert.deepEqual(await issuer.call("credential_exist_as_inserter", { id: randomUUID() }), [{ credential_exist: false }]);
  });

  for (const wallet of wallets) {
    test(`adds a wallet of type ${wallet.type} by its proof`, async () => {
      const anonymous = await Idos.connect(url, null);
      assert.deepEqual(await anonymous.call("has_profile", { address: wallet.address }), [{ has_profile: false }]);

      const proof = await walletProof(wallet);
      await issuer.execute("upsert_wallet_as_inserter", { id: random.uuid(), user_id: holderId, ...proof });
      assert.deepEqual(await anonymous.call("has_profile", { address: wallet.address }), [{ has_profile: true }]);
      assert.deepEqual(await anonymous.call("has_profile", { address: wallet.address.toUpperCase() }), [{ has_profile: true }]);
    });

    test(`cannot add a wallet of type ${wallet.type} twice, nor by a proof of something else`, async () => {
      const good = { id: random.uuid(), user_id: holderId, ...(await walletProof(wallet)) };
      await assert.rejects(issuer.execute("upsert_wallet_as_inserter", good), /wallet (address|public key) already exists in idos/);
      const other = { ...good, message: "Sign away everything" };
      await assert.rejects(issuer.execute("upsert_wallet_as_inserter", other), /ERROR: wallet is invalid/);
    });
  }

  test("writes a credential without a grant, if its signatures are right", async () => {
    const row = sealedRow("{}", holderBox.publicKey, issuerRow, '{"id":"n1","level":"basic"}');
    const id = random.uuid();
    const bad = { ...row, public_notes: '{"id":"n1","level":"plus"}' };
    await assert.rejects(issuer.execute("upsert_credential_as_inserter", { id, user_id: holderId, ...bad }), /ERROR: signature is wrong/);
    await issuer.execute("upsert_credential_as_inserter", { id, user_id: holderId, ...row });
    assert.deepEqual(await issuer.call("credential_exist_as_inserter", { id }), [{ credential_exist: true }]);

    const holder = await connect(evm);
    const [owned] = await holder.call("get_credential_owned", { id });
    assert.deepEqual(owned, {
      id,
      user_id: holderId,
      public_notes: row.public_notes,
      content: row.content,
      encryptor_public_key: row.encryptor_public_key,
      issuer_auth_public_key: issuerRow.publicKey,
      inserter: INSERTER,
    });
  });

  test("adds an attribute with any text", async () => {
    const value = `${random.text(200)} ${"A".repeat(81_920)}`;
    await issuer.execute("add_attribute_as_inserter", { id: random.uuid(), user_id: holderId, attribute_key: "k", value });
  });
});

for (const wallet of wallets) {
  describe(`a grant by a wallet of type ${wallet.type}`, () => {
    const [originalId, copyId] = [random.uuid(), random.uuid()];
    const notesId = random.uuid();
    const publicNotes = JSON.stringify({ id: notesId, type: "KYC DATA", level: "plus+liveness", status: "approved" });
    const grant = writeGrant({
      owner: wallet.owner,
      grantee: issuerRow.publicKey,
      issuerPublicKey: issuerRow.publicKey,
      id: random.uuid(),
    });
    let plaintext;
    let write;

    before(async () => {
      const key = await issuerKey({ issuer: "https://issuer.example/idos", seed: issuerSeed });
      const fields = { id: `https://issuer.example/credentials/${notesId}`, level: "plus+liveness" };
      plaintext = await issue({ kind: "kyc", key, fields, subject: fullSubject(), created: new Date().toISOString() });
    });

    test("is a text that the node composes and the wallet signs", async () => {
      const [{ message }] = await issuer.call("dwg_message", grant);
      for (const value of Object.values(grant)) assert.ok(message.includes(value), value);
      const rows = { plaintext, originalId, copyId, holderKey: holderBox.publicKey, copyKey: issuerBox.publicKey };
      write = grantedWrite({ ...rows, signer: issuerRow, publicNotes, grant, signature: await wallet.sign(message) });
    });

    test("does not let the issuer write anything else", async () => {
      const expected = [
        [{ dwg_grantee: issuerRow.publicKey.toUpperCase() }, /verify owner failed/],
        [{ dwg_not_after: grantTime(48 * 3600) }, /verify owner failed/],
        [{ dwg_not_before: grantTime(600) }, /this write grant can only be used after dwg_not_before and before dwg_not_after/],
        [{ dwg_not_before: grant.not_usable_after }, /dwg_not_before must be before dwg_not_after/],
        [{ dwg_owner: "0x0000000000000000000000000000000000000001" }, /dwg_owner not found/],
        [{ dwg_issuer_public_key: "ab".repeat(32) }, /credentials issuer must be an issuer of delegated write grant/],
        [{ original_public_notes: "{}" }, /an original credential signature is wrong/],
        [{ copy_content: write.original_content }, /a copy credential signature is wrong/],
      ];
      for (const [change, message] of expected) {
        await assert.rejects(issuer.execute("create_credentials_by_dwg", { ...write, ...change }), message);
      }
    });

    test("lets the issuer write once", async () => {
      await issuer.execute("create_credentials_by_dwg", write);
      const again = { ...write, original_credential_id: random.uuid(), copy_credential_id: random.uuid() };
      await assert.rejects(issuer.execute("create_credentials_by_dwg", again), /duplicate key/);
      assert.deepEqual(await issuer.call("credential_exist_as_inserter", { id: again.original_credential_id }), [
        { credential_exist: false },
      ]);
    });

    // The official client signs as a Stellar wallet in a way that the schema cannot match with one.
    if (wallet.signer) {
      test("gives the holder a credential to read, decrypt and verify", async () => {
        const holder = await connect(wallet);
        const listed = (await holder.call("get_credentials")).filter(({ id }) => id === originalId || id === copyId);
        assert.deepEqual(
          listed.map(({ id, original_id, public_notes, inserter }) => ({ id, original_id, public_notes, inserter })).sort(byId),
          [
            { id: originalId, original_id: null, public_notes: publicNotes, inserter: grant.id },
            { id: copyId, original_id: originalId, public_notes: "", inserter: grant.id },
          ].sort(byId),
        );

        const [row] = await holder.call("get_credential_owned", { id: originalId });
        const credential = Buffer.from(
          open({ content: row.content, encryptorPublicKey: row.encryptor_public_key }, holderBox.secretKey),
        ).toString();
        assert.equal(credential, plaintext);
        const { publicKeyMultibase } = await issuerKey({ issuer: "x:y", seed: issuerSeed });
        const issuers = [{ issuer: "https://issuer.example/idos", publicKeyMultibase }];
        assert.deepEqual(await verify({ credential, issuers, at: new Date() }), { verified: true });
        assert.deepEqual(await holder.call("get_user"), [
          { id: holderId, recipient_encryption_public_key: base64(holderBox.publicKey), encryption_password_store: "user" },
        ]);
      });
    }

    test("gives the issuer its copy", async () => {
      const contentHash = sha256Hex(Buffer.from(plaintext));
      assert.deepEqual(await issuer.call("get_sibling_credential_id", { content_hash: contentHash }), [{ id: copyId }]);
      const [row] = await issuer.call("get_credential_shared", { id: copyId });
      assert.equal(row.public_notes, publicNotes);
      const opened = open({ content: row.content, encryptorPublicKey: row.encryptor_public_key }, issuerBox.secretKey);
      assert.equal(Buffer.from(opened).toString(), plaintext);

      const grants = await issuer.call("get_access_grants_granted", { user_id: holderId, page: 1, size: 100 });
      const [{ data_id, content_hash, locked_until, inserter_type, inserter_id }] = grants.filter(
        ({ data_id }) => data_id === copyId,
      );
      const lock = String(Date.parse(grant.access_grant_timelock) / 1000); // integers come as texts
      assert.deepEqual(
        { data_id, content_hash, locked_until, inserter_type, inserter_id },
        { data_id: copyId, content_hash: contentHash, locked_until: lock, inserter_type: "delegated_write_grant", inserter_id: grant.id },
      );
      const [{ count }] = await issuer.call("get_access_grants_granted_count");
      assert.equal(count, String(grants.length));
    });

    test("lets the issuer revoke by editing the notes", async () => {
      const revoked = publicNotes.replace("approved", "revoked");
      await issuer.execute("edit_public_notes_as_issuer", { public_notes_id: notesId, public_notes: revoked });
      assert.equal((await issuer.call("get_credential_shared", { id: copyId }))[0].public_notes, revoked);
    });
  });
}

const byId = (a, b) => (a.id < b.id ? -1 : 1);

describe("a holder", () => {
  for (const wallet of [evm, near, xrpl, faceSign]) {
    test(`with a wallet of type ${wallet.type} writes, shares and revokes`, async () => {
      const holder = await connect(wallet);
      const consumer = await stranger();
      const consumerBox = nacl.box.keyPair();
      const consumerId = hex(consumer.signer.identifier);
      const own = rowSigner(random.bytes(32));
      const [id, copy] = [random.uuid(), random.uuid()];
      await holder.execute("add_credential", { id, ...sealedRow("mine", holderBox.publicKey, own, '{"level":"basic"}') });

      const locked = Math.floor(Date.now() / 1000) - 1;
      await holder.execute("share_credential", {
        id: copy,
        original_credential_id: id,
        ...sealedRow("mine", consumerBox.publicKey, own),
        content_hash: sha256Hex("mine"),
        grantee_wallet_identifier: consumerId,
        locked_until: locked,
      });
      const [row] = await consumer.call("get_credential_shared", { id: copy });
      const opened = open({ content: row.content, encryptorPublicKey: row.encryptor_public_key }, consumerBox.secretKey);
      assert.equal(Buffer.from(opened).toString(), "mine");

      const grants = await holder.call("get_access_grants_owned");
      const grant = grants.find(({ data_id }) => data_id === copy);
      assert.equal(grant.ag_grantee_wallet_identifier, consumerId);
      await holder.execute("revoke_access_grant", { id: grant.id });
      assert.deepEqual(await consumer.call("get_credential_shared", { id: copy }), []);
      await holder.execute("remove_credential", { id });
      assert.deepEqual(await holder.call("get_credential_owned", { id }), []);
    });
  }

  test("sees all wallets, and can add and remove one", async () => {
    const holder = await connect(evm);
    const types = async () => (await holder.call("get_wallets")).map(({ wallet_type }) => wallet_type).sort();
    assert.deepEqual(await types(), ["EVM", "FaceSign", "NEAR", "Stellar", "XRPL"]);

    const id = random.uuid();
    const second = evmWallet(random.bytes(32));
    await holder.execute("add_wallet", { id, ...(await walletProof(second)) });
    assert.equal((await types()).length, 6);
    assert.equal((await (await connect(second)).call("get_user"))[0].id, holderId);
    await holder.execute("remove_wallet", { id });
    assert.equal((await types()).length, 5);
  });

  test("cannot remove the wallet that is in use", async () => {
    const holder = await connect(evm);
    const { id } = (await holder.call("get_wallets")).find(({ wallet_type }) => wallet_type === "EVM");
    await assert.rejects(holder.execute("remove_wallet", { id }), /You can not delete a wallet you are connected with/);
  });

  test("who uses the client of somebody else is logged in anew", async () => {
    const client = await connect(evm);
    const counter = countLogins(client);
    assert.equal((await client.call("get_user"))[0].id, holderId);
    assert.deepEqual(await client.call("get_user", {}, (await stranger()).signer), []);
    assert.equal((await client.call("get_user"))[0].id, holderId);
    assert.equal(counter.logins, 3);
  });
});

describe("failures", () => {
  const user = () => ({ id: random.uuid(), recipient_encryption_public_key: base64(holderBox.publicKey), encryption_password_store: "user" });

  test("of an action are thrown as the node's JSON, and use up a nonce", async () => {
    const other = await stranger();
    await assert.rejects(other.execute("add_user_as_inserter", user()), ({ message }) => {
      const { tx_hash, result } = JSON.parse(message);
      assert.match(tx_hash, /^[0-9a-f]{64}$/);
      assert.equal(result.code, 65535);
      assert.equal(result.log, "ERROR: Unauthorized inserter");
      return true;
    });
    assert.equal(await nonceOf(other), 1);
  });

  test("of the database look as the database's", async () => {
    await assert.rejects(issuer.execute("add_user_as_inserter", { ...user(), id: holderId }), /duplicate key value.*users_pkey.*23505/);
    await assert.rejects(issuer.execute("add_user_as_inserter", { ...user(), encryption_password_store: "paper" }), /23514/);
    const attribute = { id: random.uuid(), user_id: random.uuid(), attribute_key: "k", value: "v" };
    await assert.rejects(issuer.execute("add_attribute_as_inserter", attribute), /23503/);
  });

  test("of a nonce are refused and use up nothing", async () => {
    const expected = (await nonceOf(issuer)) + 1;
    for (const nonce of [expected + 1, expected + 90, 1]) {
      const text = `invalid nonce for account ${issuerRow.publicKey}: got ${nonce}, expected ${expected}`;
      await assert.rejects(issuer.execute("add_user_as_inserter", user(), { nonce }), ({ message }) => {
        assert.match(message, /^JSON RPC call error: code: -201, message: broadcast error, data: \{/);
        const data = JSON.parse(message.split("data: ")[1]);
        assert.equal(data.code, 4);
        assert.ok(data.message.includes(text), data.message);
        return true;
      });
    }
    assert.equal(await nonceOf(issuer), expected - 1);
  });

  test("of two writes at once: one of them has the wrong nonce", async () => {
    const writes = await Promise.allSettled([user(), user()].map((one) => issuer.execute("add_user_as_inserter", one)));
    const failed = writes.filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 1);
    assert.match(failed[0].reason.message, /code: -201.*"code":4/);
  });

  test("of a signature are refused", async () => {
    const { identifier, signatureType } = issuer.signer;
    const forger = { identifier, signatureType, signer: async () => nacl.randomBytes(64) };
    await assert.rejects(issuer.execute("add_user_as_inserter", user(), { signer: forger }), /-201.*65535.*failed to verify the transaction/);
  });

  test("of a chain id are refused", async () => {
    const elsewhere = new Idos({ url, chainId: "another-chain", signer: issuer.signer });
    await assert.rejects(elsewhere.execute("add_user_as_inserter", user()), /-201.*"code":5.*wrong chain/);
  });

  test("of a login for another chain are found by the client", async () => {
    const elsewhere = new Idos({ url, chainId: "another-chain", signer: issuer.signer });
    await assert.rejects(elsewhere.call("get_user"), /Chain ID mismatch/);
  });

  test("of a forged login leave the client without session", async () => {
    const { identifier, signatureType } = issuer.signer;
    const forger = await Idos.connect(url, { identifier, signatureType, signer: async () => nacl.randomBytes(64) });
    await assert.rejects(forger.call("get_user_as_inserter", { id: holderId }), /-90\d/);
  });

  test("of a view are swallowed by the client; the node's log says so", async () => {
    const other = await stranger();
    const from = node.log.text.length;
    const { status, data } = await other.callRaw("get_user_as_inserter", { id: holderId });
    assert.deepEqual({ status, result: data.result }, { status: 200, result: [] });
    await logged(/WARN.*Unauthorized inserter/, from);
    await logged(/WARN.*(swallow|ignore|drop|overlook|hide|not see)/i, from);

    const [copy] = (await issuer.call("get_access_grants_granted", { page: 1, size: 1 })).map(({ data_id }) => data_id);
    assert.deepEqual(await other.call("get_credential_shared", { id: copy }), []);
    await logged(/the credential is not shared with the caller/, from);
  });

  test("of a second login are swallowed by the client; the node's log says so", async () => {
    const other = await stranger();
    const from = node.log.text.length;
    Object.defineProperty(other.kwil, "cookie", { get: () => "kgw_session=lost; Path=/", set: () => {} });
    const answer = await other.callRaw("get_user");
    assert.deepEqual(answer, { status: 200, data: undefined, authCode: -901 });
    await logged(/WARN.*-901/, from);
  });

  test("of a view without a signer ask for one", async () => {
    const { answer } = await rpc("user.call", { body: { payload: "AAAEAAAAbWFpbggAAABnZXRfdXNlcgAA" }, auth_type: "ed25519", sender: issuerRow.publicKey, signature: "" });
    assert.equal(answer.error.code, -901);
  });

  test("of the engine are thrown with its words", async () => {
    const call = (name, inputs = [], types = []) => issuer.kwil.call({ namespace: "main", name, inputs, types }, issuer.signer);
    await assert.rejects(call("nonsense"), /code: -300, message: unknown action: action "nonsense" does not exist in namespace "main"/);
    await assert.rejects(call("get_credential_owned"), /code: -300.*expected 1 arguments, but got 0/);
    await assert.rejects(call("has_profile", [1]), /code: -300.*type error: action "has_profile" expected argument 1 to be of type text, but got int8/);
    await assert.rejects(call("add_user_as_inserter", ["x", "y", "z"]), /code: -300/);
  });

  test("of unknown transactions are thrown", async () => {
    await assert.rejects(issuer.kwil.txInfo(Buffer.from("ab".repeat(32), "base64").toString("hex")), /code: -202, message: transaction not found/);
  });
});

describe("other ways to send", () => {
  test("an untyped argument that looks like a UUID is one", async () => {
    const { data } = await issuer.kwil.call({ namespace: "main", name: "get_user_as_inserter", inputs: [holderId] }, issuer.signer);
    assert.equal(data.result[0].id, holderId);
  });

  test("without waiting, the result is looked up by the hash", async () => {
    const id = random.uuid();
    const user = { id, recipient_encryption_public_key: base64(holderBox.publicKey), encryption_password_store: "mpc" };
    const hash = await issuer.execute("add_user_as_inserter", user, { wait: false });
    let info;
    for (let i = 0; i < 50; i++) {
      info = (await issuer.kwil.txInfo(hash)).data;
      if (info.height > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(info.tx_result.code, 0);
    assert.equal((await issuer.call("get_user_as_inserter", { id }))[0].encryption_password_store, "mpc");
  });

  test("two calls in one transaction are done both or not at all", async () => {
    const twice = random.uuid();
    const row = (id) => [id, base64(holderBox.publicKey), "user"];
    const send = (inputs) => issuer.kwil.execute({ namespace: "main", name: "add_user_as_inserter", description: "batch", inputs }, issuer.signer, true);
    await assert.rejects(send([row(twice), row(twice)]), /duplicate key/);
    assert.deepEqual(await issuer.call("get_user_as_inserter", { id: twice }), []);
    const [one, two] = [random.uuid(), random.uuid()];
    await send([row(one), row(two)]);
    for (const id of [one, two]) assert.equal((await issuer.call("get_user_as_inserter", { id })).length, 1);
  });

  test("a megabyte of files fits into a write with a grant", async () => {
    const grant = writeGrant({ owner: evm.owner, grantee: issuerRow.publicKey, issuerPublicKey: issuerRow.publicKey, id: random.uuid() });
    const [{ message }] = await issuer.call("dwg_message", grant);
    const plaintext = "A".repeat(1_300_000);
    const rows = { plaintext, originalId: random.uuid(), copyId: random.uuid(), holderKey: holderBox.publicKey, copyKey: issuerBox.publicKey };
    const write = grantedWrite({ ...rows, signer: issuerRow, publicNotes: '{"level":"basic"}', grant, signature: await evm.sign(message) });
    await issuer.execute("create_credentials_by_dwg", write);
    const [row] = await issuer.call("get_credential_shared", { id: rows.copyId });
    assert.equal(row.content, write.copy_content);
  });

  test("more than a transaction or a request can hold is refused", async () => {
    const attribute = (length) => ({ id: random.uuid(), user_id: holderId, attribute_key: "k", value: "A".repeat(length) });
    await assert.rejects(issuer.execute("add_attribute_as_inserter", attribute(4_250_000)), /transaction size limit exceeded/);
    await assert.rejects(issuer.execute("add_attribute_as_inserter", attribute(5_000_000)));
  });
});
