// Whom and what we believe, beside what the npm packages of idOS consumers believe. Where they differ, ours refuses.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { agree, bothVerify, CREATED, fields, ISSUER, key } from "../lib/both.js";
import { OLD_ASSETS } from "../lib/contexts.js";
import { issue } from "../lib/credential.js";
import { otherSpellings, withoutVisibleEnd } from "../lib/forgeries.js";
import { fullSubject } from "../lib/people.js";
import { Random } from "../lib/random.js";

describe("verifying", () => {
  const dated = { issued: new Date("2022-01-01"), expirationDate: new Date("2030-01-01T00:00:00.000Z") };
  const other = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
  let credential;
  let accepted;
  before(async () => {
    credential = await agree({ fields: fields(dated), subject: fullSubject() });
    accepted = { issuer: ISSUER, publicKeyMultibase: key.publicKeyMultibase };
  });

  test("agrees on which issuers are accepted", async () => {
    const { id, controller, publicKeyMultibase } = key;
    const cases = [
      [true, [{ issuer: ISSUER, publicKeyMultibase: other }, accepted]],
      [true, [accepted, { issuer: "https://elsewhere.example", publicKeyMultibase }]],
      [true, [{ id, controller, publicKeyMultibase }]],
      [false, []],
      [false, [{ issuer: ISSUER, publicKeyMultibase: other }]],
      [false, [{ issuer: "https://elsewhere.example", publicKeyMultibase }]],
      [false, [{ id: `${id}0`, controller, publicKeyMultibase }]],
      [false, [{ id, controller: `${controller}0`, publicKeyMultibase }]],
    ];
    for (const [expected, issuers] of cases) {
      const verdicts = await bothVerify({ credential, issuers, at: CREATED });
      assert.deepEqual(verdicts, { ours: expected, theirs: expected }, JSON.stringify(issuers));
    }
  });

  test("agrees on when it is valid, with five minutes of tolerance", async () => {
    const cases = [
      ["2026-08-10T12:29:56.001Z", true],
      ["2026-08-10T12:29:56.000Z", false],
      ["2029-12-31T23:59:59.000Z", true],
      ["2030-01-01T00:04:59.999Z", true],
      ["2030-01-01T00:05:00.000Z", false],
    ];
    for (const [at, expected] of cases) {
      const verdicts = await bothVerify({ credential, issuers: [accepted], at });
      assert.deepEqual(verdicts, { ours: expected, theirs: expected }, at);
    }
  });

  test("agrees on credentials from before the contexts moved", async () => {
    const [envelope, subject] = [
      fields(dated),
      { ...fullSubject(), applicantId: "a", inquiryId: "b", governmentId: "c" },
    ];
    for (const folder of OLD_ASSETS) {
      const contexts = {
        envelope: `${folder}/idos-credentials-v1.json`,
        subject: `${folder}/idos-credential-subject-v1.json`,
      };
      const old = await issue({ kind: "kyc-v1", key, fields: envelope, subject, created: CREATED, contexts });
      const verdicts = await bothVerify({ credential: old, issuers: [accepted], at: CREATED, oldSubjects: true });
      assert.deepEqual(verdicts, { ours: true, theirs: true }, folder);
    }
    const old = await issue({ kind: "kyc-v1", key, fields: envelope, subject, created: CREATED });
    const verdicts = await bothVerify({ credential: old, issuers: [accepted], at: CREATED, oldSubjects: true });
    assert.deepEqual(verdicts, { ours: true, theirs: true });
    const unasked = await bothVerify({ credential: old, issuers: [accepted], at: CREATED });
    assert.deepEqual(unasked, { ours: false, theirs: true });
  });

  const alterations = {
    "another byte": (bytes, at, random) => bytes.fill(random.below(128), at, at + 1),
    "a flipped bit": (bytes, at, random) => bytes.fill(bytes[at] ^ (1 << random.below(8)), at, at + 1),
    "a missing byte": (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
    "a doubled byte": (bytes, at) => Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)]),
  };
  for (const [name, alter] of Object.entries(alterations)) {
    test(`notices ${name}, at any of 200 random places`, async (t) => {
      const random = new Random(200);
      const original = Buffer.from(credential);
      let overlooked = 0;
      for (let tried = 0; tried < 200;) {
        const at = random.below(original.length);
        const altered = alter(Buffer.from(original), at, random).toString();
        if (altered === credential) continue;
        tried++;

        const verdicts = await bothVerify({ credential: altered, issuers: [accepted], at: CREATED });
        assert.equal(verdicts.ours, false, `byte ${at}: ${altered.slice(Math.max(0, at - 20), at + 20)}`);
        if (verdicts.theirs) overlooked++;
      }
      t.diagnostic(`the npm packages overlooked ${overlooked} of 200`);
    });
  }

  test("refuses spellings that the npm packages take for the same", async () => {
    const subject = { ...fullSubject(), placeOfBirth: "\ufffd" };
    const credential = await agree({ fields: fields(dated), subject });
    for (const [name, altered] of otherSpellings(credential)) {
      const verdicts = await bothVerify({ credential: altered, issuers: [accepted], at: CREATED });
      assert.deepEqual(verdicts, { ours: false, theirs: true }, name);
    }
  });

  test("refuses an expired credential whose end is hidden from the npm packages", async () => {
    const at = "2031-01-01T00:00:00Z";
    assert.deepEqual(await bothVerify({ credential, issuers: [accepted], at }), { ours: false, theirs: false });

    const altered = withoutVisibleEnd(credential);
    const verdicts = await bothVerify({ credential: altered, issuers: [accepted], at });
    assert.deepEqual(verdicts, { ours: false, theirs: true });
  });

  test("nobody notices swapped names: the proof covers a set of values, not the fields they stand in", async () => {
    const document = JSON.parse(credential);
    const { firstName, familyName } = document.credentialSubject;
    Object.assign(document.credentialSubject, { firstName: familyName, familyName: firstName });
    const verdicts = await bothVerify({ credential: JSON.stringify(document), issuers: [accepted], at: CREATED });
    assert.deepEqual(verdicts, { ours: true, theirs: true });
  });
});
