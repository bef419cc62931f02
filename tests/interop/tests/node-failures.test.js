// The real Kwil client against the development node or kwild: what it makes of failures, and rarer ways to send.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  createHolder,
  evm,
  holder,
  holderBox,
  issuer,
  issuerBox,
  issuerRow,
  logged,
  node,
  nonceOf,
  random,
  rpc,
  stranger,
  url,
} from "../lib/devnode.js";
import { grantedWrite, writeGrant } from "../lib/holder.js";
import { Idos } from "../lib/idos.js";
import { base64, nacl } from "../lib/sealing.js";

await createHolder();

describe("failures", () => {
  const user = () => ({
    id: random.uuid(),
    recipient_encryption_public_key: base64(holderBox.publicKey),
    encryption_password_store: "user",
  });

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
    await assert.rejects(
      issuer.execute("add_user_as_inserter", { ...user(), id: holder.id }),
      /duplicate key value.*users_pkey.*23505/,
    );
    await assert.rejects(
      issuer.execute("add_user_as_inserter", { ...user(), encryption_password_store: "paper" }),
      /23514/,
    );
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

  test("of two writes at once, which have asked for the nonce both: one of them comes too late", async () => {
    const nonce = (await nonceOf(issuer)) + 1;
    const writes = await Promise.allSettled(
      [user(), user()].map((one) => issuer.execute("add_user_as_inserter", one, { nonce })),
    );
    const failed = writes.filter(({ status }) => status === "rejected");
    assert.equal(failed.length, 1);
    assert.match(failed[0].reason.message, /code: -201.*"code":4/);
    assert.equal(await nonceOf(issuer), nonce);
  });

  test("of a signature are refused", async () => {
    const { identifier, signatureType } = issuer.signer;
    const forger = { identifier, signatureType, signer: async () => nacl.randomBytes(64) };
    await assert.rejects(
      issuer.execute("add_user_as_inserter", user(), { signer: forger }),
      /-201.*65535.*failed to verify the transaction/,
    );
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
    const forger = await Idos.connect(url, {
      identifier,
      signatureType,
      signer: async () => nacl.randomBytes(64),
    });
    await assert.rejects(forger.call("get_user_as_inserter", { id: holder.id }), /-90\d/);
  });

  test("of a view are swallowed by the client", async () => {
    const other = await stranger();
    const { status, data } = await other.callRaw("get_user_as_inserter", { id: holder.id });
    assert.deepEqual({ status, result: data.result }, { status: 200, result: [] });
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
    const { answer } = await rpc("user.call", {
      body: { payload: "AAAEAAAAbWFpbggAAABnZXRfdXNlcgAA" },
      auth_type: "ed25519",
      sender: issuerRow.publicKey,
      signature: "",
    });
    assert.equal(answer.error.code, -901);
  });

  test("of the engine are thrown with its words", async () => {
    const call = (name, inputs = [], types = []) =>
      issuer.kwil.call({ namespace: "main", name, inputs, types }, issuer.signer);
    await assert.rejects(
      call("nonsense"),
      /code: -300, message: unknown action: action "nonsense" does not exist in namespace "main"/,
    );
    await assert.rejects(call("get_credential_owned"), /code: -300.*expected 1 arguments, but got 0/);
    await assert.rejects(
      call("has_profile", [1]),
      /code: -300.*type error: action "has_profile" expected argument 1 to be of type text, but got int8/,
    );
    await assert.rejects(call("add_user_as_inserter", ["x", "y", "z"]), /code: -300/);
  });

  test("of unknown transactions are thrown", async () => {
    await assert.rejects(
      issuer.kwil.txInfo(Buffer.from("ab".repeat(32), "base64").toString("hex")),
      /code: -202, message: transaction not found/,
    );
  });
});

describe("other ways to send", () => {
  test("an untyped argument that looks like a UUID is one", async () => {
    const { data } = await issuer.kwil.call(
      { namespace: "main", name: "get_user_as_inserter", inputs: [holder.id] },
      issuer.signer,
    );
    assert.equal(data.result[0].id, holder.id);
  });

  test("named arguments need the list of actions, which nobody may read", async () => {
    const inputs = { $user_id: holder.id, $page: 1, $size: 10 };
    await assert.rejects(
      issuer.kwil.call({ namespace: "main", name: "get_access_grants_granted", inputs }, issuer.signer),
      /code: -300, message: user does not have privilege SELECT on namespace "main"/,
    );
  });

  test("without waiting, the result is looked up by the hash", async () => {
    const id = random.uuid();
    const user = {
      id,
      recipient_encryption_public_key: base64(holderBox.publicKey),
      encryption_password_store: "mpc",
    };
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
    const send = (inputs) =>
      issuer.kwil.execute(
        { namespace: "main", name: "add_user_as_inserter", description: "batch", inputs },
        issuer.signer,
        true,
      );
    await assert.rejects(send([row(twice), row(twice)]), /duplicate key/);
    assert.deepEqual(await issuer.call("get_user_as_inserter", { id: twice }), []);
    const [one, two] = [random.uuid(), random.uuid()];
    await send([row(one), row(two)]);
    for (const id of [one, two]) assert.equal((await issuer.call("get_user_as_inserter", { id })).length, 1);
  });

  test("a megabyte of files fits into a write with a grant", async () => {
    const grant = writeGrant({
      owner: evm.owner,
      grantee: issuerRow.publicKey,
      issuerPublicKey: issuerRow.publicKey,
      id: random.uuid(),
    });
    const [{ message }] = await issuer.call("dwg_message", grant);
    const plaintext = "A".repeat(1_300_000);
    const rows = {
      plaintext,
      originalId: random.uuid(),
      copyId: random.uuid(),
      holderKey: holderBox.publicKey,
      copyKey: issuerBox.publicKey,
    };
    const write = grantedWrite({
      ...rows,
      signer: issuerRow,
      publicNotes: '{"level":"basic"}',
      grant,
      signature: await evm.sign(message),
    });
    await issuer.execute("create_credentials_by_dwg", write);
    const [row] = await issuer.call("get_credential_shared", { id: rows.copyId });
    assert.equal(row.content, write.copy_content);
  });

  test("more than a transaction or a request can hold is refused", async () => {
    const attribute = (length) => ({
      id: random.uuid(),
      user_id: holder.id,
      attribute_key: "k",
      value: "A".repeat(length),
    });
    await assert.rejects(
      issuer.execute("add_attribute_as_inserter", attribute(4_250_000)),
      /transaction size limit exceeded/,
    );
    await assert.rejects(issuer.execute("add_attribute_as_inserter", attribute(5_000_000)));
  });
});
