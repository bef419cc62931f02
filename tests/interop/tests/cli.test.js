// The commands with which people who support users judge credentials, sealed contents and wallet proofs, over the
// vectors of the official SDK.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";

import { issue, issuerKey } from "../lib/credential.js";
import { otherSpellings, withoutVisibleEnd } from "../lib/forgeries.js";
import { vectorPath, vectors } from "../lib/paths.js";
import { fullSubject } from "../lib/people.js";
import { run } from "../lib/process.js";

const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const folder = mkdtempSync(path.join(tmpdir(), "idos-cli-"));
after(() => rmSync(folder, { recursive: true }));

const cli = (args, input) => run({ command: binary, args }, input);

/** Exit code 0 for good, 1 for bad; anything else is a fault of the command. */
async function verdict(args, input) {
  const { code, stdout, stderr } = await cli(args, input);
  assert.ok(code === 0 || code === 1, `${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  assert.notEqual((stdout + stderr).trim(), "", "says what it found");
  return { good: code === 0, text: stdout + stderr };
}

describe("verify", () => {
  const { key, vectors: credentials } = vectors("sdk/credentials.json");
  const base = ["--key", key.publicKeyMultibase, "--issuer", key.issuer];

  /** The other vectors are about issuers that the command is not given. */
  function acceptsOnlyOurs([issuer, ...others]) {
    const names = ["id", "controller", "publicKeyMultibase"];
    return others.length === 0 && issuer !== undefined && names.every((name) => issuer[name] === key[name]);
  }

  test("agrees with the SDK on what the SDK issued, but for values that are no texts", async () => {
    for (const { name, clock, verify_result: expected } of credentials) {
      const strict = name === "no_validate_extra_lists" ? false : expected;
      const file = vectorPath(`sdk/vc/${name}.json`);
      assert.equal((await verdict(["verify", file, ...base, "--at", clock])).good, strict, name);
    }
  });

  test("reads from standard input, and does without the issuer's name", async () => {
    const { vc_json: text, clock } = credentials[0];
    assert.ok((await verdict(["verify", "-", ...base, "--at", clock], text)).good);
    assert.ok((await verdict(["verify", "-", "--key", key.publicKeyMultibase, "--at", clock], text)).good);
  });

  test("refuses what was tampered with, and says why without repeating any of it", async () => {
    for (const { name, vc_json: text, clock, issuers } of vectors("sdk/credentials_tampered.json").vectors) {
      if (!acceptsOnlyOurs(issuers)) continue;
      const { good, text: said } = await verdict(["verify", "-", ...base, "--at", clock], text);
      assert.equal(good, false, name);
      for (const secret of ["Lennon", "P12345678", "123456789"]) assert.ok(!said.includes(secret), name);
    }
  });

  test("refuses forgeries that the SDK accepts", async () => {
    for (const { name, vc_json: text, clock } of vectors("sdk/credentials_malleable.json").vectors) {
      const { good } = await verdict(["verify", "-", ...base, "--at", clock], text);
      if (name.startsWith("F_")) assert.equal(good, false, name);
      if (!/^[MF]_/.test(name)) assert.equal(good, true, name);
    }
  });

  test("--as-sdk judges as the SDK does", async () => {
    for (const file of ["credentials_tampered", "credentials_malleable"]) {
      for (const { name, vc_json: text, clock, issuers, sdk_verify_result: expected } of vectors(
        `sdk/${file}.json`,
      ).vectors) {
        if (!acceptsOnlyOurs(issuers)) continue;
        if (name === "M_extra_known_null_field") continue; // see vectors.test.js
        const { good } = await verdict(["verify", "-", ...base, "--at", clock, "--as-sdk"], text);
        assert.equal(good, expected, name);
      }
    }
  });

  test("--as-sdk accepts what the npm packages accept, and says that more was overlooked", async () => {
    const fields = { id: "https://issuer.example/1", level: "basic", expirationDate: new Date("2030-01-01") };
    const subject = { ...fullSubject(), placeOfBirth: "\ufffd" };
    const signer = await issuerKey({ issuer: key.issuer, seed: Buffer.from(key.seed_hex, "hex") });
    const credential = await issue({ kind: "kyc", key: signer, fields, subject, created: "2026-01-01T00:00:00Z" });

    const [during, afterwards] = ["2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z"];
    const altered = otherSpellings(credential).map(([name, text]) => [name, text, during]);
    altered.push(["an end under another name", withoutVisibleEnd(credential), afterwards]);
    for (const [name, text, at] of altered) {
      if (name.startsWith("half a surrogate")) continue; // no text in Rust can hold it
      const { good, text: said } = await verdict(["verify", "-", ...base, "--at", at, "--as-sdk"], text);
      assert.equal(good, true, name);
      assert.match(said, /overlook/, name);
    }
  });

  test("refuses what is no credential", async () => {
    for (const text of ["", "{}", "[]", "null", "{", "\u0000", "[".repeat(100_000), '{"a":1,"a":2}']) {
      assert.equal((await verdict(["verify", "-", ...base], text)).good, false);
    }
  });
});

describe("open", () => {
  const { vectors: sealed, must_fail: broken } = vectors("sdk/encryption.json");

  async function open({ content, sender, secret }) {
    const file = path.join(folder, "secret-key");
    writeFileSync(file, secret, { mode: 0o600 });
    return cli(["open", "-", "--secret-key-file", file, "--encryptor-public-key", sender], content);
  }

  test("gives the plaintext", async () => {
    for (const vector of sealed) {
      const { code, stdout, stderr } = await open({
        content: vector.content_base64,
        sender: vector.sender_public_key_base64,
        secret: vector.recipient_secret_key_base64,
      });
      assert.equal(code, 0, `${vector.name}: ${stderr}`);
      assert.equal(stdout.replace(/\n$/, ""), vector.plaintext.replace(/\n$/, ""), vector.name);
    }
  });

  test("refuses what was changed, and never prints the secret", async () => {
    for (const vector of broken.filter(({ recipient_secret_key_base64: secret }) => secret)) {
      if (vector.name === "plaintext_not_utf8" || !vector.sender_public_key_base64) continue;
      const secret = vector.recipient_secret_key_base64;
      const { code, stdout, stderr } = await open({
        content: vector.content_base64,
        sender: vector.sender_public_key_base64,
        secret,
      });
      assert.notEqual(code, 0, vector.name);
      assert.ok(!(stdout + stderr).includes(secret));
    }
  });
});

describe("check-wallet", () => {
  // We bind addresses to keys and refuse non-canonical signatures and weak keys, all of which the SDK lets pass.
  const stricter = /malleated|any_address|small_order|trailing/;
  // We also take what wallets and the schema write but the SDK's checker does not know.
  const wider = /stellar_public_key_G_address|stellar_base64_signature|sep53/;

  test("agrees with the SDK where it does not have to be stricter", async () => {
    const unlike = [];
    for (const { name, payload, sdk_result: sdk } of vectors("sdk/wallets.json").vectors) {
      const { code, stdout, stderr } = await cli(["check-wallet", "-"], JSON.stringify(payload));
      assert.notEqual((stdout + stderr).trim(), "", `${name}: says what it found`);
      const good = code === 0; // 1: not valid; 2: nothing that could be judged
      if (stricter.test(name)) assert.equal(good, false, name);
      else if (!wider.test(name) && good !== (sdk === true)) unlike.push(`${name}: ${stdout}${stderr}`);
    }
    assert.deepEqual(unlike, []);
  });
});
