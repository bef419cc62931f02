// The real Kwil client against the development node or kwild with upstream's next version: rows that name contents, and the
// blob gateway.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Idos } from "../lib/idos.js";
import { download, identify, logIn, namedContent, upload } from "../lib/blobs.js";
import {
  evm,
  holder,
  holderBox,
  issuerBox,
  issuerRow,
  issuerSeed,
  random,
  startNode,
  walletProof,
} from "../lib/devnode.js";
import { writeGrant } from "../lib/holder.js";
import { open } from "../lib/sealing.js";
import { vectors } from "../lib/paths.js";
import { startStub } from "../lib/stub.js";
import { ed25519Signer } from "../lib/wallets.js";

const next = await startNode("--next");
after(() => next.stop());
const { url } = next.ready;
const issuer = await Idos.connect(url, ed25519Signer(issuerSeed));
const owner = await Idos.connect(url, evm.signer);
await issuer.execute("add_user_as_inserter", holder);
const wallet = { id: random.uuid(), user_id: holder.id, ...(await walletProof(evm)) };
await issuer.execute("upsert_wallet_as_inserter", wallet);

const NOTES = JSON.stringify({ id: random.uuid(), type: "kyc", level: "basic", status: "approved" });

/** A signed set of rows, and the contents that they name. */
async function granted(size) {
  const grant = writeGrant({
    owner: evm.owner,
    grantee: issuerRow.publicKey,
    issuerPublicKey: issuerRow.publicKey,
    id: random.uuid(),
  });
  const [{ message }] = await issuer.call("dwg_message", grant);
  const plaintext = random.bytes(size);
  const original = await namedContent(plaintext, holderBox.publicKey, issuerRow, NOTES);
  const copy = await namedContent(plaintext, issuerBox.publicKey, issuerRow);
  const row = {
    request_id: random.uuid(),
    issuer_auth_public_key: issuerRow.publicKey,
    original_encryptor_public_key: original.row.encryptor_public_key,
    original_id: random.uuid(),
    original_content_uri: original.row.content_uri,
    original_content_size: original.row.content_size,
    original_public_notes: NOTES,
    original_public_notes_signature: original.row.public_notes_signature,
    original_broader_signature: original.row.broader_signature,
    copy_encryptor_public_key: copy.row.encryptor_public_key,
    copy_id: random.uuid(),
    copy_content_uri: copy.row.content_uri,
    copy_content_size: copy.row.content_size,
    copy_public_notes_signature: copy.row.public_notes_signature,
    copy_broader_signature: copy.row.broader_signature,
    content_hash: original.contentHash,
    dwg_owner: grant.owner_wallet_identifier,
    dwg_grantee: grant.grantee_wallet_identifier,
    dwg_issuer_public_key: grant.issuer_public_key,
    dwg_id: grant.id,
    dwg_access_grant_timelock: grant.access_grant_timelock,
    dwg_not_before: grant.not_usable_before,
    dwg_not_after: grant.not_usable_after,
    dwg_signature: await evm.sign(message),
  };
  return { grant, plaintext, original, copy, row };
}

for (const size of [100, 300_000]) {
  test(`rows by a write grant, and contents of ${size} bytes, are written, brought, read and opened`, async () => {
    const { grant, plaintext, original, copy, row } = await granted(size);
    await issuer.execute("create_preliminary_credentials_by_dwg", row);
    const session = await logIn(issuer);
    const parts = { original: original.bytes, copy: copy.bytes };
    const answers = [await upload(url, session, row.request_id, parts), await upload(url, session, row.request_id, parts)];
    for (const { status, answer } of answers) {
      assert.equal(status, 200);
      const { quorum, ...cids } = answer;
      assert.deepEqual(cids, { request_id: row.request_id, original_cid: original.cid, copy_cid: copy.cid });
      assert.ok(Number.isInteger(quorum));
    }

    const [read] = await owner.call("get_credential_owned", { id: row.original_id });
    assert.deepEqual(read, {
      id: row.original_id,
      user_id: holder.id,
      public_notes: NOTES,
      content: null,
      content_uri: original.row.content_uri,
      content_size: String(original.bytes.length),
      encryptor_public_key: original.row.encryptor_public_key,
      issuer_auth_public_key: issuerRow.publicKey,
      inserter_type: "delegated_write_grant",
      inserter_id: grant.id,
    });
    const [shared] = await issuer.call("get_credential_shared", { id: row.copy_id });
    assert.equal(shared.content_uri, copy.row.content_uri);
    const { bytes, isRight } = await download(url, session, shared.content_uri.slice("ipfs://".length));
    assert.ok(isRight);
    const content = Buffer.from(bytes).toString("base64");
    const opened = open({ content, encryptorPublicKey: shared.encryptor_public_key }, issuerBox.secretKey);
    assert.deepEqual(Buffer.from(opened), Buffer.from(plaintext));
    const listed = await owner.call("get_credentials");
    assert.ok(listed.some(({ id, content_uri, original_id }) => id === row.copy_id && content_uri && original_id));
  });
}

test("a user writes and shares credentials of their own", async () => {
  const session = await logIn(owner);
  const original = await namedContent("mine", holderBox.publicKey, issuerRow, "{}");
  const [requestId, id, copyId, copyRequestId] = [random.uuid(), random.uuid(), random.uuid(), random.uuid()];
  const common = { content_hash: original.contentHash };
  await owner.execute("create_preliminary_credential", { request_id: requestId, credential_id: id, ...original.row, ...common });
  assert.equal((await upload(url, session, requestId, { original: original.bytes })).status, 200);
  const copy = await namedContent("mine", issuerBox.publicKey, issuerRow);
  await owner.execute("share_preliminary_credential", {
    request_id: copyRequestId,
    copy_id: copyId,
    original_id: id,
    ...copy.row,
    ...common,
    grantee_wallet_identifier: issuerRow.publicKey,
    locked_until: 0,
  });
  assert.equal((await upload(url, session, copyRequestId, { copy: copy.bytes })).status, 200);
  const [shared] = await issuer.call("get_credential_shared", { id: copyId });
  assert.deepEqual([shared.content_uri, shared.public_notes], [copy.row.content_uri, "{}"]);
  const [sibling] = await issuer.call("get_sibling_credential_id", common);
  assert.deepEqual(sibling, { id: copyId });
});

test("nothing is brought without a session, before its rows, or in place of what they name", async () => {
  const { original, copy, row } = await granted(50);
  const parts = { original: original.bytes, copy: copy.bytes };
  const session = await logIn(issuer);
  assert.equal((await upload(url, session, row.request_id, parts)).status, 404);
  assert.equal((await download(url, session, copy.cid)).status, 404);
  await issuer.execute("create_preliminary_credentials_by_dwg", row);
  const refused = await upload(url, undefined, row.request_id, parts);
  assert.equal(refused.status, 401);
  const other = { original: original.bytes, copy: Buffer.concat([copy.bytes, Buffer.from("x")]) };
  assert.equal((await upload(url, session, row.request_id, other)).status, 409);
  assert.equal((await upload(url, session, row.request_id, { copy: copy.bytes })).status, 400);
  assert.equal((await download(url, session, copy.cid)).status, 404);
  assert.equal((await upload(url, session, row.request_id, parts)).status, 200);
  assert.equal((await download(url, undefined, copy.cid)).status, 401);
});

test("the actions that wrote contents into rows are gone", async () => {
  const inputs = { id: random.uuid(), user_id: holder.id };
  await assert.rejects(issuer.execute("upsert_credential_as_inserter", inputs), /unknown action/);
});

test("identifiers and payloads are those of the vectors", async () => {
  for (const { length, utf8, cid } of vectors("next/cids.json").vectors) {
    const bytes = utf8 ? Buffer.from(utf8) : Uint8Array.from({ length }, (_, i) => (i * 31 + 7) % 256);
    assert.equal(await identify(bytes), cid);
  }
  const stub = await startStub();
  after(() => stub.stop());
  const client = await Idos.connect(stub.url, issuer.signer);
  for (const { action, inputs, description, payload } of vectors("next/payloads.json").vectors) {
    await client.execute(action, inputs);
    const { body } = stub.last("user.broadcast").tx;
    assert.deepEqual([body.desc, body.payload], [description, payload], action);
  }
});
