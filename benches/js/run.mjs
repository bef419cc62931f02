// "Evidence in, transaction bytes out" with the npm packages that the official JavaScript SDK is made of.
//
//   node benches/js/run.mjs [--json] [--runs N] [--warm-up N] [--sizes 0,100000,1000000]
//
// For each size (bytes of files in all, spread over four files) it measures in a process of its own
//   issue  build and sign the credential, its text, its hash, seal it for the holder and for the issuer, and sign
//          both rows (public notes, content);
//   tx     encode and sign create_credentials_by_dwg with the real Kwil client, to the JSON that would be sent;
//   total  both by the clock, and as processor time of all threads (the garbage collector has its own).
// The node is a stub inside this process; nothing goes over a socket. What only JavaScript does is not counted:
// the client sends the whole payload a second time to ask for a price of nothing, and the SDK converts base64 and
// hashes with slower code than Node's own, which is used here.
// The packages are those of tests/interop: run `npm ci` there first.

import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { issue, issuerKey } from "../../tests/interop/lib/credential.js";
import { grantedWrite, rowSigner, writeGrant } from "../../tests/interop/lib/holder.js";
import { Idos } from "../../tests/interop/lib/idos.js";
import { fullSubject } from "../../tests/interop/lib/people.js";
import { Random } from "../../tests/interop/lib/random.js";
import { nacl } from "../../tests/interop/lib/sealing.js";
import { ed25519Signer, evmWallet } from "../../tests/interop/lib/wallets.js";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    runs: { type: "string", default: "15" },
    "warm-up": { type: "string", default: "5" },
    sizes: { type: "string", default: "0,100000,1000000" },
    one: { type: "string" }, // the size to measure in this very process
  },
});
const runs = positive(options.runs);
const warmUp = positive(options["warm-up"]);

if (options.one !== undefined) {
  console.log(JSON.stringify(await measure(Number(options.one))));
} else {
  const results = options.sizes.split(",").map((size) => inOwnProcess(size.trim()));
  const report = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length, runs, warmUp, results };
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else print(report);
}

function positive(text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`not a number of runs: ${text}`);
  return number;
}

function inOwnProcess(size) {
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(
    process.execPath,
    [script, "--one", size, "--runs", options.runs, "--warm-up", options["warm-up"]],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  if (child.status !== 0) throw new Error(`measuring ${size} bytes failed`);
  return JSON.parse(child.stdout);
}

async function measure(fileBytes) {
  const random = new Random(fileBytes);
  const issuer = await prepareIssuer(random);
  const evidence = evidenceOf(fileBytes, random);

  const times = { issue: [], tx: [], total: [], cpu: [] };
  let sizes;
  for (let i = 0; i < warmUp + runs; i++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const write = await prepareWrite(issuer, evidence);
    const issued = performance.now();
    const bytes = await issuer.transaction(write.arguments);
    const done = performance.now();
    const { user, system } = process.cpuUsage(cpu);

    sizes = { credentialBytes: write.credentialBytes, requestBytes: bytes.length };
    if (i < warmUp) continue;
    times.issue.push(issued - start);
    times.tx.push(done - issued);
    times.total.push(done - start);
    times.cpu.push((user + system) / 1000);
  }
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  return {
    fileBytes,
    issueMs: summary(times.issue),
    txMs: summary(times.tx),
    totalMs: summary(times.total),
    cpuMs: summary(times.cpu),
    ...sizes,
    peakRssMb,
  };
}

/** A person with every field; the files as large as asked for. */
function evidenceOf(fileBytes, random) {
  const subject = fullSubject();
  const file = (share) => random.bytes(Math.floor(fileBytes / 4) + (share < fileBytes % 4 ? 1 : 0));
  subject.idDocumentFrontFile = file(0);
  subject.idDocumentBackFile = file(1);
  subject.selfieFile = file(2);
  subject.residentialAddress.proofFile = file(3);
  const day = (text) => new Date(`${text}T00:00:00.000Z`);
  const dates = { issued: day("2026-01-01"), approvedAt: day("2026-01-02"), expirationDate: day("2036-01-01") };
  const fields = {
    id: "https://issuer.example/idos/credentials/1",
    level: "plus+liveness+email+phoneNumber",
    ...dates,
  };
  return { fields, subject };
}

async function prepareIssuer(random) {
  const seed = random.bytes(32);
  const signer = rowSigner(seed);
  const owner = evmWallet(random.bytes(32));
  const grant = writeGrant({
    owner: owner.owner,
    grantee: signer.publicKey,
    issuerPublicKey: signer.publicKey,
    id: random.uuid(),
  });
  return {
    key: await issuerKey({ issuer: "https://issuer.example/idos", seed }),
    signer,
    grant,
    grantSignature: await owner.sign("the text of the grant comes from the node"),
    holderKey: nacl.box.keyPair.fromSecretKey(random.bytes(32)).publicKey,
    copyKey: nacl.box.keyPair.fromSecretKey(random.bytes(32)).publicKey,
    ids: { originalId: random.uuid(), copyId: random.uuid(), notes: random.uuid() },
    transaction: await transactions(ed25519Signer(seed)),
  };
}

async function prepareWrite({ key, signer, grant, grantSignature, holderKey, copyKey, ids }, { fields, subject }) {
  const plaintext = await issue({ kind: "kyc", key, fields, subject, created: new Date() });
  const { originalId, copyId, notes } = ids;
  const publicNotes = JSON.stringify({
    id: notes,
    type: "KYC DATA",
    level: fields.level,
    status: "approved",
    issuer: "Example",
  });
  const row = {
    plaintext,
    originalId,
    copyId,
    holderKey,
    copyKey,
    signer,
    publicNotes,
    grant,
    signature: grantSignature,
  };
  return { arguments: grantedWrite(row), credentialBytes: Buffer.byteLength(plaintext) };
}

/** A function from arguments to the bytes of the broadcast request, by the Kwil client on a node of nothing. */
async function transactions(signer) {
  const answers = {
    "user.health": { mode: "open" },
    "user.estimate_price": { price: "0" },
    "user.account": { balance: "0", nonce: 6 },
    "user.broadcast": { tx_hash: "ab".repeat(32), result: { code: 0, gas: 0 } },
  };
  let sent;
  const idos = new Idos({ url: "http://stub.invalid", chainId: "idos-localdev", signer });
  const post = async (_path, body) => {
    if (body.method === "user.broadcast") sent = Buffer.from(JSON.stringify(body));
    return { status: 200, data: { jsonrpc: "2.0", id: body.id, result: answers[body.method] } };
  };
  idos.kwil.request = () => ({ post });
  return async (values) => {
    await idos.execute("create_credentials_by_dwg", values);
    return sent;
  };
}

function summary(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toFixed(3));
  return { median: at(0.5), min: at(0), max: at(1) };
}

function print({ node, cpu, cpus, runs, results }) {
  console.log(`Node ${node}, ${cpus} × ${cpu}, medians of ${runs} runs`);
  const rows = results.map(
    ({ fileBytes, issueMs, txMs, totalMs, cpuMs, credentialBytes, requestBytes, peakRssMb }) => ({
      "files, bytes": fileBytes,
      "issue, ms": issueMs.median,
      "tx, ms": txMs.median,
      "total, ms": totalMs.median,
      "total, CPU ms": cpuMs.median,
      "credential, bytes": credentialBytes,
      "request, bytes": requestBytes,
      "peak RSS, MB": peakRssMb,
    }),
  );
  console.table(rows);
}
