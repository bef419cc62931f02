// Submissions as FormData: which image is which is said by the names of the parts, whatever the files are called.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { startServer } from "../lib/process.js";

const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const anywhere = ["--listen", "--node-listen", "--mailbox-listen"].flatMap((name) => [name, "127.0.0.1:0"]);

const submission = {
  userId: randomUUID(),
  kind: "kyc",
  evidence: {
    approvedAt: "2026-01-20",
    subject: {
      firstName: "Ana",
      familyName: "Exemplo",
      dateOfBirth: "1990-02-14",
      idDocumentCountry: "PT",
      idDocumentNumber: "SP1",
      idDocumentType: "PASSPORT",
      idDocumentFrontFile: { part: "passport" },
      selfieFile: { part: "selfie" },
    },
  },
  delivery: { by: "inserter" },
};

/** The start of a JPEG, and something to tell it by. */
const image = (mark) => new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, mark])], { type: "image/jpeg" });

function form(passport, selfie) {
  const form = new FormData();
  form.append("submission", new Blob([JSON.stringify(submission)], { type: "application/json" }));
  form.append("passport", image(1), passport);
  form.append("selfie", image(2), selfie);
  return form;
}

describe("FormData", () => {
  let service;
  before(async () => (service = await startServer({ command: binary, args: ["dev", "--json", "--no-people", ...anywhere] })));
  after(() => service?.stop());

  const submit = (body, key) =>
    fetch(`${service.ready.url}/v1/issuances`, {
      method: "POST",
      headers: { Authorization: `Bearer ${service.ready.apiKey}`, "Idempotency-Key": key },
      body,
    });

  test("is taken, and file names do not count", async () => {
    const key = randomUUID();
    const first = await submit(form("passport.jpg", "selfie.jpg"), key);
    assert.equal(first.status, 202, await first.text());
    for (const name of [
      'x"; name="selfie',
      "x; name=selfie",
      "; name=selfie; x=",
      'x\\"; name=\\"selfie',
      "name=selfie",
      "\r\nContent-Disposition: form-data; name=selfie",
      "foto de ñ 写真 🪪.jpg",
      "",
    ]) {
      const again = await submit(form(name, name.replaceAll("selfie", "passport")), key);
      assert.equal(again.status, 202, `${name}: ${await again.text()}`);
      assert.equal(again.headers.get("idempotency-replayed"), "true", `the same files by the same names: ${name}`);
    }
  });

  test("that cannot be read in one way is refused, and not guessed at", async () => {
    // FormData leaves a backslash as it is, so it escapes the quote that ends the name.
    const refused = await submit(form("x\\", "selfie.jpg"), randomUUID());
    assert.equal(refused.status, 400);
    assert.match((await refused.json()).detail, /^Part 2 has a Content-Disposition that .* does not end/);
  });
});
