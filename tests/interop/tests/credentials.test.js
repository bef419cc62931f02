// What we issue is what the npm packages of idOS consumers issue for the same input, and they verify it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { decodeFile, decodeFileAsSdk, encodeFile } from "../lib/base85.js";
import { agree, fields, jsIssue, rustIssue } from "../lib/both.js";
import { canonical, issuerNames } from "../lib/credential.js";
import { fullSubject, randomSubject, smallSubject } from "../lib/people.js";
import { Random } from "../lib/random.js";

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
    await agree({ kind: "facesign", fields: human, subject: { faceSignUserId: 'user-1 😀 \n\\"' } });
    // As the service writes people of other sources than FaceSign, bound by their source's time.
    const bound = { ...human, expirationDate: new Date("2100-01-01T00:00:00.000Z") };
    for (const source of ["brightid", "human_passport", "world_id", "world_id_v2"]) {
      await agree({ kind: "facesign", fields: bound, subject: { faceSignUserId: `${source}:${"5f1c".repeat(16)}` } });
    }
  });

  test("agrees on texts that JSON and N-Quads have to escape", async () => {
    const texts = [
      '"\\',
      "\n\r\t\b\f",
      "\u0000\u0001\u001f\u007f\u0080\u009f",
      "a\u2028b\u2029c",
      "\ufeff\ufffd\uffff",
    ];
    texts.push(
      "e\u0301 é",
      "\u202eright to left",
      "<b>&amp;'",
      "",
      " ",
      "𠮷野 ﾔマダ",
      "😀\ue000\ud7ff",
      "^^<x>@en .\n",
    );
    for (const text of texts) {
      const subject = { ...fullSubject(), firstName: `A${text}`, placeOfBirth: text, idDocumentNumber: text };
      await agree({ fields: fields({ level: `basic${text}` }), subject });
    }
  });

  test("agrees on the order of lines that UTF-16 and code points sort differently", async () => {
    const [middleName, familyName, maidenName, placeOfBirth] = ["😀x", "ﬁx", "Ａx", "\ue000x"];
    await agree({
      fields: fields(),
      subject: { ...fullSubject(), middleName, familyName, maidenName, placeOfBirth },
    });
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
    await agree({
      fields: fields({ expirationDate: new Date("+010000-01-01T00:00:00.000Z") }),
      subject: smallSubject(),
    });
  });

  test("agrees on files of many lengths and forms", async () => {
    const random = new Random(85);
    const lengths = [...Array(18).keys(), 63, 64, 65, 1000, 1001, 1002, 1003];
    const forms = [(n) => random.bytes(n), (n) => Buffer.alloc(n), (n) => Buffer.alloc(n, 255)];
    forms.push(
      (n) => random.bytes(n).fill(0, Math.max(0, n - 3)),
      (n) => random.bytes(n).fill(0, 0, n >> 1),
    );
    for (const form of forms) {
      for (const length of lengths) {
        const [front, selfie] = [form(length), form(length + 1)];
        const subject = { ...smallSubject(), idDocumentFrontFile: front, selfieFile: selfie };
        const { credentialSubject } = JSON.parse(await agree({ fields: fields(), subject }));
        assert.deepEqual(decodeFile(credentialSubject.idDocumentFrontFile), front);
        assert.deepEqual(decodeFile(credentialSubject.selfieFile), selfie);
        assert.deepEqual(decodeFileAsSdk(credentialSubject.selfieFile), selfie);
      }
    }
  });

  test("writes zeros so that the package reads them, which its own encoder does not", async () => {
    const reads = (text, file) => {
      try {
        return decodeFile(text).equals(file);
      } catch {
        return false; // it gives `false` for some texts, which is no file
      }
    };
    for (const zeros of [8, 16, 64, 1000, 1001]) {
      const file = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(zeros), Buffer.from("end")]);
      assert.ok(!reads(encodeFile(file), file));
      const { credential } = await rustIssue({
        fields: fields(),
        subject: { ...smallSubject(), selfieFile: file },
      });
      const { selfieFile } = JSON.parse(credential).credentialSubject;
      assert.ok(!selfieFile.includes("z"));
      assert.ok(reads(selfieFile, file));
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
      assert.notDeepEqual(decodeFileAsSdk(encodeFile(file)), file);
      const { credential } = await rustIssue({
        fields: fields(),
        subject: { ...smallSubject(), selfieFile: file },
      });
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
      await agree({
        fields: fields({ id: `urn:x:${tail}` }),
        subject: { ...smallSubject(), id: `urn:y:${tail}` },
      });
    }
  });

  test("refuses everything that the JavaScript libraries refuse", async () => {
    for (const id of [
      "",
      "abc",
      "a b",
      "urn:a b",
      "urn:a\u00a0b",
      "urn:a\ufeffb",
      "/x",
      "//x",
      "#x",
      "@id",
      "1:x",
      "x",
    ]) {
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
