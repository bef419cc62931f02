// How every view looks and reads: for those who see little, who use a keyboard or a phone, in the light and in the dark, in five languages.
//
// With IDOS_CLAIM_PICTURES=FOLDER, the pictures of the documentation are made anew there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";

import { LANGUAGES, setLanguage, t as words } from "../../../web/src/text.js";
import { PASSWORD, visit } from "../lib/person.js";
import { Service } from "../lib/service.js";
import { FakeWallet } from "../lib/wallets.js";

const service = await Service.start();
after(() => service.stop());

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.IDOS_CLAIM_PICTURES;

const DESKTOP = { viewport: { width: 900, height: 780 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

/** Nothing that axe finds, and what `isWhole` says. */
async function isFit(person, view) {
  // By the debugger: the page's own policy lets nothing in.
  await person.page.evaluate(axe);
  const { violations } = await person.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, []);
  await isWhole(person, view);
}

/** Nothing is cut off, nothing is too small to be pressed, and the window is named. */
async function isWhole({ page }, view) {
  const { needed, width, small } = await page.evaluate(() => ({
    needed: document.documentElement.scrollWidth,
    width: document.documentElement.clientWidth,
    // What is pressed with a finger (WCAG 2.2, 2.5.8).
    small: [...document.querySelectorAll("button, select, summary, a, input")]
      .filter((element) => element.offsetParent !== null)
      .filter((element) => element.getBoundingClientRect().height < 24)
      .map((element) => element.outerHTML),
  }));
  assert.ok(needed <= width, `${view}: ${needed} pixels are needed, ${width} are there`);
  assert.deepEqual(small, [], view);
  const title = await page.title();
  assert.ok(title.endsWith(" – Demo KYC") && title.length > 12, `${view}: ${title}`);
}

/** Goes the whole way, and looks at every view on it. */
async function walk(person, claim, look) {
  const { page } = person;
  await page.goto(claim.url);
  await person.heading(/./);
  await page.locator("button.wallet").first().waitFor();
  await look("connect");
  person.wallet.says = "rejected";
  await person.connect();
  await page.getByRole("alert").locator("p").waitFor();
  await look("declined");
  person.wallet.says = "yes";
  await person.connect();
  await page.locator("#first").waitFor();
  await page.fill("#first", PASSWORD);
  await page.fill("#second", PASSWORD);
  await page.check("#saved");
  await look("password");
  await page.click("#continue");
  await page.locator("#sign").waitFor();
  await look("prove");
  await page.click("#sign");
  await page.locator("dl").waitFor();
  await look("grant");
  await page.click("summary");
  await look("grant-text");
  person.wallet.says = "silent";
  await page.click("#sign");
  await page.getByRole("status").locator("p").waitFor();
  await look("asking");
  await page.click("#other-wallet");
  person.wallet.says = "yes";
  await person.connect();
  await page.locator("dl").waitFor();
  // Held, for as long as it is looked at.
  const letGo = await person.retell((now) => ({ ...now, version: "held", state: "granted", takesGrant: false, issuance: { state: "queued" } }));
  await page.click("#sign");
  await page.locator(".steps").waitFor();
  await look("follow");
  await letGo();
  await page.locator(".mark").waitFor();
  await look("done");
}

for (const [name, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`every view, ${name}, ${colorScheme}`, async (t) => {
      const person = await visit(t, { ...options, colorScheme, reducedMotion: "reduce" });
      const { claim } = await service.waiting();
      await walk(person, claim, async (view) => {
        await isFit(person, view);
        if (!pictures) return;
        const path = join(pictures, `${view}-${name}-${colorScheme}.png`);
        if (PICTURED.includes(`${view}-${name}-${colorScheme}`)) await person.page.screenshot({ path, fullPage: true });
      });
      person.isClean(service);
    });
  }
}

/** What the documentation shows. */
const PICTURED = [
  "connect-desktop-light",
  "password-desktop-light",
  "grant-desktop-light",
  "connect-phone-dark",
  "grant-phone-dark",
  "done-phone-light",
  "declined-desktop-dark",
  "follow-desktop-dark",
];

/** States that are seldom seen, and what is said of them. */
const SELDOM = {
  "a profile on its way": [{ state: "open", profile: { state: "pending" } }, /^Your profile is being created/, "That takes a few seconds"],
  "a profile that has stopped": [{ state: "open", profile: { state: "halted", halt: "node_unavailable" } }, /^Your profile is being created/, "It takes longer than usual"],
  "a profile that could not be made": [{ state: "open", profile: { state: "failed" } }, /^Connect your wallet/, "Your profile could not be created"],
  "waiting for the provider": [{ state: "granted" }, /^Your credential is on its way/, "You have done all that you had to do"],
  "an issuance that has stopped": [{ state: "writing", issuance: { state: "halted", halt: "node_unavailable" } }, /^Your credential/, "It takes longer than usual"],
  "a grant that was of no use": [{ state: "writing", issuance: { state: "halted", halt: "grant_expired" }, takesGrant: true, wallet: { type: "XRPL" } }, /^Connect your wallet/, "used here before (XRPL)"],
  "no success": [{ state: "failed" }, /^It could not be written/, "Nothing is left open on your side"],
};

test("what is seldom seen", async (t) => {
  const person = await visit(t, { ...DESKTOP, colorScheme: "dark" });
  const { claim } = await service.waiting();
  for (const [name, [state, heading, words]] of Object.entries(SELDOM)) {
    const end = await person.retell((now) => ({ ...now, ...state, version: name }));
    await person.goto(claim.url);
    await person.heading(heading);
    await person.page.getByText(words).waitFor();
    await isFit(person, name);
    await end();
  }
});

test("the provider's logo stands beside its name", async (t) => {
  const person = await visit(t, PHONE);
  const { claim } = await service.waiting();
  const path = new URL("../../../examples/utility-bill.png", import.meta.url).pathname;
  await person.page.route("**/assets/logo?v=1", (route) => route.fulfill({ path }));
  await person.page.route(claim.url, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("<main ", `<main data-logo="assets/logo?v=1" `);
    await route.fulfill({ response, body });
  });
  await person.goto(claim.url);
  const box = await person.page.locator("img.logo").boundingBox();
  assert.ok(box.width > 10 && box.height > 10 && box.height <= 40, JSON.stringify(box));
  await isFit(person, "logo");
  person.isClean(service);
});

for (const language of Object.keys(LANGUAGES)) {
  test(`the way in ${language}, narrow`, async (t) => {
    setLanguage(language);
    const title = words("connect_title");
    const person = await visit(t, { viewport: { width: 320, height: 640 }, locale: language });
    const { claim } = await service.waiting();
    await walk(person, claim, async (view) => {
      await isWhole(person, view);
      if (view !== "connect") return;
      assert.equal(await person.page.locator("h1").innerText(), title);
      assert.equal(await person.page.evaluate(() => document.documentElement.lang), language);
    });
    person.isClean(service);
  });
}

test("the language is chosen on the page, and stays after a reload", async (t) => {
  const person = await visit(t);
  await person.goto((await service.waiting()).claim.url);
  await person.page.selectOption("#language", "fr");
  await person.heading(/^Connectez votre portefeuille/);
  assert.equal(await person.page.evaluate(() => document.documentElement.lang), "fr");
  await person.page.reload();
  await person.heading(/^Connectez votre portefeuille/);
});

test("a browser without a wallet is told what to do", async (t) => {
  const person = await visit(t, { wallets: [], permissions: ["clipboard-read", "clipboard-write"] });
  const { claim } = await service.waiting();
  await person.goto(claim.url);
  await person.page.getByText("There is no wallet in this browser").waitFor();
  await isFit(person, "none");
  await person.page.locator("summary").waitFor();
  if (!(await person.page.locator("#copy-link").isVisible())) await person.click("summary");
  await person.click("#copy-link");
  await person.page.getByText("Copied.").waitFor();
  assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), claim.url);
});

test("the whole way by keyboard alone, told to those who listen", async (t) => {
  const person = await visit(t);
  const { page } = person;
  await person.goto((await service.waiting()).claim.url);
  await page.locator("button.wallet").waitFor();
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
  const to = async (id) => {
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press("Tab");
      if ((await focused()) === id) return;
    }
    assert.fail(`${id} is not reached from the keyboard; at ${await focused()}`);
  };
  assert.equal(await focused(), "H1", "the heading is where one is");
  await to("wallet-evm-350670db-19fa-4704-a166-e52e178b59d2");
  await page.keyboard.press("Enter");
  await person.heading(/^Create/);
  assert.equal(await focused(), "H1");
  await to("first");
  await page.keyboard.type(PASSWORD);
  await to("second");
  await page.keyboard.type(PASSWORD);
  await to("saved");
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await person.heading(/^Show/);
  assert.equal(await focused(), "H1");
  await to("sign");
  await page.keyboard.press("Enter");
  await person.heading(/^Allow/);
  await to("sign");
  await page.keyboard.press("Space");
  await person.heading(/^Written/);
  assert.equal(await focused(), "H1");
  await to("back");
  person.isClean(service);
});

test("wallets of several kinds stand side by side, each once", async (t) => {
  const wallets = ["evm", "freighter", "gemwallet", "crossmark", "near"].map((kind) => new FakeWallet(kind));
  const person = await visit(t, { wallets, ...DESKTOP });
  await person.goto((await service.waiting()).claim.url);
  await person.page.waitForFunction(() => document.querySelectorAll("button.wallet").length === 5);
  await isFit(person, "wallets");
  if (pictures) await person.page.screenshot({ path: join(pictures, "wallets-desktop-light.png"), fullPage: true });
});
