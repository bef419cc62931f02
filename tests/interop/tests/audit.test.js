// The program of docs/audit.md, by which an auditor verifies an export, and our own: both over chains that this test makes by
// what the document says of the format, as they are and changed in every way.

import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";

import { issuerKey } from "../lib/credential.js";
import { REPOSITORY } from "../lib/paths.js";
import { run } from "../lib/process.js";

const ISSUER = "https://issuer.example/idos";
const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const folder = mkdtempSync(path.join(tmpdir(), "idos-audit-"));
after(() => rmSync(folder, { recursive: true }));

const document = readFileSync(path.join(REPOSITORY, "docs", "audit.md"), "utf8");
const program = path.join(folder, "verify.mjs");
writeFileSync(program, document.match(/```js\n(.*?)```/s)[1]);

const SEED = Buffer.alloc(32, 9);
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const secret = createPrivateKey({ key: Buffer.concat([PKCS8, SEED]), format: "der", type: "pkcs8" });
const { x } = createPublicKey(secret).export({ format: "jwk" });
const { publicKeyMultibase } = await issuerKey({ issuer: ISSUER, seed: SEED });

const sha256 = (...texts) => createHash("sha256").update(JSON.stringify(texts)).digest("hex");
const salt = (number) => sha256(number).slice(0, 32);

/** A chain of entries, of which those that `erased` names are let go, and a checkpoint of the last one. */
function chain(entries, letGo = { whole: [], also: [] }) {
  let previous = "";
  const lines = entries.map(([actor, act, subject, detail, also], place) => {
    const entry = {
      seq: place + 1, at: 1764419324000 + place, actor, act, subject, detail, salt: salt(place), link: "", also,
      alsoSalt: also && salt(-place), alsoLink: "", previous, hash: "",
    };
    entry.link = sha256(entry.salt, subject, detail);
    entry.alsoLink = also && sha256(entry.alsoSalt, also);
    entry.hash = sha256(entry.seq, entry.at, actor, act, entry.link, entry.alsoLink, previous);
    previous = entry.hash;
    return entry;
  });
  for (const seq of letGo.whole) Object.assign(lines[seq - 1], { subject: "", detail: "", salt: "" });
  for (const seq of letGo.also) Object.assign(lines[seq - 1], { also: "", alsoSalt: "" });
  return [checkpoint(lines.length, previous), ...lines];
}

function checkpoint(entry, hash) {
  const signed = {
    checkpoint: 1, version: 1, entry, hash, at: 1764419325000, verificationMethod: `${ISSUER}/keys/1`, publicKeyMultibase,
  };
  const text = "Statement of an idOS issuer about its own records; this is no credential.\n"
    + `audit checkpoint 1\nversion 1\nentry ${entry}\nhash ${hash}\nat ${signed.at}\n`
    + `verificationMethod ${signed.verificationMethod}\npublicKeyMultibase ${publicKeyMultibase}\n`;
  return { ...signed, signature: sign(null, Buffer.from(text), secret).toString("hex") };
}

const CLAIM = "clm_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const ISSUANCE = "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const ENTRIES = [
  ["client:acme:key_1", "claim_made", CLAIM, "", ""],
  ["claim:acme", "received", ISSUANCE, "kyc \"ü\"\t\u0001", CLAIM],
  ["claim:acme", "claim_used", CLAIM, "", ISSUANCE],
  ["service", "issued", ISSUANCE, "tx:ab", ""],
  ["client:acme:key_1", "erased", "claim", "1,3;2-3", ""],
  ["operator", "notice_resent", ISSUANCE, "ntc_01ARZ3NDEKTSV4RRFFQ69G5FAV", ""],
];
const LET_GO = { whole: [1, 3], also: [2, 3] };

let number = 0;
/** What each of the two says of an export: whether the chain holds, and is signed for. */
async function verdicts(lines) {
  const file = path.join(folder, `${number++}.jsonl`);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const theirs = await run({ command: process.execPath, args: [program, file, x] });
  const ours = await run({ command: binary, args: ["audit", "verify", "--file", file, "--key", publicKeyMultibase] });
  return {
    program: theirs.code === 0 && theirs.stdout === `1 ${lines[0].entry} holds\n`,
    command: ours.code === 0,
    said: ours.stdout + ours.stderr + theirs.stderr,
  };
}

async function both(lines, expected, what) {
  const { program, command, said } = await verdicts(lines);
  assert.deepEqual({ program, command }, { program: expected, command: expected }, `${what}: ${said}`);
  return said;
}

describe("an export of the audit chain", () => {
  test("holds, by the program of the document and by ours", async () => {
    await both(chain(ENTRIES.filter(([, act]) => act !== "erased")), true, "whole");
    const said = await both(chain(ENTRIES, LET_GO), true, "with entries that were let go");
    assert.match(said, /entries of erased records, which say no more whose they were: 2\n/);
    assert.ok(!said.includes(CLAIM) && !said.includes(ISSUANCE));
  });

  test("is refused where an entry was emptied and no entry says so", async () => {
    for (const place of [2, 4, 5, 6]) {
      const lines = chain(ENTRIES, { ...LET_GO, whole: [...LET_GO.whole, place] });
      await both(lines, false, `entry ${place}`);
    }
    await both(chain(ENTRIES.slice(0, 4), LET_GO), false, "nobody has erased anything");
    for (const said of ["1,3", "1;2-3", "1,3;2-3,5", "1,3,6;2-3", "3-1"]) {
      const entries = ENTRIES.with(4, [...ENTRIES[4].slice(0, 3), said, ""]);
      await both(chain(entries, LET_GO), false, said);
    }
  });

  test("is refused where anything in it was changed", async () => {
    const whole = chain(ENTRIES, LET_GO);
    const changed = (place, change) => whole.with(place, { ...whole[place], ...change });
    for (let place = 1; place < whole.length; place++) {
      for (const [name, value] of Object.entries(whole[place])) {
        const other = typeof value === "number" ? value + 1 : value ? "" : "x";
        await both(changed(place, { [name]: other }), false, `${name} of entry ${place}`);
      }
      await both(whole.toSpliced(place, 1), false, `without entry ${place}`);
      await both(whole.toSpliced(place, 0, whole[place]), false, `entry ${place} twice`);
    }
  });
});
