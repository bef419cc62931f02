// What takes two people in the console: what is proposed and how it is approved, what is decided about a case, and the receipt of one that
// was carried out. In English and German, in the light, in the dark, and on a phone.
//
// With IDOS_CONSOLE_PICTURES=FOLDER, the pictures are kept there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";

import { chromium } from "playwright-core";

import { isFit, VIEWS } from "../lib/fit.js";
import { Service } from "../lib/service.js";
import { accept } from "../lib/staff.js";

const service = await Service.start({ people: true, fourEyes: true });
// As root, as CI runs, Chromium has no sandbox.
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
after(async () => {
  await browser.close();
  await service.stop();
});

const refused = [];

/** Another window of somebody who has come in: what they have is in `storageState`. */
async function open(options) {
  const page = await (await browser.newContext({ timezoneId: "Europe/Berlin", ...options })).newPage();
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && refused.push(message.text()));
  return page;
}

/** Somebody who has come in by one click. */
async function comeIn(role) {
  const page = await open({ ...VIEWS.light, locale: "en-GB" });
  await page.goto(service.ready.sampleStaffUrl);
  await page.locator(`button[name=role][value=${role}]`).click();
  await page.waitForURL(`${service.url}/console`);
  return page;
}

/** Looks at pages, by name and path, in every view. */
async function look(who, pages) {
  const storageState = await who.context().storageState();
  for (const [name, view] of Object.entries(VIEWS)) {
    for (const locale of ["en-GB", "de-DE"]) {
      const page = await open({ ...view, locale, storageState });
      for (const [what, path] of Object.entries(pages)) {
        assert.equal((await page.goto(`${service.url}${path}`)).status(), 200, path);
        assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
        await isFit(page, `${what}-${name}-${locale.slice(0, 2)}`);
      }
      await page.context().close();
    }
  }
}

const path = (href) => new URL(href, service.url).pathname;

/** The paths of all links of a page that are like this. */
const links = (page, wanted) => page.$$eval("main a[href]", (all) => all.map(({ href }) => href)).then((all) => all.map(path).filter((one) => wanted.test(one)));

test("what two people decide about a case, and the receipt of one that was carried out", async () => {
  await service.people();
  const admin = await comeIn("admin");
  await admin.goto(`${service.url}/console/cases?state=done`);
  const [done] = await links(admin, /\/cases\/era_/);
  await admin.goto(`${service.url}${done}`);
  await admin.locator("#receipt").waitFor();
  const downloading = admin.waitForEvent("download");
  await admin.locator("a[download]").click();
  const receipt = JSON.parse(readFileSync(await (await downloading).path(), "utf8"));
  assert.equal(receipt.credentialSubject.issuances, 1, JSON.stringify(receipt));
  await look(admin, { "case-done": done });

  await admin.goto(`${service.url}/console/cases?state=awaiting_decision`);
  const cases = await links(admin, /\/cases\/era_[0-9A-Z]+$/);
  assert.equal(cases.length, 2, "sample people have asked");
  const decide = `${cases[0]}/decide`;
  await look(admin, { "case-to-decide": cases[0], "case-decide": decide });
  await admin.goto(`${service.url}${decide}`);
  await admin.locator("main form button.danger").click();
  await admin.waitForURL(`${service.url}${cases[0]}`);
  // Who has decided waits for somebody else, who may approve.
  assert.deepEqual(await links(admin, /\/approve$/), []);
  await look(admin, { "case-waits": cases[0], "approvals-of-case-own": "/console/approvals" });
  const other = await comeIn("compliance");
  await look(other, { "case-to-approve": cases[0], "case-approve": `${cases[0]}/approve`, "approvals-of-case": "/console/approvals" });
  await other.goto(`${service.url}${cases[0]}/approve`);
  await other.locator("main form button.danger").click();
  await other.waitForURL(`${service.url}${cases[0]}`);
  await isFit(other, "case-carried-out-light-en");
  assert.deepEqual(refused, [], "the pages' policy has refused something");
});

test("what an admin proposes, and another one approves", async () => {
  const admin = await comeIn("admin");
  // Somebody new, a new key, and a key that goes.
  await admin.goto(`${service.url}/console/people`);
  await admin.locator("input#name").fill("newcomer");
  await admin.locator("form[action$='/people'] button.primary").click();
  await admin.locator("[role=status]").waitFor();
  await admin.goto(`${service.url}/console/api-keys`);
  await admin.locator("input#client").fill("onboarding");
  await admin.locator("input[name=scope]").first().check();
  await admin.locator("form[action$='/api-keys'] button.primary").click();
  await admin.locator("[role=status]").waitFor();
  await admin.goto(`${service.url}/console/api-keys`);
  await admin.locator("form[action$='/revoke'] button").first().click();
  await admin.locator("[role=status]").waitFor();
  await admin.goto(`${service.url}/console/approvals`);
  const proposals = await links(admin, /\/approvals\/pro_/);
  assert.equal(proposals.length, 3);
  const pages = Object.fromEntries(proposals.map((href, number) => [`proposal-${number + 1}`, href]));
  const named = (suffix) => Object.fromEntries(Object.entries(pages).map(([name, href]) => [`${name}${suffix}`, href]));
  await look(admin, { "approvals-own": "/console/approvals", ...named("-own"), "people-four-eyes": "/console/people", "keys-four-eyes": "/console/api-keys" });

  const other = await open({ ...VIEWS.light, locale: "en-GB" });
  await accept(other, service.ready.consoleUrl);
  await look(other, { approvals: "/console/approvals", ...pages });
  // What comes of it: a link or a key, which is shown once.
  const secrets = [];
  for (const href of proposals) {
    await other.goto(`${service.url}${href}`);
    const answered = other.waitForEvent("load");
    await other.locator("form[action$='/approve'] button").click();
    await answered;
    await isFit(other, `approved-${secrets.length + 1}-light-en`);
    secrets.push(await other.locator(".secret").count());
  }
  assert.deepEqual(secrets.sort(), [0, 1, 1], "an invitation, a key, and a key that is gone");
  await other.goto(`${service.url}/console/approvals`);
  assert.deepEqual(await links(other, /\/approvals\//), []);
  assert.deepEqual(refused, [], "the pages' policy has refused something");
});
