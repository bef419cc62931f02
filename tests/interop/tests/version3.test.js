// KYC of version 3 and enhanced due diligence: what we issue, the npm packages issue for the same input and verify, and
// readers take it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import validator from "validator";

import { ask, CREATED, fields, ISSUER, jsIssue, key, rustIssue } from "../lib/both.js";
import { canonical, verify } from "../lib/credential.js";
import { vectors } from "../lib/paths.js";
import { Random } from "../lib/random.js";
import { encodeValues } from "../lib/values.js";
import { kycLevel, person3, read } from "../lib/version3.js";

const issuers = [{ issuer: ISSUER, publicKeyMultibase: key.publicKeyMultibase }];

describe("vectors of the coming SDK", () => {
  for (const file of ["next/kyc_v3.json", "next/edd_v1.json"]) {
    const { key: issuer, vectors: list } = vectors(file);
    for (const { name, vc_json: text, clock: at, document_nquads: nquads, verified, derived, ...rest } of list) {
      test(`${name} is verified and canonicalized by the packages as by the SDK`, async () => {
        const issuers = [{ issuer: issuer.issuer, publicKeyMultibase: issuer.publicKeyMultibase }];
        assert.equal((await verify({ credential: text, issuers, at })).verified, verified);
        assert.equal(await canonical(JSON.parse(text)), nquads);
        // The checker of these tests takes what the SDK's reader takes.
        const kind = { KycV3: "kyc-v3", EddV1: "edd" }[rest.class];
        if (!kind) return;
        if (rest.parsed.ok) read(kind, text);
        else assert.throws(() => read(kind, text));
        const given = rest.input.envelope.kycLevel !== undefined;
        if (kind === "kyc-v3" && !given) assert.equal(kycLevel(JSON.parse(text).credentialSubject), derived.kycLevel);
      });
    }
  }

  test("the checker refuses what the SDK's reader refuses", () => {
    const { parse } = vectors("next/refused.json");
    // It is stricter where a reader drops or forgives.
    const stricter = new Set([
      "subject_context_text",
      "subject_context_two",
      "envelope_context_v1",
      "unknown_envelope_field",
      "file_bad_characters",
      "date_only",
      "date_feb_30",
      "null_optional",
      "edd_kyc_level",
    ]);
    for (const { name, credential_json: text, accepted } of parse) {
      const kind = name.startsWith("edd_") ? "edd" : "kyc-v3";
      const takes = () => {
        try {
          read(kind, text);
          return true;
        } catch {
          return false;
        }
      };
      if (!stricter.has(name)) assert.equal(takes(), accepted, name);
    }
  });
});

/** The envelope as the SDK's classes write it: what is derived stands in its place. */
function envelope({ approvedAt, issued, expirationDate, level, number }) {
  const more = { level, approvedAt, kycLevel: number || undefined, issued, expirationDate };
  return { id: fields().id, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) };
}

describe("issuing version 3", () => {
  for (const seed of [1, 2, 3]) {
    test(`agrees on a hundred random people, and readers take them (seed ${seed})`, async () => {
      const random = new Random(seed);
      for (let i = 0; i < 100; i++) {
        const subject = person3(random);
        const dates = { approvedAt: new Date("2026-01-02T03:04:05.678Z"), issued: new Date("2026-01-03") };
        const given = encodeValues({ id: fields().id, level: "basic", ...dates });
        const ours = await ask({
          op: "issue",
          seedHex: Buffer.alloc(32, 7).toString("hex"),
          issuer: ISSUER,
          kind: "kyc-v3",
          created: CREATED,
          believed: true,
          fields: given,
          subject: encodeValues(subject),
        });
        assert.equal(ours.error, undefined);
        const written = read("kyc-v3", ours.credential);
        const number = kycLevel(written.credentialSubject);
        assert.equal(written.kycLevel ?? 0, number);
        const { dateOfExpiry: expirationDate } = subject.idDocument;
        const theirs = await jsIssue({
          kind: "kyc-v3",
          fields: envelope({ ...dates, expirationDate, level: "basic", number }),
          subject: Object.fromEntries(Object.entries(subject).filter(([, section]) => section !== undefined)),
        });
        assert.equal(ours.credential, theirs);
        assert.deepEqual(await verify({ credential: ours.credential, issuers, at: CREATED }), { verified: true });
        assert.deepEqual(await ask({ op: "verify", credential: theirs, issuers, at: CREATED }), { verified: true });
      }
    });
  }

  test("agrees on due diligence", async () => {
    const file = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
    for (const edd of [
      { occupation: "OTHER" },
      { occupation: "RETAIL", sourceOfFundsCategory: "salary", sourceOfFundsProofFile: file },
    ]) {
      const input = {
        kind: "edd",
        fields: { id: fields().id, level: "edd", approvedAt: new Date("2026-01-02") },
        subject: { id: "uuid:6fcb7e0e-4b1a-4a2b-9a53-1c9b1d0a7b11", edd },
      };
      const ours = await rustIssue(input);
      assert.equal(ours.error, undefined);
      assert.equal(ours.credential, await jsIssue(input));
      read("edd", ours.credential);
      assert.deepEqual(await verify({ credential: ours.credential, issuers, at: CREATED }), { verified: true });
    }
  });
});

describe("rules of version 3", () => {
  const believed = async (change) => {
    const subject = {
      id: "uuid:6fcb7e0e-4b1a-4a2b-9a53-1c9b1d0a7b11",
      person: { firstName: "Ada", nationality: "GB", dateOfBirth: { $date: "1980-10-09" } },
      idDocument: { type: "PASSPORT", number: "P1", country: "GB", frontFile: { $base64: "/9j/4A==" } },
    };
    change(subject);
    const answer = await ask({
      op: "issue",
      seedHex: "07".repeat(32),
      issuer: ISSUER,
      kind: "kyc-v3",
      created: CREATED,
      believed: true,
      fields: { id: fields().id, level: "basic" },
      subject,
    });
    return answer.error === undefined;
  };

  test("the countries are those of validator", async () => {
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    let assigned = 0;
    for (const code of letters.flatMap((a) => letters.map((b) => a + b))) {
      const ours = await believed((subject) => (subject.person.nationality = code));
      assert.equal(ours, validator.isISO31661Alpha2(code), code);
      if (ours) assigned++;
    }
    assert.equal(assigned, 249);
  });

  test("what is taken for an e-mail address is one for validator", async () => {
    const long = (n) => "x".repeat(n);
    const addresses = ["a@b.co", "a.b+c'd_e-f@x.example.org", `${long(64)}@example.com`, `${long(65)}@example.com`];
    addresses.push(`a@${long(63)}.com`, `a@${long(64)}.com`, "a@b-.com", "a@-b.com", "a@b.c", "a@b", "a..b@c.com");
    addresses.push(".a@b.com", "a.@b.com", "a@b.co1", "a@1.com", "a@b_c.com", "jürgen@example.com", "a b@c.com");
    addresses.push(`a@${Array(4).fill(long(61)).join(".")}.com`, `a@${Array(5).fill(long(61)).join(".")}.com`);
    let taken = 0;
    for (const email of addresses) {
      if (!(await believed((subject) => (subject.contact = { email })))) continue;
      assert.ok(validator.isEmail(email), email);
      taken++;
    }
    assert.ok(taken >= 5, String(taken));
  });

  test("lines have the length that validator counts, or are shorter", async () => {
    for (const [number, taken] of [
      ["x".repeat(255), true],
      ["x".repeat(256), false],
      [`1${"😀".repeat(254)}`, true],
      [`1${"😀".repeat(255)}`, false],
    ]) {
      assert.equal(await believed((subject) => (subject.idDocument.number = number)), taken);
      assert.equal(validator.isLength(number, { min: 1, max: 255 }), taken);
    }
  });
});
