// Somebody in front of a browser: opens the link, and does what the page asks for.

import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";

import { PATIENCE_MS } from "./service.js";
import { BUTTONS, FakeWallet } from "./wallets.js";

export const PASSWORD = "correct horse battery staple ﬁ①Å";

let browser;

async function launch() {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // As root, as CI runs, Chromium has no sandbox. A page whose headers a test has changed counts as one from outside, which may
    // not frame what is on this machine.
    args: ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"],
  });
  return browser;
}

after(async () => (await browser)?.close());

/** A browser of one's own, with wallets in it, and a page in that browser. Closes with the test. */
export async function visit(test, { wallets = [new FakeWallet("evm")], ...options } = {}) {
  const context = await (await launch()).newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  test.after(() => context.close());
  for (const wallet of wallets) await wallet.install(context);
  return new Person(context, wallets).open();
}

export class Person {
  /** What the page asked for, with bodies. */
  requests = [];
  /** What went wrong in the page: errors, and what its policy did not let it do. */
  faults = [];

  constructor(context, wallets) {
    this.context = context;
    this.wallets = wallets;
  }

  /** Another window of the same browser. */
  async open() {
    const other = Object.assign(new Person(this.context, this.wallets), { requests: this.requests, faults: this.faults });
    other.page = await this.context.newPage();
    other.page.setDefaultTimeout(PATIENCE_MS);
    other.page.on("request", (request) => this.requests.push({ url: request.url(), method: request.method(), body: request.postData() ?? "" }));
    other.page.on("pageerror", (error) => this.faults.push(String(error.stack)));
    other.page.on("console", (message) => {
      // Refusals by the service are shown by browsers as errors, too.
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) this.faults.push(message.text());
    });
    return other;
  }

  get wallet() {
    return this.wallets[0];
  }

  async goto(url) {
    await this.page.goto(url);
    await this.heading(/./);
    return this;
  }

  /** Waits for a heading. */
  heading(text) {
    return this.page.getByRole("heading", { level: 1, name: text }).waitFor();
  }

  /** Waits until something is told by the way. */
  async told(text) {
    await this.page.getByRole("alert").filter({ hasText: text }).waitFor();
  }

  click(selector) {
    return this.page.click(selector);
  }

  connect(wallet = this.wallet) {
    return this.click(BUTTONS[wallet.kind]);
  }

  /** Has the page told something else than the service says: what `change` makes of the claim's state. Gives what ends that. */
  async retell(change) {
    const handler = async (route) => {
      try {
        const response = await route.fetch();
        const claim = await response.json();
        await route.fulfill({ response, body: JSON.stringify(change(claim)) });
      } catch {
        // The test has ended, or this has, while the page waited for news.
      }
    };
    await this.page.route("**/state", handler);
    return () => this.page.unroute("**/state", handler);
  }

  /** From the password to the text that is to be signed. */
  async choosePassword(password = PASSWORD) {
    await this.page.fill("#first", password);
    await this.page.fill("#second", password);
    await this.page.check("#saved");
    await this.click("#continue");
    await this.heading(/^Show that this wallet/);
  }

  /** Makes a profile, up to the grant. NEAR wallets sign one text more: nobody can be asked whether they have a profile. */
  async makeProfile(wallet = this.wallet) {
    await this.connect(wallet);
    if (wallet.kind === "near") {
      await this.heading(/^Sign in/);
      await this.click("#sign");
    }
    await this.heading(/^Create your idOS profile/);
    await this.choosePassword();
    await this.click("#sign");
    await this.heading(/^Allow/);
  }

  async signIn(wallet = this.wallet) {
    await this.connect(wallet);
    await this.heading(/^Sign in/);
    await this.click("#sign");
    await this.heading(/^Allow/);
  }

  async grant() {
    await this.click("#sign");
    await this.heading(/^Written/);
  }

  /** Nothing went wrong on the page, and it has spoken to nobody but the service. */
  isClean(service) {
    assert.deepEqual(this.faults, []);
    const outside = this.requests.filter(({ url }) => !url.startsWith(`${service.url}/claim/`) && !url.startsWith("data:"));
    assert.deepEqual(outside, []);
  }
}
