// The real Kwil client against the development node or kwild: write grants, access grants, and what holders do.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { issue, issuerKey, verify } from "../lib/credential.js";
import {
  connect,
  countLogins,
  createHolder,
  evm,
  holder,
  holderBox,
  issuer,
  issuerBox,
  issuerRow,
  issuerSeed,
  random,
  stellar,
  stranger,
  url,
  walletProof,
  wallets,
} from "../lib/devnode.js";
import { grantedWrite, grantTime, rowSigner, sealedRow, writeGrant } from "../lib/holder.js";
import { Idos } from "../lib/idos.js";
import { fullSubject } from "../lib/people.js";
import { base64, hex, nacl, open, sha256Hex } from "../lib/sealing.js";
import { evmWallet } from "../lib/wallets.js";

await createHolder();

for (const wallet of wallets) {
  describe(`a grant by a wallet of type ${wallet.type}`, () => {
    const [originalId, copyId] = [random.uuid(), random.uuid()];
    const notesId = random.uuid();
    const publicNotes = JSON.stringify({
      id: notesId,
      type: "KYC DATA",
      level: "plus+liveness",
      status: "approved",
    });
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
      plaintext = await issue({
        kind: "kyc",
        key,
        fields,
        subject: fullSubject(),
        created: new Date().toISOString(),
      });
    });

    test("is a text that the node composes and the wallet signs", async () => {
      const [{ message }] = await issuer.call("dwg_message", grant);
      for (const value of Object.values(grant)) assert.ok(message.includes(value), value);
      const rows = { plaintext, originalId, copyId, holderKey: holderBox.publicKey, copyKey: issuerBox.publicKey };
      write = grantedWrite({
        ...rows,
        signer: issuerRow,
        publicNotes,
        grant,
        signature: await wallet.sign(message),
      });
    });

    test("does not let the issuer write anything else", async () => {
      const expected = [
        [{ dwg_grantee: issuerRow.publicKey.toUpperCase() }, /verify owner failed/],
        [{ dwg_not_after: grantTime(48 * 3600) }, /verify owner failed/],
        [
          { dwg_not_before: grantTime(600) },
          /this write grant can only be used after dwg_not_before and before dwg_not_after/,
        ],
        [{ dwg_not_before: grant.not_usable_after }, /dwg_not_before must be before dwg_not_after/],
        [{ dwg_owner: "0x0000000000000000000000000000000000000001" }, /dwg_owner not found/],
        [
          { dwg_issuer_public_key: "ab".repeat(32) },
          /credentials issuer must be an issuer of delegated write grant/,
        ],
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

    test("gives the holder a credential to read, decrypt and verify", async () => {
      const client = await connect(wallet);
      const listed = (await client.call("get_credentials")).filter(({ id }) => id === originalId || id === copyId);
      assert.deepEqual(
        listed
          .map(({ id, original_id, public_notes, inserter }) => ({ id, original_id, public_notes, inserter }))
          .sort(byId),
        [
          { id: originalId, original_id: null, public_notes: publicNotes, inserter: grant.id },
          { id: copyId, original_id: originalId, public_notes: "", inserter: grant.id },
        ].sort(byId),
      );

      const [row] = await client.call("get_credential_owned", { id: originalId });
      const credential = Buffer.from(
        open({ content: row.content, encryptorPublicKey: row.encryptor_public_key }, holderBox.secretKey),
      ).toString();
      assert.equal(credential, plaintext);
      const { publicKeyMultibase } = await issuerKey({ issuer: "x:y", seed: issuerSeed });
      const issuers = [{ issuer: "https://issuer.example/idos", publicKeyMultibase }];
      assert.deepEqual(await verify({ credential, issuers, at: new Date() }), { verified: true });
      assert.deepEqual(await client.call("get_user"), [
        {
          id: holder.id,
          recipient_encryption_public_key: base64(holderBox.publicKey),
          encryption_password_store: "user",
        },
      ]);
    });

    test("gives the issuer its copy", async () => {
      const contentHash = sha256Hex(Buffer.from(plaintext));
      assert.deepEqual(await issuer.call("get_sibling_credential_id", { content_hash: contentHash }), [
        { id: copyId },
      ]);
      const [row] = await issuer.call("get_credential_shared", { id: copyId });
      assert.equal(row.public_notes, publicNotes);
      const opened = open(
        { content: row.content, encryptorPublicKey: row.encryptor_public_key },
        issuerBox.secretKey,
      );
      assert.equal(Buffer.from(opened).toString(), plaintext);

      const grants = await issuer.call("get_access_grants_granted", { user_id: holder.id, page: 1, size: 100 });
      const [{ data_id, content_hash, locked_until, inserter_type, inserter_id }] = grants.filter(
        ({ data_id }) => data_id === copyId,
      );
      const lock = String(Date.parse(grant.access_grant_timelock) / 1000); // integers come as texts
      assert.deepEqual(
        { data_id, content_hash, locked_until, inserter_type, inserter_id },
        {
          data_id: copyId,
          content_hash: contentHash,
          locked_until: lock,
          inserter_type: "delegated_write_grant",
          inserter_id: grant.id,
        },
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
  for (const wallet of wallets) {
    test(`with a wallet of type ${wallet.type} writes, shares and revokes`, async () => {
      const client = await connect(wallet);
      const consumer = await stranger();
      const consumerBox = nacl.box.keyPair();
      const consumerId = hex(consumer.signer.identifier);
      const own = rowSigner(random.bytes(32));
      const [id, copy] = [random.uuid(), random.uuid()];
      await client.execute("add_credential", {
        id,
        ...sealedRow("mine", holderBox.publicKey, own, '{"level":"basic"}'),
      });

      const locked = Math.floor(Date.now() / 1000) - 1;
      await client.execute("share_credential", {
        id: copy,
        original_credential_id: id,
        ...sealedRow("mine", consumerBox.publicKey, own),
        content_hash: sha256Hex("mine"),
        grantee_wallet_identifier: consumerId,
        locked_until: locked,
      });
      const [row] = await consumer.call("get_credential_shared", { id: copy });
      const opened = open(
        { content: row.content, encryptorPublicKey: row.encryptor_public_key },
        consumerBox.secretKey,
      );
      assert.equal(Buffer.from(opened).toString(), "mine");

      const grants = await client.call("get_access_grants_owned");
      const grant = grants.find(({ data_id }) => data_id === copy);
      assert.equal(grant.ag_grantee_wallet_identifier, consumerId);
      await client.execute("revoke_access_grant", { id: grant.id });
      assert.deepEqual(await consumer.call("get_credential_shared", { id: copy }), []);
      await client.execute("remove_credential", { id });
      assert.deepEqual(await client.call("get_credential_owned", { id }), []);
    });
  }

  test("sees all wallets, and can add and remove one", async () => {
    const client = await connect(evm);
    const types = async () => (await client.call("get_wallets")).map(({ wallet_type }) => wallet_type).sort();
    assert.deepEqual(await types(), ["EVM", "FaceSign", "NEAR", "Stellar", "XRPL"]);

    const id = random.uuid();
    const second = evmWallet(random.bytes(32));
    await client.execute("add_wallet", { id, ...(await walletProof(second)) });
    assert.equal((await types()).length, 6);
    assert.equal((await (await connect(second)).call("get_user"))[0].id, holder.id);
    await client.execute("remove_wallet", { id });
    assert.equal((await types()).length, 5);
  });

  test("with a Stellar wallet is not recognised the way the SDK signs today", async () => {
    const client = await Idos.connect(url, stellar.asToday);
    assert.deepEqual(await client.call("get_user"), []);
  });

  test("cannot remove the wallet that is in use", async () => {
    const client = await connect(evm);
    const { id } = (await client.call("get_wallets")).find(({ wallet_type }) => wallet_type === "EVM");
    await assert.rejects(
      client.execute("remove_wallet", { id }),
      /You can not delete a wallet you are connected with/,
    );
  });

  test("who uses the client of somebody else is logged in anew", async () => {
    const client = await connect(evm);
    const counter = countLogins(client);
    assert.equal((await client.call("get_user"))[0].id, holder.id);
    assert.deepEqual(await client.call("get_user", {}, (await stranger()).signer), []);
    assert.equal((await client.call("get_user"))[0].id, holder.id);
    assert.equal(counter.logins, 3);
  });
});
