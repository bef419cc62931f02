// What goes wrong, and how it goes on: each time with words that say what happened, and a way to the end.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { visit } from "../lib/person.js";
import { Service } from "../lib/service.js";
import { BUTTONS, FakeWallet } from "../lib/wallets.js";

const service = await Service.start();
after(() => service.stop());

// The shortest that a link may work. It stays open while all else is tested.
const short = await service.claim({ expiresInSeconds: 60 });
const early = await visit({ after });
await early.goto(short.url);
await early.heading(/^Connect/);

for (const kind of Object.keys(BUTTONS)) {
  test(`${kind}: declined, answered for another account or with rubbish; then it goes on`, async (t) => {
    const wallet = new FakeWallet(kind);
    const person = await visit(t, { wallets: [wallet] });
    await person.goto((await service.waiting()).claim.url);

    wallet.says = "rejected";
    await person.connect();
    await person.told(/^You have declined in .+ Nothing has been signed/);
    wallet.says = "rubbish";
    await person.connect();
    await person.told(/has answered in a way that cannot be used here/);

    wallet.says = "yes";
    await person.makeProfile();
    const signed = wallet.signed.length;
    wallet.says = "rejected";
    await person.click("#sign");
    await person.told(/^You have declined in .+ Nothing has been signed/);
    wallet.says = "other_account";
    await person.click("#sign");
    await person.told(/has answered for another account than the one that is connected/);
    const sent = person.requests.filter(({ url }) => url.endsWith("/grant/signed"));
    assert.deepEqual(sent, [], "what another account signed is not sent");

    wallet.says = "yes";
    await person.grant();
    assert.ok(wallet.signed.length > signed);
    person.isClean(service);
  });
}

const TOLD = {
  locked: /is locked, or shares no account with this page/,
  no_accounts: /is locked, or shares no account with this page/,
  busy: /Another question waits in Test Wallet/,
  wrong_chain: /which one does not matter here/,
};

for (const [says, words] of Object.entries(TOLD)) {
  test(`an EVM wallet that is ${says}, when it connects and when it signs`, async (t) => {
    const person = await visit(t);
    await person.goto((await service.waiting()).claim.url);
    person.wallet.says = says;
    await person.connect();
    await person.told(words);
    person.wallet.says = "yes";
    await person.makeProfile();
    person.wallet.says = says;
    await person.click("#sign");
    await person.told(words);
    person.wallet.says = "yes";
    await person.grant();
    person.isClean(service);
  });
}

test("an account that is a contract is told so", async (t) => {
  const person = await visit(t);
  await person.goto((await service.waiting()).claim.url);
  await person.connect();
  await person.choosePassword();
  person.wallet.says = "contract";
  await person.click("#sign");
  await person.told(/is a contract/);
  person.wallet.says = "yes";
  await person.click("#sign");
  await person.heading(/^Allow/);
});

test("a wallet that never answers can be left for another one; its late answer changes nothing", async (t) => {
  const silent = new FakeWallet("evm");
  const other = new FakeWallet("freighter");
  const person = await visit(t, { wallets: [silent, other] });
  await person.goto((await service.waiting()).claim.url);
  await person.connect(silent);
  await person.choosePassword();
  silent.says = "silent";
  await person.click("#sign");
  await person.page.getByRole("status").filter({ hasText: "Test Wallet shows a text" }).waitFor();
  await person.click("#other-wallet");
  await person.makeProfile(other);
  await person.grant();
  person.isClean(service);
});

test("passwords that are too short, too easy, not the same or not saved are not taken", async (t) => {
  const person = await visit(t);
  await person.goto((await service.waiting()).claim.url);
  await person.connect();
  const enter = async (first, second = first) => {
    await person.page.fill("#first", first);
    await person.page.fill("#second", second);
    await person.click("#continue");
  };
  await person.heading(/^Create/);
  await enter("short");
  await person.told(/At least 10 characters/);
  await enter("aaaaaaaaaaaa");
  await person.told(/Too easy to guess/);
  await enter("correct horse battery", "correct horse batterx");
  await person.told(/not the same/);
  await enter("correct horse battery");
  await person.told(/tick the box/);
  assert.equal(await person.page.evaluate(() => document.activeElement.id), "saved");

  // What was entered survives a change of the language; a suggestion is shown, and taken.
  await person.page.selectOption("#language", "de");
  assert.equal(await person.page.inputValue("#first"), "correct horse battery");
  await person.page.selectOption("#language", "en");
  await person.click("#suggest");
  const suggested = await person.page.inputValue("#first");
  assert.match(suggested, /^\w{20}$/);
  assert.equal(await person.page.inputValue("#second"), suggested);
  await person.page.check("#saved");
  await person.click("#continue");
  await person.heading(/^Show that this wallet/);
  person.isClean(service);
});

test("a reload and the back button lead to where it stands", async (t) => {
  const person = await visit(t);
  const { claim } = await service.waiting();
  await person.goto(claim.url);
  await person.connect();
  await person.choosePassword();
  // Nothing has been sent: it begins again.
  await person.page.reload();
  await person.heading(/^Connect your wallet/);
  await person.makeProfile();
  // The profile is there: the wallet is connected anew, and nothing else is asked for.
  await person.page.reload();
  await person.page.getByText("the wallet that you have used here before (EVM)").waitFor();
  await person.connect();
  await person.heading(/^Allow/);
  await person.page.goto("about:blank");
  await person.page.goBack();
  await person.heading(/^(Connect|Allow)/);
  if (await person.page.getByRole("heading", { name: /^Connect/ }).isVisible()) await person.connect();
  await person.grant();
  await person.page.goto("about:blank");
  await person.page.goBack();
  await person.heading(/^Written/);

  // A used link says so, and does nothing else.
  await person.goto(claim.url);
  await person.heading(/^Written/);
  assert.equal(await person.page.locator("#sign").count(), 0);
});

test("of two windows, one goes on and the other sees it", async (t) => {
  const first = await visit(t);
  const { claim } = await service.waiting();
  await first.goto(claim.url);
  const second = await first.open();
  await second.goto(claim.url);
  await first.makeProfile();
  await second.page.getByText("the wallet that you have used here before (EVM)").waitFor();
  await second.told(/in another window/);
  await second.connect();
  await second.heading(/^Allow/);
  await first.grant();
  await second.heading(/^Written/);
  first.isClean(service);
});

test("two windows that sign at the same time end in one credential", async (t) => {
  const first = await visit(t);
  const { issuance, claim } = await service.waiting();
  await first.goto(claim.url);
  await first.makeProfile();
  const second = await first.open();
  await second.goto(claim.url);
  await second.connect();
  await second.heading(/^Allow/);
  // Whichever is later by a moment may have nothing to sign any more: it is told at once what the other one has done.
  const sign = (person) => Promise.any([person.click("#sign"), person.heading(/^Written/)]);
  await Promise.all([sign(first), sign(second)]);
  await Promise.all([first.heading(/^Written/), second.heading(/^Written/)]);
  await service.until(`/v1/issuances/${issuance.id}`, ({ state }) => state === "issued");
});

test("a profile's other wallet is refused for a link that somebody else has begun", async (t) => {
  const begun = new FakeWallet("evm");
  const other = new FakeWallet("freighter");
  const person = await visit(t, { wallets: [begun, other] });
  await person.goto((await service.waiting()).claim.url);
  await person.makeProfile(begun);
  await person.click("#other-wallet");
  await person.connect(other);
  await person.told(/belongs to another idOS profile|cannot be used here/);
  await person.connect(begun);
  await person.heading(/^Allow/);
  await person.grant();
});

test("a permission that runs out while it is read is not signed; a new one is", async (t) => {
  const person = await visit(t);
  await person.page.clock.install();
  await person.goto((await service.waiting({ validForSeconds: 300 })).claim.url);
  await person.makeProfile();
  const signed = person.wallet.signed.length;
  // The heading is there before the text is: its time begins when it has come.
  await person.page.locator("#sign").waitFor();
  await person.page.clock.fastForward("04:00");
  await person.heading(/^The time to sign is over/);
  assert.equal(person.wallet.signed.length, signed);
  await person.click("#renew");
  await person.heading(/^Allow/);
  await person.grant();
  person.isClean(service);
});

test("a permission that runs out while the wallet is open is not sent; a new one is", async (t) => {
  const person = await visit(t);
  await person.page.clock.install();
  await person.goto((await service.waiting({ validForSeconds: 300 })).claim.url);
  await person.makeProfile();
  person.wallet.says = "silent";
  await person.click("#sign");
  await person.page.clock.fastForward("04:00");
  await person.heading(/^The time to sign is over/);
  person.wallet.says = "yes";
  await person.click("#renew");
  await person.heading(/^Allow/);
  await person.grant();
});

test("while the service is away, the page says so and goes on by itself", async (t) => {
  const person = await visit(t);
  const { claim } = await service.waiting();
  await person.goto(claim.url);
  await person.context.setOffline(true);
  await person.connect();
  await person.told(/The service cannot be reached/);
  await person.context.setOffline(false);
  await person.makeProfile();
  await person.context.setOffline(true);
  await person.click("#sign");
  await person.told(/The service cannot be reached/);
  await person.context.setOffline(false);
  await person.grant();
});

/** Answers that a deployment gives and this one does not. */
const ANSWERS = {
  node_unavailable: [503, /The idOS network cannot be reached just now/],
  node_refused: [502, /The idOS network has refused it/],
  rate_limited: [429, /too often in a short time/],
  overloaded: [503, /The service is busy/],
  internal: [500, /The service could not do it/],
};

test("what the service cannot do is told, and tried again", async (t) => {
  const person = await visit(t);
  await person.goto((await service.waiting()).claim.url);
  for (const [code, [status, words]] of Object.entries(ANSWERS)) {
    const body = JSON.stringify({ type: `urn:idos-issuer:problem:${code}`, title: code, status });
    await person.page.route("**/wallet", (route) => route.fulfill({ status, contentType: "application/problem+json", body }));
    await person.connect();
    await person.told(words);
    await person.page.unroute("**/wallet");
  }
  // Nor do pages of what stands before the service put anything into the page.
  await person.page.route("**/wallet", (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }));
  await person.connect();
  await person.told(/The service could not do it/);
  await person.page.unroute("**/wallet");
  await person.makeProfile();
  await person.grant();
});

test("a link that there is not, and one that the provider has erased, say so", async (t) => {
  const person = await visit(t);
  await person.goto(`${service.url}/claim/${"A".repeat(43)}`);
  assert.match(await person.page.innerText("body"), /link/i);
  assert.equal(await person.page.locator("script").count(), 0);
  const { claim } = await service.waiting();
  await person.goto(claim.url);
  await person.connect();
  await person.heading(/^Create/);
  await service.api("DELETE", `/v1/claims/${claim.id}`);
  await person.heading(/^This link is (not valid|no longer needed)/);
});

test("a link whose time is over says so, and to who has it open, too", async () => {
  // The service's clock decides.
  await early.page.getByRole("heading", { name: /^This link has expired/ }).waitFor({ timeout: 120_000 });
  const response = await early.page.goto(short.url);
  assert.equal(response.status(), 410);
});
