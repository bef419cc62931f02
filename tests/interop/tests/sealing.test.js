// tweetnacl opens what we seal, and we open what it seals.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ask } from "../lib/both.js";
import { Random } from "../lib/random.js";
import { base64, fromBase64, nacl, open, seal } from "../lib/sealing.js";

describe("sealing", () => {
  const lengths = [
    ...Array(40).keys(),
    63,
    64,
    65,
    127,
    128,
    129,
    1000,
    4095,
    4096,
    4097,
    65_535,
    65_536,
    300_001,
  ];
  const random = new Random(42);
  const holder = nacl.box.keyPair.fromSecretKey(random.bytes(32));
  const recipientPublicKey = base64(holder.publicKey);
  const secretKey = base64(holder.secretKey);

  test("tweetnacl opens what we seal, and every copy has a key of its own", async () => {
    const seen = new Set();
    for (const length of lengths) {
      const plaintext = random.bytes(length);
      const sealed = await ask({ op: "seal", recipientPublicKey, plaintext: base64(plaintext) });
      assert.equal(sealed.error, undefined);
      assert.deepEqual(Buffer.from(open(sealed, holder.secretKey)), plaintext, `${length} bytes`);
      seen.add(sealed.encryptorPublicKey).add(sealed.content.slice(0, 32));
    }
    assert.equal(seen.size, 2 * lengths.length);
  });

  test("we open what tweetnacl seals", async () => {
    for (const length of lengths) {
      const plaintext = random.bytes(length);
      const sealed = seal(plaintext, holder.publicKey);
      assert.deepEqual(await ask({ op: "open", ...sealed, secretKey }), { plaintext: base64(plaintext) });
    }
  });

  test("neither opens what was changed", async () => {
    const sealed = seal(random.bytes(200), holder.publicKey);
    for (let i = 0; i < 200; i++) {
      const content = fromBase64(sealed.content);
      content[random.below(content.length)] ^= 1 << random.below(8);
      const altered = { ...sealed, content: base64(content) };
      assert.equal(open(altered, holder.secretKey), null);
      assert.equal(typeof (await ask({ op: "open", ...altered, secretKey })).error, "string");
    }
  });

  test("neither opens what is not a sealed content", async () => {
    const sealed = seal(random.bytes(10), holder.publicKey);
    const wrong = { content: ["", "AAAA", "%%%", sealed.content.slice(0, -4), `${sealed.content}AAAA`] };
    wrong.encryptorPublicKey = [
      "",
      "AAAA",
      "%%%",
      recipientPublicKey,
      base64(Buffer.alloc(32)),
      base64(Buffer.alloc(33)),
    ];
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const answer = await ask({ op: "open", ...sealed, [name]: value, secretKey });
        assert.equal(typeof answer.error, "string", `${name} ${value}`);
      }
    }
  });

  test("we refuse recipients for whom anybody could open it; tweetnacl seals for them", async () => {
    const lowOrder = [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ].map((text) => new Uint8Array(Buffer.from(text, "hex")));
    for (const key of lowOrder) {
      assert.ok(seal(Buffer.from("x"), key).content);
      const answer = await ask({
        op: "seal",
        recipientPublicKey: base64(key),
        plaintext: base64(Buffer.from("x")),
      });
      assert.equal(typeof answer.error, "string", Buffer.from(key).toString("hex"));
    }
  });
});
