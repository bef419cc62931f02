// The real Kwil client of idOS as an issuer, against the development node or kwild.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import http, { Agent } from "node:http";
import { describe, test } from "node:test";

import {
  CHAIN,
  connect,
  countLogins,
  evm,
  holder,
  holderBox,
  INSERTER,
  issuer,
  issuerRow,
  logged,
  nonceOf,
  random,
  rpc,
  stranger,
  url,
  walletProof,
  wallets,
} from "../lib/devnode.js";
import { sealedRow } from "../lib/holder.js";
import { Idos, nodeHash } from "../lib/idos.js";
import { base64, hex } from "../lib/sealing.js";

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

  test("leaves an idle connection open for longer than clients do, who else would run into its end", async () => {
    // Node's own agent, which the Kwil client uses, drops a connection after five seconds without use.
    const agent = new Agent({ keepAlive: true });
    const socket = await new Promise((resolve, reject) => {
      const request = http.get(`${url}/api/v1/health`, { agent }, (response) =>
        response.resume().on("end", () => resolve(request.socket)),
      );
      request.on("error", reject);
    });
    let closed = false;
    socket.once("close", () => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 6000));
    assert.equal(closed, false);
    agent.destroy();
  });

  test("lets browsers in", async () => {
    const headers = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const asked = await fetch(`${url}/rpc/v1`, { method: "OPTIONS", headers });
    assert.ok(asked.ok);
    for (const { headers } of [
      asked,
      (await rpc("user.chain_info", {}, { origin: "https://app.example" })).response,
    ]) {
      assert.equal(headers.get("access-control-allow-origin"), "https://app.example");
      assert.equal(headers.get("access-control-allow-credentials"), "true");
    }
  });
});

describe("an issuer", () => {
  test("creates a user with its first transaction", async () => {
    assert.equal(await nonceOf(issuer), 0);
    const user = {
      id: holder.id,
      recipient_encryption_public_key: base64(holderBox.publicKey),
      encryption_password_store: "user",
    };
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
      const rows = await issuer.call("get_user_as_inserter", { id: holder.id });
      assert.deepEqual(rows, [
        {
          id: holder.id,
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
    assert.equal((await issuer.call("get_user_as_inserter", { id: holder.id })).length, 1);
    assert.equal(counter.logins, 1);
  });

  test("reads rows that are not there as none", async () => {
    assert.deepEqual(await issuer.call("get_user_as_inserter", { id: randomUUID() }), []);
    assert.deepEqual(await issuer.call("get_user"), []);
    assert.deepEqual(await issuer.call("credential_exist_as_inserter", { id: randomUUID() }), [
      { credential_exist: false },
    ]);
  });

  for (const wallet of wallets) {
    test(`adds a wallet of type ${wallet.type} by its proof`, async () => {
      const anonymous = await Idos.connect(url, null);
      assert.deepEqual(await anonymous.call("has_profile", { address: wallet.address }), [{ has_profile: false }]);

      const proof = await walletProof(wallet);
      await issuer.execute("upsert_wallet_as_inserter", { id: random.uuid(), user_id: holder.id, ...proof });
      assert.deepEqual(await anonymous.call("has_profile", { address: wallet.address }), [{ has_profile: true }]);
      assert.deepEqual(await anonymous.call("has_profile", { address: wallet.address.toUpperCase() }), [
        { has_profile: true },
      ]);
    });

    test(`cannot add a wallet of type ${wallet.type} twice, nor by a proof of something else`, async () => {
      const good = { id: random.uuid(), user_id: holder.id, ...(await walletProof(wallet)) };
      await assert.rejects(
        issuer.execute("upsert_wallet_as_inserter", good),
        /wallet (address|public key) already exists in idos/,
      );
      const other = { ...good, message: "Sign away everything" };
      await assert.rejects(issuer.execute("upsert_wallet_as_inserter", other), /ERROR: wallet is invalid/);
    });
  }

  test("writes a credential without a grant, if its signatures are right", async () => {
    const row = sealedRow("{}", holderBox.publicKey, issuerRow, '{"id":"n1","level":"basic"}');
    const id = random.uuid();
    const bad = { ...row, public_notes: '{"id":"n1","level":"plus"}' };
    await assert.rejects(
      issuer.execute("upsert_credential_as_inserter", { id, user_id: holder.id, ...bad }),
      /ERROR: signature is wrong/,
    );
    await issuer.execute("upsert_credential_as_inserter", { id, user_id: holder.id, ...row });
    assert.deepEqual(await issuer.call("credential_exist_as_inserter", { id }), [{ credential_exist: true }]);

    const client = await connect(evm);
    const [owned] = await client.call("get_credential_owned", { id });
    assert.deepEqual(owned, {
      id,
      user_id: holder.id,
      public_notes: row.public_notes,
      content: row.content,
      encryptor_public_key: row.encryptor_public_key,
      issuer_auth_public_key: issuerRow.publicKey,
      inserter: INSERTER,
    });
  });

  test("adds an attribute with any text", async () => {
    const value = `${random.text(200)} ${"A".repeat(81_920)}`;
    await issuer.execute("add_attribute_as_inserter", {
      id: random.uuid(),
      user_id: holder.id,
      attribute_key: "k",
      value,
    });
  });
});
