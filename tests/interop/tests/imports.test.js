// Imports by the programs that people have, as docs/imports.md and examples/ show them: they read while they send. There are more verdicts
// than the buffers of both ends hold, so that whoever does not would never come to the end.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { REPOSITORY } from "../lib/paths.js";
import { startService } from "../lib/service.js";

const EXAMPLES = path.join(REPOSITORY, "examples");
const LINES = 30_000;
const GOOD = 10;

/** A result without pictures of any size. */
function line() {
  const file = { base64: "/9j/4AAQSkZJRg==" };
  const subject = {
    firstName: "Ana", familyName: "Exemplo", dateOfBirth: "1990-02-14", nationality: "PT", idDocumentCountry: "PT",
    idDocumentNumber: "SP1", idDocumentType: "PASSPORT", idDocumentFrontFile: file, selfieFile: file,
  };
  const evidence = { approvedAt: "2026-01-20T09:30:00Z", expiresAt: "2040-01-20", subject };
  return JSON.stringify({ userId: randomUUID(), kind: "kyc", evidence, delivery: { by: "inserter" } });
}

const curl = (from) =>
  `curl -sS -N -T ${from} -X POST -H "Authorization: Bearer $ISSUER_KEY" -H "Idempotency-Key: $KEY" \
  -H 'Content-Type: application/x-ndjson' "$ISSUER_URL/v1/imports?from=1"`;

const PROGRAMS = {
  "curl -T FILE": ["sh", "-c", curl('"$1"'), "sh"],
  "curl -T -": ["sh", "-c", `${curl("-")} <"$1"`, "sh"],
  "import.mjs": [process.execPath, path.join(EXAMPLES, "import.mjs")],
  "import.py": ["python3", path.join(EXAMPLES, "import.py")],
};

describe("imports", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "idos-imports-"));
  const file = path.join(folder, "people.ndjson");
  let service;

  before(async () => {
    const lines = Array.from({ length: LINES }, (_, number) => (number % (LINES / GOOD) === 0 ? line() : "{}"));
    writeFileSync(file, `${lines.join("\n")}\n`);
    service = await startService();
  });

  after(async () => {
    await service?.stop();
    rmSync(folder, { recursive: true });
  });

  for (const [name, [command, ...args]] of Object.entries(PROGRAMS)) {
    test(name, async () => {
      const { url: ISSUER_URL, apiKey: ISSUER_KEY } = service.ready;
      const env = { ...process.env, ISSUER_URL, ISSUER_KEY, KEY: name.replaceAll(" ", "_"), NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
      const { stdout } = await promisify(execFile)(command, [...args, file], { env, maxBuffer: 1 << 30, timeout: 120_000 });
      const said = stdout.trimEnd().split("\n").map((text) => JSON.parse(text));
      const end = { verdict: "end", complete: true, next: LINES + 1, accepted: GOOD, replayed: 0, refused: LINES - GOOD, failed: 0 };
      assert.deepEqual(said.at(-1), end);
      assert.deepEqual(said.slice(0, -1).map(({ line }) => line), Array.from({ length: LINES }, (_, number) => number + 1));
    });
  }

  test("what was refused is found in the file", async () => {
    const refused = [{ line: 2, verdict: "refused", problem: {} }, { line: 4, verdict: "failed", problem: {} }];
    writeFileSync(`${file}.refused.ndjson`, refused.map((one) => `${JSON.stringify(one)}\n`).join(""));
    const page = readFileSync(path.join(REPOSITORY, "docs", "imports.md"), "utf8");
    const [shown] = page.match(/^grep -o .*people\.ndjson$/m);
    writeFileSync(file, "one\ntwo\nthree\nfour\nfive\n");
    const { stdout } = await promisify(execFile)("sh", ["-c", shown], { cwd: folder });
    assert.equal(stdout, "two\nfour\n");
  });
});
