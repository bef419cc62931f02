// The back ends of examples/, as a provider would run them, against `idos-issuer dev`. Here are the user, with a wallet and a
// mailbox, and somebody who would like to be taken for the issuer.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { REPOSITORY } from "../lib/paths.js";
import { base64, nacl } from "../lib/sealing.js";
import { call, startService, until } from "../lib/service.js";
import { evmWallet } from "../lib/wallets.js";

const EXAMPLES = path.join(REPOSITORY, "examples");
const MOST_LINES = 60;

/** A port that was free a moment ago. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A result that was approved now, and ends so soon that a reminder is due at once. */
function result(folder) {
  for (const name of ["passport.jpg", "selfie.jpg", "utility-bill.png"]) cpSync(path.join(EXAMPLES, name), path.join(folder, name));
  const evidence = JSON.parse(readFileSync(path.join(EXAMPLES, "kyc-result.json"), "utf8"));
  const [now, day] = [Date.now(), 24 * 3600 * 1000];
  evidence.approvedAt = new Date(now).toISOString();
  evidence.expiresAt = new Date(now + 5 * day).toISOString();
  const file = path.join(folder, "result.json");
  writeFileSync(file, JSON.stringify(evidence));
  return file;
}

for (const [command, file] of [[process.execPath, "backend.mjs"], ["python3", "backend.py"]]) {
  describe(file, () => {
    const folder = mkdtempSync(path.join(tmpdir(), "idos-examples-"));
    const [userId, wallet, reference] = [randomUUID(), evmWallet(randomBytes(32)), `case-${randomUUID()}`];
    const events = [];
    let service, backend, url;

    before(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      service = await startService("--webhook", `${url}/webhooks`, "--renewal-url", "https://kyc.example.com/renew?token={token}");
      const { url: ISSUER_URL, apiKey: ISSUER_KEY, webhookSecret: WEBHOOK_SECRET } = service.ready;
      const settings = { ISSUER_URL, ISSUER_KEY, WEBHOOK_SECRET, RESULT: result(folder), PORT: String(port) };
      const env = { ...process.env, ...settings, NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
      backend = spawn(command, [path.join(EXAMPLES, file)], { env, stdio: ["ignore", "pipe", "inherit"] });
      const lines = createInterface({ input: backend.stdout });
      await new Promise((resolve, reject) => {
        lines.once("line", resolve);
        backend.once("error", reject).once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
      });
      lines.on("line", (line) => events.push(JSON.parse(line)));
    });
    after(async () => {
      backend?.kill();
      await service?.stop();
      rmSync(folder, { recursive: true });
    });

    const ask = async (place, body) => {
      const answer = await fetch(url + place, body && { method: "POST", body: JSON.stringify(body) });
      return { status: answer.status, said: await answer.json() };
    };

    test("is short", () => {
      const lines = readFileSync(path.join(EXAMPLES, file), "utf8").trimEnd().split("\n");
      assert.ok(lines.length <= MOST_LINES, `${lines.length} lines`);
      assert.ok(lines.every((line) => line.length <= 140));
    });

    test("brings a user in, hears of it, and renews", async () => {
      const owner = { type: "EVM", address: wallet.address };
      const { said: challenge } = await ask("/wallet", { userId, wallet: owner });
      const { message } = challenge;
      const proven = { ...owner, message, signature: await wallet.sign(message) };
      const encryptionPublicKey = base64(nacl.box.keyPair().publicKey);
      const { status, said: offered } = await ask("/profile", { userId, encryptionPublicKey, wallet: proven });
      assert.equal(status, 200, JSON.stringify(offered));

      const writeGrant = { grant: offered.grant, owner, signature: await wallet.sign(offered.message) };
      const permit = { userId, reference, email: "ana@user.example", writeGrant };
      const { said: issued } = await ask("/permit", permit);
      assert.equal(issued.state, "issued", JSON.stringify(issued));
      assert.equal(issued.reference, reference);
      // The same again makes nothing.
      assert.equal((await ask("/permit", permit)).said.id, issued.id);
      const { items } = await call(service, "GET", `/v1/issuances?reference=${reference}`);
      assert.deepEqual(items.map(({ id }) => id), [issued.id]);

      const isOurs = ({ type, data }) => type === "issuance.issued" && data.issuanceId === issued.id;
      await until(() => events.some(isOurs), "the event");

      const link = await until(async () => {
        const mail = await (await fetch(`${service.ready.mailboxUrl}/1/html`)).text();
        return /https:\/\/kyc\.example\.com(\/renew\?token=[\w-]{43})/.exec(mail)?.[1];
      }, "the reminder");
      const renewed = await ask(link);
      assert.deepEqual(renewed, { status: 200, said: [{ renews: issued.id }] });
    });

    test("passes on why something is refused", async () => {
      const { status, said } = await ask("/renew?token=nobodys");
      assert.equal(status, 422, JSON.stringify(said));
      assert.equal(said.type, "urn:idos-issuer:problem:invalid_fields");
    });

    test("believes nobody but the issuer", async () => {
      const body = JSON.stringify({ type: "issuance.issued", data: {} });
      const tell = async (secret, seconds, sent = body) => {
        const [id, time] = [`evt_${randomUUID()}`, new Date(Date.now() + seconds * 1000)];
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(time / 1000)),
          "webhook-signature": new Webhook(secret).sign(id, time, body),
        };
        return (await fetch(`${url}/webhooks`, { method: "POST", headers, body: sent })).status;
      };
      const { webhookSecret } = service.ready;
      const other = `whsec_${randomBytes(32).toString("base64")}`;
      const before = events.length;
      assert.equal(await tell(other, 0), 401);
      assert.equal(await tell(webhookSecret, -3600), 401);
      assert.equal(await tell(webhookSecret, 3600), 401);
      assert.equal(await tell(webhookSecret, 0, body.replace("issued", "failed")), 401);
      assert.equal((await fetch(`${url}/webhooks`, { method: "POST", body })).status, 401);
      assert.equal(await tell(webhookSecret, 0), 200);
      await until(() => events.length > before, "what was signed");
      assert.equal(events.length, before + 1);
    });
  });
}
