// The console in a browser: whether its cookies are taken, how every page looks and reads, in the light and in the dark, on a phone, in both
// languages, and by keyboard.
//
// With IDOS_CONSOLE_PICTURES=FOLDER, the pictures are kept there.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { chromium } from "playwright-core";

import { isFit as looked, VIEWS } from "../lib/fit.js";
import { Service } from "../lib/service.js";
import { accept, PASSWORD } from "../lib/staff.js";

const service = await Service.start();
// As root, as CI runs, Chromium has no sandbox.
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
after(async () => {
  await browser.close();
  await service.stop();
});

const pictures = process.env.IDOS_CONSOLE_PICTURES;

const PAGES = { home: "", account: "/account", keys: "/api-keys", people: "/people", health: "/health", audit: "/audit" };

const isFit = (page, view) => looked(page, view, pictures);

test("somebody follows an invitation, and every page is fit in every view", async () => {
  const refused = [];
  const context = await browser.newContext({ ...VIEWS.light, locale: "en-GB" });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && refused.push(message.text()));
  const app = await accept(page, service.ready.consoleUrl, (step) => isFit(page, `${step}-light-en`));
  const state = await context.storageState();
  assert.deepEqual(state.cookies.map(({ name, httpOnly, secure, sameSite }) => [name, httpOnly, secure, sameSite]).sort(), [
    ["__Host-idos_console", true, true, "Strict"],
    ["__Host-idos_console_device", true, true, "Strict"],
  ]);

  // By keyboard: past the navigation, and to its entries.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");

  for (const [name, view] of Object.entries(VIEWS)) {
    for (const locale of ["en-GB", "de-DE"]) {
      const context = await browser.newContext({ ...view, locale, storageState: state });
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && refused.push(message.text()));
      for (const [what, path] of Object.entries(PAGES)) {
        const answer = await page.goto(`${service.url}/console${path}`);
        assert.equal(answer.status(), 200);
        assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
        await isFit(page, `${what}-${name}-${locale.slice(0, 2)}`);
      }
      await context.close();
      // The door.
      const stranger = await (await browser.newContext({ ...view, locale })).newPage();
      await stranger.goto(`${service.url}/console/audit`);
      assert.match(stranger.url(), /\/console\/sign-in\?next=%2Faudit$/);
      await isFit(stranger, `sign-in-${name}-${locale.slice(0, 2)}`);
      await stranger.context().close();
    }
  }
  assert.deepEqual(refused, [], "the pages' policy has refused something");

  // Out, and in again, to where one wanted to go.
  await page.locator("header button").click();
  await page.locator("[role=status]").waitFor();
  await page.goto(`${service.url}/console/audit`);
  await page.locator("input[name=name]").fill("admin");
  await page.locator("input[name=password]").fill("not the password");
  await page.keyboard.press("Enter");
  await page.locator("[role=alert]").waitFor();
  await isFit(page, "refused-light-en");
  await page.locator("input[name=name]").fill("admin");
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("input[name=code]").waitFor();
  await isFit(page, "code-light-en");
  await page.locator("input[name=code]").fill(await app.code());
  await page.keyboard.press("Enter");
  await page.waitForURL(`${service.url}/console/audit`);
});
