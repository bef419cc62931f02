// Attributes that the service has written, as their user reads them by the official client, and opens them by the manual.

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { Idos } from "../lib/idos.js";
import { REPOSITORY } from "../lib/paths.js";
import { base64, nacl } from "../lib/sealing.js";
import { call, startService } from "../lib/service.js";
import { evmWallet, OWNERSHIP_MESSAGE } from "../lib/wallets.js";

/** The function that the manual gives to readers. */
const manual = readFileSync(path.join(REPOSITORY, "docs", "attributes.md"), "utf8");
const code = /```js\n(.*?)```/s.exec(manual)[1];
const openAttribute = new Function("nacl", `${code}; return openAttribute;`)(nacl);

describe("attributes", () => {
  const [userId, wallet, box] = [randomUUID(), evmWallet(randomBytes(32)), nacl.box.keyPair()];
  let service;

  before(async () => {
    service = await startService();
    const proof = { message: OWNERSHIP_MESSAGE, signature: await wallet.sign(OWNERSHIP_MESSAGE) };
    const profile = {
      userId,
      encryptionPublicKey: base64(box.publicKey),
      passwordStore: "user",
      wallet: { type: "EVM", address: wallet.address, ...proof },
    };
    await settled("profiles", await call(service, "POST", "/v1/profiles", profile));
  });
  after(() => service?.stop());

  async function settled(what, made) {
    assert.equal(made.status, 202, JSON.stringify(made));
    const record = await call(service, "GET", `/v1/${what}/${made.id}?wait=8`);
    assert.equal(record.state, "created", JSON.stringify(record));
    return record;
  }

  test("are read by their user, and opened as the manual says", async () => {
    const wanted = [
      ["memberTier", "gold", "none"],
      ["contactEmail", "ana@example.com", "value"],
      ["größe ✓", "１７５\u0001", "key_and_value"],
    ];
    const written = [];
    for (const [key, value, sensitive] of wanted) {
      const made = await call(service, "POST", "/v1/attributes", { userId, key, value, sensitive });
      written.push((await settled("attributes", made)).attributeId);
    }
    const user = await Idos.connect(service.ready.nodeUrl, wallet.signer);
    const rows = await user.call("get_attributes");
    assert.equal(rows.length, wanted.length);
    for (const [place, [key, value, sensitive]] of wanted.entries()) {
      const row = rows.find(({ id }) => id === written[place]);
      assert.equal(row.user_id, userId);
      assert.equal(row.attribute_key === key, sensitive !== "key_and_value");
      assert.equal(row.value === value, sensitive === "none");
      assert.equal(openAttribute(row.attribute_key, box.secretKey), key);
      assert.equal(openAttribute(row.value, box.secretKey), value);
      if (sensitive !== "none") assert.throws(() => openAttribute(row.value, nacl.box.keyPair().secretKey));
    }
  });

  test("are not written in the clear where they look like personal data", async () => {
    const wrong = { userId, key: "note", value: "ana@example.com", sensitive: "none" };
    const { status, errors } = await call(service, "POST", "/v1/attributes", wrong);
    assert.equal(status, 422);
    assert.deepEqual(errors.map(({ pointer }) => pointer), ["/value"]);
    assert.ok(!JSON.stringify(errors).includes("ana@"));
  });
});
