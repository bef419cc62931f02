// Staff sign in at an OpenID provider by others, in Chromium, at the service as `serve` runs it; and what is changed on the way is seen.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { after, test } from "node:test";

import { chromium } from "playwright-core";

import { run } from "../../interop/lib/process.js";
import { isFit } from "../lib/fit.js";
import { SECRET, signInThere, startProvider } from "../lib/provider.js";
import { issuer, PATIENCE_MS, Service } from "../lib/service.js";

/** A port that nobody has. */
async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// A node, and keys that it knows.
const dev = await Service.start();
const url = `http://127.0.0.1:${await freePort()}`;
const provider = await startProvider(`${url}/console/sign-in/return`);

/** The configuration of `serve` beside that node, with this in its section [openid]. */
function configure(openid) {
  const made = readFileSync(dev.ready.config, "utf8");
  const section = (name) => made.match(new RegExp(`^\\[${name}\\]\\n(?:(?!\\[).*\\n)*`, "m"))[0];
  const secret = join(dev.ready.data, "keys", "openid.secret");
  writeFileSync(secret, SECRET, { mode: 0o600 });
  const file = join(dev.ready.data, "serve.toml");
  writeFileSync(
    file,
    `${section("node")}${section("issuer")}${section("keys")}[database]\nurl = "sqlite://serve.db"\n` +
      `[http]\nlisten = "${new URL(url).host}"\npublic_url = "${url}"\n[console]\nenabled = true\n` +
      `[openid]\nissuer = "${provider.issuer}"\nclient_id = "console"\nclient_secret = "keys/openid.secret"\n` +
      `viewers = ["readers"]\ncompliance = ["compliance"]\nadmins = ["idos-admins"]\n${openid}`,
  );
  return file;
}

/** Runs `serve` until it takes requests. */
async function serve(openid = "") {
  const config = configure(openid);
  const { command, args } = issuer;
  const child = spawn(command, [...args, "--config", config, "serve", "--create"], { stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (data) => (log += data));
  const end = Date.now() + PATIENCE_MS;
  while (!(await fetch(`${url}/livez`).then(({ ok }) => ok, () => false))) {
    assert.ok(Date.now() < end && child.exitCode === null, log);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    config,
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "close");
    },
  };
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
let service = await serve();
after(async () => {
  await browser.close();
  await service.stop();
  await provider.stop();
  await dev.stop();
});

/** A browser of somebody's own. */
async function visitor(locale = "en-GB") {
  const context = await browser.newContext({ locale });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

/** From the console's door to the provider's. */
async function leave(page, next = "") {
  await page.goto(`${url}/console/sign-in${next}`);
  await page.locator("a.primary").click();
}

/** Runs `go` while what passes between the console and the provider is changed: `there` and `back` change the query. */
async function changing({ there, back }, go) {
  const happened = [];
  if (there) provider.way.there = (query) => happened.push(there(query));
  if (back) provider.way.back = (query) => happened.push(back(query));
  await go().finally(() => Object.assign(provider.way, { there: undefined, back: undefined }));
  assert.ok(happened.length, "nothing was changed");
}

/** Who is in, as the page says; nobody, if none is. */
const whoIsIn = (page) => page.locator("header .who a").innerText();

const session = async (page) => (await page.context().cookies(url)).find(({ name }) => name === "__Host-idos_console")?.value;

/** Refused, in words, without a session, and without a trace of what was sent. */
async function isRefused(page, words) {
  await page.locator("[role=alert]").waitFor();
  assert.match(await page.locator("[role=alert]").innerText(), words);
  assert.equal(await session(page), undefined);
  assert.ok(!(await page.content()).includes("Xyzzy"));
}

test("people come in with the role that their group gives, and go on to where they wanted", async () => {
  for (const [login, role, path] of [["vera", "Viewer", "/numbers"], ["carl", "Compliance", "/audit"], ["ada", "Admin", "/people"]]) {
    const page = await visitor();
    await leave(page, `?next=${encodeURIComponent(path)}`);
    await signInThere(page, login);
    await page.waitForURL(`${url}/console${path}`);
    await page.locator("header .who a").waitFor();
    assert.match(await whoIsIn(page), new RegExp(`${login}\\s+${role}`, "i"));
    await page.context().close();
  }
});

test("a session that was planted, or was there before, is not the one afterwards", async () => {
  const page = await visitor();
  const planted = "A".repeat(43);
  // By the browser's own protocol: playwright names a domain, which cookies of this prefix must not have.
  const browserItself = await page.context().newCDPSession(page);
  const cookie = { name: "__Host-idos_console", value: planted, url, path: "/", secure: true, httpOnly: true, sameSite: "Strict" };
  assert.ok((await browserItself.send("Network.setCookie", cookie)).success);
  assert.equal(await session(page), planted);
  await leave(page);
  await signInThere(page, "ada");
  await page.locator("header .who a").waitFor();
  const first = await session(page);
  assert.notEqual(first, planted);
  // Before what cannot be undone, the provider asks anew, though it knows them; and the session is another one.
  await page.goto(`${url}/console/confirm?next=/people`);
  await page.locator("main a[href*='/sign-in/provider']").click();
  await page.locator("input[name=login]").waitFor();
  await signInThere(page, "ada");
  await page.waitForURL(`${url}/console/people`);
  await page.locator("header .who a").waitFor();
  const second = await session(page);
  assert.notEqual(second, first);
  for (const old of [planted, first]) {
    const answer = await fetch(`${url}/console`, { redirect: "manual", headers: { cookie: `__Host-idos_console=${old}` } });
    assert.equal(answer.status, 303);
  }
});

test("who has none of the groups, or no groups at all, does not come in", async () => {
  for (const [locale, words] of [["en-GB", /none of the roles/], ["de-DE", /keine der Rollen/]]) {
    for (const login of ["nobody", "groupless"]) {
      const page = await visitor(locale);
      await leave(page);
      await signInThere(page, login);
      await isRefused(page, words);
      await isFit(page, `openid-refused-${login}-light-${locale.slice(0, 2)}`);
      await page.context().close();
    }
  }
});

test("whom the provider does not know, and who does not go on there, does not come in", async () => {
  const page = await visitor();
  await leave(page);
  await page.locator("input[name=login]").fill("ada");
  await page.locator("a[href$='/abort']").click();
  await isRefused(page, /has not let you in/);
  // Somebody of no account: the provider keeps asking who it is.
  const stranger = await visitor();
  await leave(stranger);
  await stranger.locator("input[name=login]").fill("Xyzzy");
  await stranger.locator("input[name=password]").fill("any");
  await stranger.locator("button[type=submit]").click();
  await stranger.waitForLoadState();
  assert.equal(await session(stranger), undefined);
  assert.ok(!service.log().includes("Xyzzy"));
});

test("what is changed on the way to the provider is seen", async () => {
  for (const [what, change, words] of [
    ["the nonce", (query) => query.set("nonce", "Xyzzy"), /does not hold/],
    ["the client: the code is another's", (query) => query.set("client_id", "another"), /Please sign in once more|does not work/],
    ["the challenge: the code is bound to another browser", (query) => query.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), /once more/],
    ["the state", (query) => query.set("state", "Xyzzy"), /once more/],
  ]) {
    const page = await visitor();
    await changing({ there: change }, async () => {
      await leave(page);
      await signInThere(page, "ada");
      await isRefused(page, words);
    }).catch((error) => assert.fail(`${what}: ${error.message}`));
    await page.context().close();
  }
});

test("what is changed on the way back is seen", async () => {
  for (const [what, change] of [
    ["the state", (query) => query.set("state", "Xyzzy")],
    ["no state", (query) => query.delete("state")],
    ["the code", (query) => query.set("code", "Xyzzy")],
    ["the issuer", (query) => query.set("iss", "https://Xyzzy.example.com")],
  ]) {
    const page = await visitor();
    await changing({ back: change }, async () => {
      await leave(page);
      await signInThere(page, "ada");
      await isRefused(page, /once more/);
    }).catch((error) => assert.fail(`${what}: ${error.message}`));
    await page.context().close();
  }
});

test("a way back leads in once, and in the browser that left alone", async () => {
  const page = await visitor();
  let back;
  page.on("request", (request) => request.url().startsWith(`${url}/console/sign-in/return`) && (back = request.url()));
  await leave(page);
  await signInThere(page, "ada");
  await page.locator("header .who a").waitFor();
  const other = await visitor();
  await other.goto(back);
  await isRefused(other, /once more/);
  await leave(other);
  await other.goto(back);
  await isRefused(other, /once more/);
});

test("nobody is led elsewhere", async () => {
  for (const next of ["//evil.example", "https://evil.example/", "/\\evil.example", "/..//evil.example", "javascript:alert(1)"]) {
    const page = await visitor();
    const went = [];
    // What the provider's own pages look like is theirs: they ask for a font.
    const isOfProvider = (request) => !request.isNavigationRequest() && new URL(request.frame().url()).origin === provider.issuer;
    page.on("request", (request) => isOfProvider(request) || went.push(new URL(request.url()).origin));
    await leave(page, `?next=${encodeURIComponent(next)}`);
    await signInThere(page, "vera");
    await page.waitForURL(`${url}/console`);
    assert.deepEqual([...new Set(went)].sort(), [url, provider.issuer].sort(), next);
    await page.context().close();
  }
  // The provider sends people back to the registered page alone.
  const page = await visitor();
  await changing({ there: (query) => query.set("redirect_uri", "https://evil.example/") }, async () => {
    await leave(page);
    await page.getByText("invalid_redirect_uri").first().waitFor();
  });
  assert.equal(new URL(page.url()).origin, provider.issuer);
});

test("whether the provider works is told by doctor and by the console", async () => {
  const doctor = () => run({ command: issuer.command, args: [...issuer.args, "--config", service.config, "doctor"] });
  const fine = await doctor();
  assert.match(fine.stdout, /ok\s+openid\s+the provider answers/);
  const page = await visitor();
  await leave(page);
  await signInThere(page, "ada");
  await page.goto(`${url}/console/health`);
  const shown = () => page.locator("dt", { hasText: "Sign-in of your organisation" }).locator("xpath=../dd").innerText();
  assert.match(await shown(), /works/i);
  await isFit(page, "openid-health-light-en");
  // Another secret than the provider has.
  await service.stop();
  service = await serve();
  writeFileSync(join(dev.ready.data, "keys", "openid.secret"), "another secret", { mode: 0o600 });
  await service.stop();
  const { command, args } = issuer;
  const child = spawn(command, [...args, "--config", service.config, "serve"], { stdio: "ignore" });
  after(() => child.kill("SIGKILL"));
  while (!(await fetch(`${url}/livez`).then(({ ok }) => ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 100));
  const other = await visitor();
  await leave(other);
  await signInThere(other, "ada");
  await isRefused(other, /does not work at the moment/);
  // And none at all. Who is in stays in.
  await provider.stop();
  await page.goto(`${url}/console/health`);
  const end = Date.now() + PATIENCE_MS;
  while (!/does not answer/.test(await shown())) {
    assert.ok(Date.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await page.reload();
  }
  const away = await doctor();
  assert.match(away.stdout, /BAD\s+openid\s+the OpenID provider cannot be reached/);
});
