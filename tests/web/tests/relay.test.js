// A consumer of upstream's relay shows the page in a frame: its link, the messages that it gets, and the end of them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as reserve } from "node:net";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { REPOSITORY, rustCommand } from "../../interop/lib/paths.js";
import { Person, visit } from "../lib/person.js";
import { PATIENCE_MS, Service } from "../lib/service.js";

const service = await Service.start();
after(() => service.stop());

/** The page of a consumer: it keeps what it is told, and opens nothing. */
const CONSUMER = `<!doctype html><title>A consumer</title><script>
window.told = [];
addEventListener("message", ({ origin, data }) => window.told.push({ origin, data }));
</script><main></main>`;

/** The frame as upstream's consumers make it. */
const framed = (url) =>
  `<iframe id="kyc" src="${url}" allow="camera; fullscreen *" width="900" height="900"
    sandbox="allow-forms allow-modals allow-popups allow-same-origin allow-scripts"></iframe>`;

async function listen(html) {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

async function freePort() {
  const server = reserve();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const consumerUrl = await listen(CONSUMER);
const strangerUrl = await listen(CONSUMER);

/** A replica on the same database that lets the consumer's page frame it, and one that is not asked for. */
async function replica() {
  const url = `http://127.0.0.1:${await freePort()}`;
  const text = readFileSync(service.ready.config, "utf8")
    .replace(/^listen = .*$/m, `listen = "${new URL(url).host}"`)
    .replace(/^public_url = .*$/m, `public_url = "${url}"`)
    .replace(/^\[claims\]$/m, `[claims]\nframe_ancestors = ["http://127.0.0.1:1", "${consumerUrl}"]`);
  const config = join(dirname(service.ready.config), "framed.toml");
  writeFileSync(config, text);
  const { command, args } = rustCommand("IDOS_ISSUER_BIN", ["run", "-q", "-p", "idos-issuer", "--"]);
  const child = spawn(command, [...args, "--config", config, "serve", "--no-worker"], { cwd: REPOSITORY, stdio: "ignore", detached: true });
  after(() => process.kill(-child.pid, "SIGTERM"));
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    if (await fetch(`${url}/livez`).then((answer) => answer.ok, () => false)) return url;
    assert.ok(Date.now() < end && child.exitCode === null, "the replica does not answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const url = await replica();

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-521" });
const grantee = `0x${"ab".repeat(20)}`;
const { id: clientId } = await service.api("POST", "/developer/console/clients", {
  name: "Example <b>Exchange</b>",
  email: "kyc@exchange.example",
  publicKey: publicKey.export({ type: "spki", format: "pem" }),
  consumerWallet: grantee,
  consumerEncPubKey: "CSpRJc8dcnC4dMeBaKKYlQyA3GhAtLCTMM6HVyIx1kQ=",
  blockedCountries: [],
});

/** A start link as upstream's consumers make it. */
function link(claims = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const all = { clientId, kyc: true, level: "basic+liveness+idos", externalUserId: randomUUID(), iat: Math.floor(Date.now() / 1000), ...claims };
  const signed = `${part({ alg: "ES512", typ: "JWT" })}.${part(all)}`;
  const signature = sign("sha512", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return `${url}/kyc?token=${signed}.${signature}&provider=sumsub`;
}

/** A person on the consumer's page, with the frame in it. */
async function inFrame(t, address, around = consumerUrl) {
  const person = await visit(t);
  await person.page.goto(around);
  await person.page.evaluate((html) => document.querySelector("main").insertAdjacentHTML("beforeend", html), framed(address));
  const frame = await (await person.page.waitForSelector("#kyc")).contentFrame();
  // Of a frame, the same is asked as of a page.
  const inside = Object.assign(new Person(person.context, person.wallets), { page: frame, faults: person.faults });
  return { person, inside, told: () => person.page.evaluate(() => window.told) };
}

/** Waits until the consumer's page has been told something that fits. */
async function hears(told, wanted) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = (await told()).find(({ data }) => wanted(data));
    if (found) return found;
    assert.ok(Date.now() < end, JSON.stringify(await told()));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Begins the check as the person does, and gives what the vendor knows the person by. */
async function beginCheck({ inside, told }) {
  await inside.page.click("#check");
  const { origin, data } = await hears(told, ({ open }) => open !== undefined);
  assert.equal(origin, url);
  assert.deepEqual(Object.keys(data).sort(), ["features", "open", "target"]);
  return new URL(data.open).searchParams.get("case");
}

const decide = async (what, person) => {
  const answer = await fetch(`${service.ready.vendors.sumsub.url}/${what}/${person}`, { method: "POST" });
  assert.ok(answer.ok, `${answer.status}`);
};

test("a consumer's frame is told to open the check, and when the credential is written", async (t) => {
  const shown = await inFrame(t, link());
  const { inside, told } = shown;
  await inside.heading(/^Connect/);
  // The token stands in no address any more.
  assert.match(inside.page.url(), /\/claim\/[\w-]{43}$/);
  await inside.connect();
  await inside.heading(/^Create your idOS profile/);
  await inside.choosePassword();
  await inside.click("#sign");
  await inside.heading(/^Show who you are/);
  assert.deepEqual(await told(), []);
  const person = await beginCheck(shown);
  await decide("approve", person);
  // The wallet is connected still. The heading is there before the grant is, of which the text is.
  await inside.heading(/^Allow/);
  const text = await inside.page.locator("dl").innerText();
  assert.ok(text.includes("Example <b>Exchange</b>"), text);
  await inside.grant();
  const { origin, data } = await hears(told, ({ completed }) => completed === true);
  assert.equal(origin, url);
  assert.deepEqual(data, { completed: true });
  assert.equal((await told()).length, 2);
});

test("a decline is told once, as an error", async (t) => {
  const shown = await inFrame(t, link());
  const { inside, told } = shown;
  await inside.heading(/^Connect/);
  await inside.connect();
  await inside.heading(/^Create your idOS profile/);
  await inside.choosePassword();
  await inside.click("#sign");
  await inside.heading(/^Show who you are/);
  await decide("decline", await beginCheck(shown));
  await inside.heading(/^The check did not go well/);
  const { data } = await hears(told, ({ error }) => error !== undefined);
  assert.deepEqual(data, { error: { code: "declined" } });
  assert.equal((await told()).length, 2);
});

test("a link that is not right is told as an error, and shows words", async (t) => {
  for (const [address, heading, code] of [
    [link({ level: "basic" }), /^This link is not accepted/, "token_refused"],
    [link({ iat: Math.floor(Date.now() / 1000) - 5000 }), /^This link has expired/, "link_expired"],
    [`${url}/kyc`, /^This link is not accepted/, "invalid_fields"],
  ]) {
    const { inside, told } = await inFrame(t, address);
    await inside.heading(heading);
    const { data } = await hears(told, ({ error }) => error !== undefined);
    assert.deepEqual(data, { error: { code } });
  }
});

test("no other page has it in a frame, and none is told anything", async (t) => {
  const { person, told } = await inFrame(t, link({ level: "basic" }), strangerUrl);
  await person.page.waitForFunction(() => document.querySelector("#kyc").contentDocument === null);
  const frame = person.page.frames().at(-1);
  assert.equal(await frame.locator("#claim").count(), 0);
  assert.deepEqual(await told(), []);
});

test("what the page around says changes nothing", async (t) => {
  const { person, inside } = await inFrame(t, link());
  await inside.heading(/^Connect/);
  await person.page.evaluate(() => {
    const { contentWindow } = document.querySelector("#kyc");
    for (const message of [{ completed: true }, { error: 1 }, { open: "javascript:alert(1)" }, "x", null]) contentWindow.postMessage(message, "*");
  });
  await inside.page.waitForTimeout(300);
  await inside.heading(/^Connect/);
});

test("in a tab of its own, the check is a link", async (t) => {
  const person = await visit(t);
  await person.goto(link());
  await person.heading(/^Connect/);
  await person.connect();
  await person.heading(/^Create your idOS profile/);
  await person.choosePassword();
  await person.click("#sign");
  await person.heading(/^Show who you are/);
  const check = person.page.locator("#check");
  assert.match(await check.getAttribute("href"), /^https:\/\/kyc\.example\.com\/check\?case=[0-9a-f-]{36}$/);
  assert.equal(await check.getAttribute("rel"), "noopener noreferrer");
  // Loaded again, it is where it was.
  await person.page.reload();
  await person.heading(/^Show who you are/);
});
