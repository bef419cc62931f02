// A person's own page in a browser: in by the link of a mail and by a wallet, in five languages, in the light, in the dark and on a phone.
//
// With IDOS_OWN_PAGE_PICTURES=FOLDER, the pictures are kept there.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";

import { isFit, VIEWS } from "../lib/fit.js";
import { visit } from "../lib/person.js";
import { Service } from "../lib/service.js";
import { BUTTONS, FakeWallet } from "../lib/wallets.js";

const service = await Service.start();
after(() => service.stop());

const pictures = process.env.IDOS_OWN_PAGE_PICTURES;
const TITLES = {
  en: "What is kept about you",
  de: "Was über Sie gespeichert ist",
  fr: "Ce qui est conservé à votre sujet",
  es: "Lo que se conserva sobre usted",
  pt: "O que é conservado sobre si",
};

/** All of a heading: that of the way in has the same words in it. */
const whole = (text) => new RegExp(`^${text}$`);

/** The link in the newest mail to an address that is not `before`. */
async function link(address, before) {
  for (let tries = 0; tries < 300; tries++) {
    const index = await (await fetch(service.ready.mailboxUrl)).text();
    const mails = [...index.matchAll(/<a href="\/(\d+)">[^<]*<\/a><br>To ([^<]*)</g)].filter((mail) => mail[2] === address);
    for (const [, number] of mails) {
      const text = await (await fetch(`${service.ready.mailboxUrl}/${number}/html`)).text();
      const found = text.match(/http:[^"]*\/me\/link\/[A-Za-z0-9_-]{43}/)?.[0];
      if (found && found !== before) return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return assert.fail("no mail was sent");
}

/** Somebody of whom there is an issuance, at this address. */
async function known() {
  const address = `ana-${randomUUID()}@user.example`;
  await service.submit({ contact: { email: address, locale: "en" }, reference: "case-1" });
  return address;
}

test("somebody comes in by a mail, and every page is fit in every language and view", async (t) => {
  const address = await known();
  const person = await visit(t, { ...VIEWS.light, wallets: [] });
  const { page } = person;
  await person.goto(`${service.url}/me`);
  await page.fill("#email", address);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await person.heading(/mailbox/);
  await isFit(page, "sent-light-en", pictures);
  const path = await link(address);
  await person.goto(path);
  await isFit(page, "link-light-en", pictures);
  await page.getByRole("button", { name: "Open my page" }).click();
  await person.heading(whole(TITLES.en));
  assert.equal(new URL(page.url()).pathname, "/me");
  const state = await person.context.storageState();
  assert.deepEqual(
    state.cookies.map(({ name, httpOnly, secure, sameSite }) => [name, httpOnly, secure, sameSite]),
    [["__Host-idos_me", true, true, "Strict"]],
  );

  for (const [name, view] of Object.entries(VIEWS)) {
    for (const [language, title] of Object.entries(TITLES)) {
      const other = await visit(t, { ...view, locale: language, wallets: [], storageState: state });
      await other.goto(`${service.url}/me`);
      await other.heading(whole(title));
      assert.equal(await other.page.locator("html").getAttribute("lang"), language);
      await isFit(other.page, `data-${name}-${language}`, pictures);
      assert.deepEqual(other.faults, []);
      const stranger = await visit(t, { ...view, locale: language });
      await stranger.goto(`${service.url}/me`);
      await stranger.page.waitForSelector(BUTTONS.evm);
      await isFit(stranger.page, `ask-${name}-${language}`, pictures);
      assert.deepEqual(stranger.faults, []);
    }
  }

  // Changes, with what is said of them; the language that was chosen stays.
  await page.getByRole("link", { name: "Deutsch" }).click();
  await person.heading(whole(TITLES.de));
  await page.getByRole("button", { name: "Keine Erinnerungen mehr" }).click();
  await page.getByRole("status").filter({ hasText: "keine Erinnerungen mehr" }).waitFor();
  await person.heading(whole(TITLES.de));
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Herunterladen" }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "my-data.json");
  const data = JSON.parse(Buffer.concat(await (await file.createReadStream()).toArray()).toString());
  assert.equal(data.records[0].contact.email, address);
  await page.check("#sure");
  await page.getByRole("button", { name: "Löschung verlangen" }).click();
  await page.getByRole("heading", { level: 2, name: "Ihre Löschanfragen" }).waitFor();
  await isFit(page, "case-light-de", pictures);
  await page.getByRole("button", { name: "Verlassen" }).click();
  await person.heading("Sie haben Ihre Seite verlassen");
  await isFit(page, "left-light-de", pictures);
  assert.deepEqual((await person.context.storageState()).cookies, []);
  // The link was good once.
  await person.goto(path);
  await person.heading(/link does not work any more/);
  await isFit(page, "over-light-en", pictures);
  assert.deepEqual(person.faults, []);
  const outside = person.requests.filter(({ url }) => !url.startsWith(service.url));
  assert.deepEqual(outside, []);
});

for (const kind of Object.keys(BUTTONS)) {
  test(`somebody comes in by a wallet: ${kind}`, async (t) => {
    const wallet = new FakeWallet(kind);
    const person = await visit(t, { wallets: [wallet] });
    const { issuance, claim } = await service.waiting();
    await person.goto(claim.url);
    // The page leads there.
    const foot = person.page.getByRole("link", { name: "See what is kept about you" });
    assert.equal(await foot.evaluate((element) => element.href), `${service.url}/me`);
    await person.makeProfile();
    await person.grant();

    await person.goto(`${service.url}/me`);
    // Somebody says no first.
    wallet.says = "rejected";
    await person.connect();
    await person.told("That did not work");
    wallet.says = "yes";
    await person.connect();
    await person.heading(whole(TITLES.en));
    assert.ok((await person.page.content()).includes(issuance.id));
    await isFit(person.page, `wallet-${kind}`, pictures);
    assert.deepEqual(person.faults, []);
  });
}

test("a wallet of nobody's opens nothing", async (t) => {
  const person = await visit(t);
  await person.goto(`${service.url}/me`);
  await person.connect();
  await person.told("This wallet belongs to no idOS profile.");
  assert.deepEqual((await person.context.storageState()).cookies, []);
});
