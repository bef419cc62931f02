// What `idos-issuer` sends in a vendor's name, and what it asks vendors, against signatures of `node:crypto` that are written after the
// vendors' documentation: `sources test` and `doctor` talk to servers of Node.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { run } from "../lib/process.js";

const binary = process.env.IDOS_ISSUER_BIN ?? "target/debug/idos-issuer";
const folder = mkdtempSync(path.join(tmpdir(), "idos-sources-"));
after(() => rmSync(folder, { recursive: true }));

const KEY = "key-of-the-account";
const SECRET = "secret-of-the-account";
const HOOK = "whsec_of_webhooks";

const hmac = (hash, secret, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac(hash, secret)).digest("hex");

/** JSON with members in order, as Didit's example for Node writes it. */
function canonical(value) {
  const sorted = (of) =>
    of === null || typeof of !== "object"
      ? of
      : Array.isArray(of)
        ? of.map(sorted)
        : Object.fromEntries(Object.keys(of).sort().map((name) => [name, sorted(of[name])]));
  return JSON.stringify(sorted(value));
}

const now = () => Math.floor(Date.now() / 1000);
const isNow = (time) => Math.abs(Number(time) - now()) < 300;

/** Which webhooks each vendor sends: by the headers and the bytes. Several ways of one vendor have a setting each. */
const webhooks = [
  { vendor: "complycube", signed: (h, body) => h["complycube-signature"] === hmac("sha256", HOOK, body) },
  {
    vendor: "didit",
    signed: (h, body) =>
      h["x-signature"] === hmac("sha256", HOOK, body) &&
      isNow(h["x-timestamp"]) &&
      JSON.parse(body).timestamp === Number(h["x-timestamp"]),
  },
  {
    vendor: "didit",
    setting: 'canonical = "text"',
    signed: (h, body) => h["x-signature-v2"] === hmac("sha256", HOOK, canonical(JSON.parse(body))),
  },
  {
    vendor: "didit",
    setting: 'canonical = "timestamp_and_text"',
    signed: (h, body) =>
      h["x-signature-v2"] === hmac("sha256", HOOK, `${h["x-timestamp"]}:${canonical(JSON.parse(body))}`),
  },
  { vendor: "idenfy", signed: (h, body) => h["idenfy-signature"] === hmac("sha256", HOOK, body) },
  { vendor: "jumio", unsigned: true, signed: (h) => !Object.keys(h).some((name) => /signature|digest|auth/.test(name)) },
  { vendor: "onfido", signed: (h, body) => h["x-sha2-signature"] === hmac("sha256", HOOK, body) },
  {
    vendor: "persona",
    signed: (h, body) => {
      const { t, v1 } = Object.fromEntries(h["persona-signature"].split(",").map((pair) => pair.split("=")));
      return isNow(t) && v1 === hmac("sha256", HOOK, `${t}.`, body);
    },
  },
  {
    vendor: "sumsub",
    signed: (h, body) =>
      h["x-payload-digest-alg"] === "HMAC_SHA256_HEX" && h["x-payload-digest"] === hmac("sha256", HOOK, body),
  },
  {
    vendor: "sumsub",
    setting: "allow_sha1 = true",
    signed: (h, body) =>
      h["x-payload-digest-alg"] === "HMAC_SHA1_HEX" && h["x-payload-digest"] === hmac("sha1", HOOK, body),
  },
  {
    vendor: "veriff",
    signed: (h, body) => h["x-auth-client"] === KEY && h["x-hmac-signature"] === hmac("sha256", HOOK, body),
  },
];

const basic = (h) => h.authorization === `Basic ${Buffer.from(`${KEY}:${SECRET}`).toString("base64")}`;

/** What makes a request one that the vendor answers. */
const requests = {
  complycube: (h) => h.authorization === KEY,
  didit: (h) => h["x-api-key"] === KEY,
  idenfy: (h) => basic(h),
  jumio: (h, url) => (url === "/oauth2/token" ? basic(h) : h.authorization === "Bearer access-token"),
  onfido: (h) => h.authorization === `Token token=${KEY}`,
  persona: (h) => h.authorization === `Bearer ${KEY}`,
  sumsub: (h, url, body, method) =>
    h["x-app-token"] === KEY &&
    isNow(h["x-app-access-ts"]) &&
    h["x-app-access-sig"] === hmac("sha256", SECRET, h["x-app-access-ts"], method, url, body),
  veriff: (h, url) =>
    h["x-auth-client"] === KEY && h["x-hmac-signature"] === hmac("sha256", SECRET, /^\/sessions\/([^/]+)\/decision$/.exec(url)[1]),
};

/** A server that answers what `answer` says of headers, URL, body and method. */
async function serve(answer) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { status, body, headers = {} } = answer(request.headers, request.url, Buffer.concat(chunks), request.method);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${server.address().port}`;
}

const file = (name, text) => {
  writeFileSync(path.join(folder, name), text, { mode: 0o600 });
  return name;
};

/** A configuration with these sources, of which `sources test` and `doctor` need no more. */
function configuration(sources) {
  const text = `
[node]
url = "http://127.0.0.1:1"
[issuer]
name = "Example KYC"
url = "https://kyc.example.com/idos"
[keys]
signing = "keys/signing.key"
write = "keys/write.key"
encryption = "keys/encryption.key"
vault = "keys/vault.key"
[database]
url = "sqlite://issuer.db"
`;
  const sections = sources.map(
    ({ vendor, url, setting = "" }) => `
[[source]]
name = "${vendor}"
vendor = "${vendor}"
client = "acme"
base_url = "${url}"
tokens_url = "${url}"
key = "${file("key", KEY)}"
secret = "${file("secret", SECRET)}"
webhook_secrets = ["${file("hook", HOOK)}"]
${setting}
`,
  );
  return path.join(folder, file("config.toml", text + sections.join("")));
}

before(async () => {
  const { code, stderr } = await run({ command: binary, args: ["keys", "generate", "--folder", path.join(folder, "keys")] });
  assert.equal(code, 0, stderr);
});

describe("sources test", () => {
  for (const { vendor, setting, unsigned, signed } of webhooks) {
    test(`${vendor}${setting ? ` with ${setting}` : ""}: Node believes what is signed, and nothing else`, async () => {
      const seen = new Set();
      const told = [];
      const url = await serve((headers, place, body, method) => {
        assert.deepEqual([method, place], ["POST", `/webhooks/${vendor}`]);
        const believed = signed(headers, body);
        // A byte more, and it would not be.
        if (!unsigned) assert.ok(!signed(headers, Buffer.from(body.toString().replace("sample-", "sample_"))));
        told.push(believed);
        const outcome = seen.has(body.toString()) ? "repeated" : "ignored";
        if (!believed) return { status: 403, body: { type: "urn:idos-issuer:problem:not_signed", detail: "No." } };
        seen.add(body.toString());
        return { status: 200, body: { outcome } };
      });
      const config = configuration([{ vendor, url: "http://127.0.0.1:1", setting }]);
      const args = ["--config", config, "sources", "test", vendor, "--url", url];
      const { code, stdout, stderr } = await run({ command: binary, args });
      assert.equal(code, 0, stdout + stderr);
      // Signed, signed with another secret, and the first one again.
      assert.deepEqual(told, unsigned ? [true, true] : [true, false, true]);
    });
  }
});

describe("doctor", () => {
  for (const [vendor, authorized] of Object.entries(requests)) {
    test(`${vendor}: Node finds requests signed as the vendor wants them`, async () => {
      const asked = [];
      const url = await serve((headers, place, body, method) => {
        asked.push(authorized(headers, place, body, method));
        if (place === "/oauth2/token") {
          return { status: 200, body: { access_token: "access-token", token_type: "Bearer", expires_in: 60 } };
        }
        return { status: asked.at(-1) ? 404 : 401, body: {} };
      });
      const args = ["--config", configuration([{ vendor, url }]), "doctor", "--json"];
      const { stdout, stderr } = await run({ command: binary, args });
      const findings = JSON.parse(stdout).findings.filter(({ check }) => check === "sources");
      assert.ok(asked.length > 0 && asked.every(Boolean), JSON.stringify(findings) + stderr);
      const text = `${vendor}: the vendor answers, and takes the key`;
      assert.ok(findings.some((finding) => finding.verdict === "ok" && finding.text === text), JSON.stringify(findings));
    });
  }
});
