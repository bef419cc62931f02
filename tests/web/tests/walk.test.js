// Every page of the console, of sample people: found by following links from the first page, so that a new page is walked as well. In
// English and German, in the light, in the dark, and on a phone: nothing that axe finds, nothing cut off, nothing too small to be pressed.
//
// With IDOS_CONSOLE_PICTURES=FOLDER, the pictures are kept there.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { chromium } from "playwright-core";

import { isFit, VIEWS } from "../lib/fit.js";
import { Service } from "../lib/service.js";

const service = await Service.start({ people: true });
// As root, as CI runs, Chromium has no sandbox.
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
after(async () => {
  await browser.close();
  await service.stop();
});

/** How many pages of one kind are looked at. */
const OF_A_KIND = 12;

/** What kind of page a link leads to: the same for all records of one kind, and for all places in a list. */
function kind(url) {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.replace(/^\/console\/?/, "").replace(/([a-z]{3}_)[0-9A-Z]{26}/g, "$1");
  return [path || "home", ...[...searchParams.keys()].sort()].join(" ").replace(/[^a-zA-Z0-9_]+/g, "-").replace(/-$/, "");
}

/** A browser in which somebody has come in by one click. */
async function comeIn(role, view, locale) {
  const context = await browser.newContext({ ...view, locale, timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  const refused = [];
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && refused.push(message.text()));
  await page.goto(service.ready.sampleStaffUrl);
  await page.locator(`button[name=role][value=${role}]`).click();
  await page.waitForURL(`${service.url}/console`);
  return { page, refused };
}

/** Goes wherever links of the console lead. Gives the pages by their kinds. */
async function walk(page, look) {
  const seen = new Set();
  const kinds = new Map();
  const ahead = [`${service.url}/console`];
  while (ahead.length) {
    const url = ahead.shift();
    const what = kind(url);
    const of = kinds.get(what) ?? [];
    if (of.length >= OF_A_KIND) continue;
    const answer = await page.goto(url);
    // Mails are shown in frames, and have no frame around them.
    assert.equal(answer.status(), 200, url);
    kinds.set(what, [...of, url]);
    await look(what, of.length);
    for (const link of await page.$$eval("main a[href], nav a[href], header a[href]", (links) => links.map(({ href }) => href))) {
      const to = new URL(link);
      to.hash = "";
      if (to.origin !== service.url || !to.pathname.startsWith("/console") || seen.has(to.href)) continue;
      seen.add(to.href);
      ahead.push(to.href);
    }
  }
  return kinds;
}

test("every page of the console is fit in every view", async (t) => {
  await service.people();
  const { page, refused } = await comeIn("admin", VIEWS.light, "en-GB");
  const kinds = await walk(page, (what, number) => isFit(page, `${what}${number ? `-${number + 1}` : ""}-light-en`));
  // What the navigation leads to, and records of people, of vendors, and of what has stopped.
  const found = [...kinds.keys()];
  t.diagnostic(`${[...kinds.values()].flat().length} pages of ${found.length} kinds: ${found.sort().join(", ")}`);
  const expected = ["home", "search", "halted", "issuances", "verifications", "notices", "events", "numbers", "audit", "health", "api-keys", "people", "account", "records-iss_", "records-ver_"];
  assert.deepEqual(expected.filter((name) => !kinds.has(name)), []);
  assert.ok(found.some((name) => name.startsWith("halted-onboarding-")), "one reason");
  assert.deepEqual(refused, [], "the pages' policy has refused something");
  const state = await page.context().storageState();

  for (const [name, view] of Object.entries(VIEWS)) {
    for (const locale of ["en-GB", "de-DE"]) {
      const context = await browser.newContext({ ...view, locale, storageState: state });
      const page = await context.newPage();
      const language = locale.slice(0, 2);
      for (const [what, [url]] of kinds) {
        if (name === "light" && language === "en") continue;
        await page.goto(url);
        assert.equal(await page.locator("html").getAttribute("lang"), language, url);
        await isFit(page, `${what}-${name}-${language}`);
      }
      // What only a form leads to.
      for (const [what, text] of [["reference", "case-ana"], ["mail", "lukas@user.example"], ["nothing", "nobody@user.example"]]) {
        await page.goto(`${service.url}/console/search`);
        await page.locator("main form input[type=search], main form input[type=text], main form input:not([type=hidden])").first().fill(text);
        const answered = page.waitForEvent("load");
        await page.keyboard.press("Enter");
        await answered;
        await isFit(page, `search-${what}-${name}-${language}`);
      }
      await page.goto(`${service.url}/console/records/iss_01ARZ3NDEKTSV4RRFFQ69G5FAV`);
      await isFit(page, `not-found-${name}-${language}`);
      await page.goto(`${service.url}/console/confirm`);
      await isFit(page, `confirm-${name}-${language}`);
      await page.goto(service.ready.sampleStaffUrl);
      await isFit(page, `sample-staff-${name}-${language}`);
      await context.close();
    }
  }
});

test("everybody sees what is theirs to see", async () => {
  await service.people();
  for (const [role, hidden] of [["viewer", ["/audit", "/api-keys", "/people"]], ["compliance", ["/api-keys", "/people"]], ["admin", []]]) {
    const { page, refused } = await comeIn(role, VIEWS.light, "en-GB");
    const kinds = await walk(page, async () => {});
    const links = [...kinds.values()].flat().map((url) => new URL(url).pathname.replace("/console", ""));
    for (const path of hidden) {
      assert.ok(!links.includes(path), `${role}: ${path}`);
      assert.equal((await page.goto(`${service.url}/console${path}`)).status(), 403, `${role}: ${path}`);
    }
    assert.deepEqual(refused, []);
  }
});
