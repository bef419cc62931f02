// What others may try: frames, markup in what is shown, wallets and key services that lie, other windows that speak.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";

import { secretKey } from "../../../web/src/key.js";
import { visit } from "../lib/person.js";
import { Service } from "../lib/service.js";
import { FakeWallet } from "../lib/wallets.js";

const service = await Service.start();
after(() => service.stop());

const MARKUP = `"><img src=x onerror="window.__hacked=1"><script>window.__hacked=1</script>{provider}`;

/** A site of somebody else. */
async function site(t, html) {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(html);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

const isUnharmed = async (person) => {
  assert.equal(await person.page.evaluate(() => window.__hacked), undefined);
  assert.equal(await person.page.locator("main img[src=x], main script, header img[src=x]").count(), 0);
};

test("markup in names, kinds, networks and addresses is text", async (t) => {
  const wallet = new FakeWallet("evm", { label: `<img src=x onerror="window.__hacked=1">` });
  const person = await visit(t, { wallets: [wallet] });
  await person.retell((claim) => ({
    ...claim,
    kind: MARKUP,
    network: { chainId: MARKUP, name: MARKUP },
    provider: { name: MARKUP, url: `javascript:window.__hacked=1//${MARKUP}` },
    returnUrl: "javascript:window.__hacked=1",
  }));
  await person.page.route("**/grant", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, body: JSON.stringify({ ...body, message: MARKUP + body.message }) });
  });
  await person.goto((await service.waiting()).claim.url);
  await person.page.getByText("<img src=x").first().waitFor();
  await isUnharmed(person);
  await person.makeProfile();
  await person.click("summary");
  await person.page.getByText(`"><img src=x`).first().waitFor();
  await isUnharmed(person);
});

test("an address to lead back to is one of the web, or none", async (t) => {
  const person = await visit(t);
  await person.retell((claim) => ({ ...claim, state: "written", returnUrl: "javascript:window.__hacked=1" }));
  await person.goto((await service.waiting()).claim.url);
  await person.heading(/^Written/);
  assert.equal(await person.page.locator("main a").count(), 0);
});

test("no other site shows the page in a frame", async (t) => {
  const { claim } = await service.waiting();
  const person = await visit(t);
  await person.page.goto(await site(t, `<iframe id="f" src="${claim.url}"></iframe>`));
  await person.page.waitForTimeout(500);
  const frame = person.page.frames().find((one) => one !== person.page.mainFrame());
  const text = await frame.evaluate(() => document.body?.innerText ?? "").catch(() => "");
  assert.doesNotMatch(text, /wallet/i);
  assert.ok(person.faults.some((fault) => /frame-ancestors|X-Frame-Options/i.test(fault)), person.faults.join());
});

test("another window speaks in no wallet's name", async (t) => {
  const wallet = new FakeWallet("evm");
  const person = await visit(t, { wallets: [wallet] });
  const { claim } = await service.waiting();
  await person.page.goto(await site(t, "<p>evil</p>"));
  const [popup] = await Promise.all([
    person.context.waitForEvent("page"),
    person.page.evaluate((url) => void (window.popup = window.open(url)), claim.url),
  ]);
  await popup.getByRole("heading", { level: 1 }).waitFor();
  await person.page.evaluate(() => {
    const messages = [
      { type: "near-wallet-injected", manifest: { id: "evil", name: "Evil Wallet", icon: "", type: "injected", permissions: {}, features: { signMessage: true } } },
      { source: "FREIGHTER_EXTERNAL_MSG_RESPONSE", isConnected: true },
      { source: "GEM_WALLET_MSG_RESPONSE", isInstalled: true, result: { isInstalled: true } },
      null,
      "text",
      7,
    ];
    for (const message of messages) window.popup?.postMessage(message, "*");
  });
  await popup.waitForTimeout(1000);
  assert.doesNotMatch(await popup.innerText("main"), /Evil|Freighter \||GemWallet \|/);
  assert.equal(await popup.locator("button.wallet").count(), 1);
  await popup.close();
});

/** A page that answers as the key service does: `answer` is what it says to the question for a key, as a script. */
const enclave = (answer) => `<!doctype html><script>
  addEventListener("message", ({ data, ports: [port] }) => {
    if (!port) return;
    if (data.method === "reconfigure") window.options = data.data[0];
    if (data.method !== "ensureUserEncryptionProfile") return port.postMessage({ result: null });
    const options = window.options;
    (${answer})(port, options);
  });
</script><p>key service</p>`;

/** A visit to a deployment with a key service. */
async function visitWithEnclave(t, answer) {
  const url = await site(t, enclave(answer));
  const person = await visit(t);
  await person.retell((claim) => ({ ...claim, enclaveUrl: `${url}/` }));
  // What the configuration would have the policy say.
  await person.page.route("**/claim/*", async (route) => {
    if (route.request().method() !== "GET") return route.fallback();
    const response = await route.fetch();
    const headers = response.headers();
    const policy = headers["content-security-policy"].replace("; base-uri", `; frame-src ${url}; base-uri`);
    await route.fulfill({ response, headers: { ...headers, "content-security-policy": policy } });
  });
  await person.goto((await service.waiting()).claim.url);
  await person.connect();
  await person.heading(/^Create/);
  return person;
}

const KEY = "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=";

test("the key service gives the key of a new profile", async (t) => {
  const person = await visitWithEnclave(t, `(port, { userId }) => port.postMessage({ result: { userId, userEncryptionPublicKey: "${KEY}", encryptionPasswordStore: "mpc" } })`);
  await person.click("#by-enclave");
  await person.heading(/^Show that this wallet/);
  await person.click("#sign");
  await person.heading(/^Allow/);
  const sent = person.requests.find(({ url }) => url.endsWith("/profile"));
  const { encryptionPublicKey, passwordStore } = JSON.parse(sent.body);
  assert.deepEqual({ encryptionPublicKey, passwordStore }, { encryptionPublicKey: KEY, passwordStore: "mpc" });
  await person.grant();
});

const LIES = {
  "another user's key": `(port) => port.postMessage({ result: { userId: "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11", userEncryptionPublicKey: "${KEY}", encryptionPasswordStore: "mpc" } })`,
  "no key": `(port, { userId }) => port.postMessage({ result: { userId, userEncryptionPublicKey: "AAAA", encryptionPasswordStore: "mpc" } })`,
  "a key of zeros": `(port, { userId }) => port.postMessage({ result: { userId, userEncryptionPublicKey: "${"A".repeat(43)}=", encryptionPasswordStore: "mpc" } })`,
  "an unknown place": `(port, { userId }) => port.postMessage({ result: { userId, userEncryptionPublicKey: "${KEY}", encryptionPasswordStore: "evil" } })`,
  "an error": `(port) => port.postMessage({ error: "<img src=x onerror=window.__hacked=1>" })`,
  nothing: `(port) => port.postMessage(null)`,
};

test("what a key service lies is not taken, and a password does", async (t) => {
  for (const [name, answer] of Object.entries(LIES)) {
    const person = await visitWithEnclave(t, answer);
    await person.click("#by-enclave");
    await person.told(/The key service gave no key/);
    await isUnharmed(person);
    if (name !== "nothing") continue;
    await person.click("#another");
    await person.heading(/^Create/);
    await person.click("#by-password");
    await person.choosePassword();
  }
});

test("what is signed for one link is of no use for another", async (t) => {
  const person = await visit(t);
  await person.goto((await service.waiting()).claim.url);
  await person.makeProfile();
  await person.grant();
  const find = (end) => JSON.parse(person.requests.find(({ url }) => url.endsWith(end)).body);
  const { claim: other } = await service.waiting();
  for (const end of ["/profile", "/grant/signed"]) {
    const response = await fetch(`${other.url}${end}`, {
      method: "POST",
      headers: { "content-type": "application/json", "sec-fetch-site": "same-origin", origin: service.url },
      body: JSON.stringify(find(end)),
    });
    assert.ok([409, 422].includes(response.status), `${end}: ${response.status} ${await response.text()}`);
  }
  // Nor does the key of a password come out of what was sent.
  const key = await secretKey("correct horse battery staple", "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11");
  assert.ok(!person.requests.some(({ body }) => body.includes(Buffer.from(key).toString("base64"))));
});
