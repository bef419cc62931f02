// What we issue and seal, judged by the npm packages that idOS consumers run; what they issue and seal, judged by us.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { decodeFile, encodeFile, encodeFileRegularly } from "../lib/base85.js";
import { canonical, issue, issuerKey, issuerNames, verify } from "../lib/credential.js";
import { rustCommand } from "../lib/paths.js";
import { fullSubject, randomSubject, smallSubject } from "../lib/people.js";
import { LineProcess } from "../lib/process.js";
import { Random } from "../lib/random.js";
import { base64, fromBase64, nacl, open, seal } from "../lib/sealing.js";
import { encodeValues } from "../lib/values.js";

const ISSUER = "https://issuer.example/idos";
const SEED = Buffer.alloc(32, 7);
const CREATED = "2026-08-10T12:34:56Z";

let rust;
let key;
before(async () => {
  rust = new LineProcess(rustCommand("IDOS_INTEROP_BIN", ["run", "-q", "-p", "idos-credential", "--example", "interop"]));
  key = await issuerKey({ issuer: ISSUER, seed: SEED });
});
after(() => rust.stop());

function fields(more = {}) {
  return { id: `${ISSUER}/credentials/1`, level: "basic+liveness", ...more };
}

function rustIssue({ kind = "kyc", issuer = ISSUER, fields, subject, created = CREATED }) {
  const values = { fields: encodeValues(fields), subject: encodeValues(subject) };
  return rust.ask({ op: "issue", seedHex: SEED.toString("hex"), issuer, kind, created, ...values });
}

async function jsIssue({ kind = "kyc", issuer = ISSUER, fields, subject, created = CREATED }) {
  const key = await issuerKey({ issuer, seed: SEED });
  return issue({ kind, key, fields, subject, created, files: encodeFileRegularly });
}

/** The same by both ways, byte by byte, and each verified by the other. Gives the credential's text. */
async function agree(input) {
  const ours = await rustIssue(input);
  assert.equal(ours.error, undefined);
  const theirs = await jsIssue(input);
  assert.equal(ours.credential, theirs);

  const issuers = [{ issuer: input.issuer ?? ISSUER, publicKeyMultibase: key.publicKeyMultibase }];
  const at = input.created ?? CREATED;
  assert.deepEqual(await verify({ credential: ours.credential, issuers, at }), { verified: true });
  assert.deepEqual(await rust.ask({ op: "verify", credential: theirs, issuers, at }), { verified: true });
  return theirs;
}

async function bothVerify({ credential, issuers, at }) {
  const ours = await rust.ask({ op: "verify", credential, issuers, at });
  if (!ours.verified) assert.equal(typeof ours.reason, "string");
  return { ours: ours.verified, theirs: (await verify({ credential, issuers, at })).verified };
}

describe("issuing", () => {
  test("agrees on a person with every field", async () => {
    const dates = { issued: new Date("2022-01-01"), approvedAt: new Date("2022-01-02T03:04:05.678Z") };
    await agree({ fields: fields({ ...dates, expirationDate: new Date("2030-01-01") }), subject: fullSubject() });
  });

  test("agrees on a person with nothing but what is required", async () => {
    await agree({ fields: fields(), subject: smallSubject() });
  });

  test("agrees on each optional field alone", async () => {
    const small = smallSubject();
    for (const name of Object.keys(fullSubject())) {
      if (name in small) continue;
      const subject = Object.fromEntries(
        Object.entries(fullSubject()).filter(([other]) => other === name || other in small),
      );
      await agree({ fields: fields(), subject });
    }
    for (const name of ["issued", "approvedAt", "expirationDate"]) {
      await agree({ fields: fields({ [name]: new Date("2031-02-03T04:05:06.007Z") }), subject: small });
    }
  });

  test("agrees on a proof of personhood", async () => {
    const human = fields({ level: "human", issued: new Date("2022-01-01T00:00:00.123Z") });
    await agree({ kind: "facesign", fields: human, subject: { faceSignUserId: "user-1 😀 \u0000\n\\\"" } });
  });

  test("agrees on texts that JSON and N-Quads have to escape", async () => {
    const texts = ['"\\', "\n\r\t\b\f", "\u0000\u0001\u001f\u007f\u0080\u009f", "a\u2028b\u2029c", "\ufeff\ufffd\uffff"];
    texts.push("e\u0301 é", "\u202eright to left", "<b>&amp;'", "", " ", "𠮷野 ﾔマダ", "😀\ue000\ud7ff", "^^<x>@en .\n");
    for (const text of texts) {
      const subject = { ...smallSubject(), firstName: `A${text}`, placeOfBirth: text, idDocumentNumber: text };
      await agree({ fields: fields({ level: `basic${text}` }), subject });
    }
  });

  test("agrees on the order of lines that UTF-16 and code points sort differently", async () => {
    const [middleName, familyName, maidenName, placeOfBirth] = ["😀x", "ﬁx", "Ａx", "\ue000x"];
    await agree({ fields: fields(), subject: { ...fullSubject(), middleName, familyName, maidenName, placeOfBirth } });
  });

  test("agrees when values repeat, which the signed set of statements holds once", async () => {
    const same = { firstName: "PASSPORT", familyName: "PASSPORT", placeOfBirth: "PASSPORT" };
    await agree({ fields: fields({ level: "PASSPORT" }), subject: { ...fullSubject(), ...same } });
  });

  test("agrees on dates from before the year 0 to beyond 9999", async () => {
    const dates = ["0000-01-01T00:00:00.000Z", "0999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.001Z"];
    dates.push("9999-12-31T23:59:59.999Z", "+010000-01-01T00:00:00.000Z", "-000001-12-31T23:59:59.999Z");
    dates.push("+262000-01-01T00:00:00.000Z", "-200000-06-07T08:09:10.011Z");
    for (const date of dates.map((text) => new Date(text))) {
      const subject = { ...fullSubject(), dateOfBirth: date, idDocumentDateOfIssue: date };
      await agree({ fields: fields({ issued: date, approvedAt: date }), subject });
    }
  });

  test("agrees on credentials that end in five-digit years", async () => {
    await agree({ fields: fields({ expirationDate: new Date("+010000-01-01T00:00:00.000Z") }), subject: smallSubject() });
  });

  test("agrees on files of many lengths and forms", async () => {
    const random = new Random(85);
    const lengths = [...Array(18).keys(), 63, 64, 65, 1000, 1001, 1002, 1003];
    const forms = [(n) => random.bytes(n), (n) => Buffer.alloc(n), (n) => Buffer.alloc(n, 255)];
    forms.push((n) => random.bytes(n).fill(0, Math.max(0, n - 3)), (n) => random.bytes(n).fill(0, 0, n >> 1));
    for (const form of forms) {
      for (const length of lengths) {
        const [front, selfie] = [form(length), form(length + 1)];
        const subject = { ...smallSubject(), idDocumentFrontFile: front, selfieFile: selfie };
        const { credentialSubject } = JSON.parse(await agree({ fields: fields(), subject }));
        assert.deepEqual(decodeFile(credentialSubject.idDocumentFrontFile), front);
        assert.deepEqual(decodeFile(credentialSubject.selfieFile), selfie);
      }
    }
  });

  test("agrees on files as large as scans are", async () => {
    const random = new Random(86);
    const scan = () => random.bytes(300_000).fill(0, 1000, 30_000);
    const subject = { ...smallSubject(), idDocumentFrontFile: scan(), selfieFile: scan() };
    await agree({ fields: fields(), subject });
  });

  test("does not damage files that the npm encoder damages", async () => {
    for (const tail of [1, 2, 3, 5, 6, 7]) {
      const file = Buffer.concat([Buffer.from("abcd"), Buffer.alloc(tail)]);
      assert.notDeepEqual(decodeFile(encodeFile(file)), file);
      const { credential } = await rustIssue({ fields: fields(), subject: { ...smallSubject(), selfieFile: file } });
      assert.deepEqual(decodeFile(JSON.parse(credential).credentialSubject.selfieFile), file);
    }
  });

  for (const seed of [1, 2, 3, 4]) {
    test(`agrees on a hundred random people (seed ${seed})`, async () => {
      const random = new Random(seed);
      for (let i = 0; i < 100; i++) {
        const some = {};
        for (const name of ["issued", "approvedAt"]) if (random.chance(1, 2)) some[name] = random.date();
        if (random.chance(1, 2)) some.expirationDate = new Date(1.8e12 + random.u32());
        const subject = randomSubject(random);
        const created = new Date(1.6e12 + random.below(1e8) * 1000).toISOString();
        await agree({ fields: fields({ level: `l${random.text(8)}`, ...some }), subject, created });
      }
    });
  }
});

describe("ids", () => {
  // JSON-LD reads a known prefix as the beginning of another IRI. The prefixes of the W3C context hold for the
  // credential itself but not inside its subject; `aux` of the idOS contexts is not usable as a prefix.
  const xsd = "http://www.w3.org/2001/XMLSchema#";
  const cred = "https://www.w3.org/2018/credentials#";
  const sec = "https://w3id.org/security#";
  const table = [
    ["xsd:abc", { credential: `${xsd}abc`, subject: `${xsd}abc`, issuer: `${xsd}abc` }],
    ["cred:abc", { credential: `${cred}abc`, subject: "cred:abc", issuer: `${cred}abc` }],
    ["sec:abc", { credential: `${sec}abc`, subject: "sec:abc", issuer: `${sec}abc` }],
    ["aux:abc", { credential: "aux:abc", subject: "aux:abc", issuer: "aux:abc" }],
    ["xsd://abc/d", { credential: "xsd://abc/d", subject: "xsd://abc/d", issuer: "xsd://abc/d" }],
    ["id:abc", { credential: "id:abc", subject: "id:abc", issuer: "id:abc" }],
    ["level:abc", { credential: "level:abc", subject: "level:abc", issuer: "level:abc" }],
  ];

  for (const [id, expanded] of table) {
    test(`agrees on ${id} as any of them`, async () => {
      const inputs = {
        credential: { fields: fields({ id }), subject: smallSubject() },
        subject: { fields: fields(), subject: { ...smallSubject(), id } },
        issuer: { issuer: id, fields: fields(), subject: smallSubject() },
      };
      for (const [place, input] of Object.entries(inputs)) {
        const statements = await canonical(JSON.parse(await agree(input)));
        const iri = place === "issuer" ? issuerNames(expanded.issuer).controller : expanded[place];
        assert.ok(statements.includes(`<${iri}>`), `${place} ${id} stands in the statements as ${iri}`);
      }
    });
  }

  test("agrees on characters that N-Quads escape in IRIs", async () => {
    for (const tail of ['a>b<c"d{e}f|g^h`i\\j', "ü/漢字?😀#x", "%20%zz", "a\u0001b\u007f"]) {
      await agree({ fields: fields({ id: `urn:x:${tail}` }), subject: { ...smallSubject(), id: `urn:y:${tail}` } });
    }
  });

  test("refuses everything that the JavaScript libraries refuse", async () => {
    for (const id of ["", "abc", "a b", "urn:a b", "urn:a\u00a0b", "urn:a\ufeffb", "/x", "//x", "#x", "@id", "1:x", "x"]) {
      for (const input of [
        { fields: fields({ id }), subject: smallSubject() },
        { fields: fields(), subject: { ...smallSubject(), id } },
      ]) {
        await assert.rejects(jsIssue(input), `JavaScript refuses ${JSON.stringify(id)}`);
        assert.equal(typeof (await rustIssue(input)).error, "string", JSON.stringify(id));
      }
    }
  });
});

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
      ["2026-08-10T12:29:57Z", true],
      ["2026-08-10T12:29:55Z", false],
      ["2029-12-31T23:59:59Z", true],
      ["2030-01-01T00:04:59Z", true],
      ["2030-01-01T00:05:02Z", false],
    ];
    for (const [at, expected] of cases) {
      const verdicts = await bothVerify({ credential, issuers: [accepted], at });
      assert.deepEqual(verdicts, { ours: expected, theirs: expected }, at);
    }
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
      for (let tried = 0; tried < 200; ) {
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

  test("nobody notices swapped names: the proof covers a set of values, not the fields they stand in", async () => {
    const document = JSON.parse(credential);
    const { firstName, familyName } = document.credentialSubject;
    Object.assign(document.credentialSubject, { firstName: familyName, familyName: firstName });
    const verdicts = await bothVerify({ credential: JSON.stringify(document), issuers: [accepted], at: CREATED });
    assert.deepEqual(verdicts, { ours: true, theirs: true });
  });
});

describe("sealing", () => {
  const lengths = [...Array(40).keys(), 63, 64, 65, 127, 128, 129, 1000, 4095, 4096, 4097, 65_535, 65_536, 300_001];
  const random = new Random(42);
  const holder = nacl.box.keyPair.fromSecretKey(random.bytes(32));
  const recipientPublicKey = base64(holder.publicKey);
  const secretKey = base64(holder.secretKey);

  test("tweetnacl opens what we seal, and every copy has a key of its own", async () => {
    const seen = new Set();
    for (const length of lengths) {
      const plaintext = random.bytes(length);
      const sealed = await rust.ask({ op: "seal", recipientPublicKey, plaintext: base64(plaintext) });
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
      assert.deepEqual(await rust.ask({ op: "open", ...sealed, secretKey }), { plaintext: base64(plaintext) });
    }
  });

  test("neither opens what was changed", async () => {
    const sealed = seal(random.bytes(200), holder.publicKey);
    for (let i = 0; i < 200; i++) {
      const content = fromBase64(sealed.content);
      content[random.below(content.length)] ^= 1 << random.below(8);
      const altered = { ...sealed, content: base64(content) };
      assert.equal(open(altered, holder.secretKey), null);
      assert.equal(typeof (await rust.ask({ op: "open", ...altered, secretKey })).error, "string");
    }
  });

  test("neither opens what is not a sealed content", async () => {
    const sealed = seal(random.bytes(10), holder.publicKey);
    const wrong = { content: ["", "AAAA", "%%%", sealed.content.slice(0, -4), `${sealed.content}AAAA`] };
    wrong.encryptorPublicKey = ["", "AAAA", "%%%", recipientPublicKey, base64(Buffer.alloc(32)), base64(Buffer.alloc(33))];
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const answer = await rust.ask({ op: "open", ...sealed, [name]: value, secretKey });
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
      const answer = await rust.ask({ op: "seal", recipientPublicKey: base64(key), plaintext: base64(Buffer.from("x")) });
      assert.equal(typeof answer.error, "string", Buffer.from(key).toString("hex"));
    }
  });
});
