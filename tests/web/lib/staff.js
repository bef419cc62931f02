// Somebody who works at the console: follows an invitation, and has an app for one-time codes.

import { createHmac } from "node:crypto";

export const PASSWORD = "four words in a row";

/** The one-time code of a secret in base32 at a time in milliseconds (RFC 6238). */
export function codeAt(secret, millis) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(millis / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** A code that was not used before: of the step after the one that was used last. */
export class App {
  #secret;
  #last = 0;

  constructor(secret) {
    this.#secret = secret;
  }

  async code() {
    // A code of the next step is taken, too; of the one after that, it is waited for.
    let at = Date.now();
    if (Math.floor(at / 30_000) <= this.#last) at = (this.#last + 1) * 30_000;
    this.#last = Math.floor(at / 30_000);
    const early = at - Date.now() - 29_000;
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    return codeAt(this.#secret, at);
  }
}

/** Follows an invitation in a page, to its end. `look` is called at each step. */
export async function accept(page, url, look = async () => {}) {
  await page.goto(url);
  await look("invitation");
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("input[name=again]").fill(PASSWORD);
  await page.locator("button.primary").click();
  const secret = await page.locator("#secret").textContent();
  await look("set-up");
  const app = new App(secret);
  await page.locator("input[name=code]").fill(await app.code());
  await page.locator("button.primary").click();
  await page.locator(".secrets").waitFor();
  await look("recovery-codes");
  await page.locator("a.primary").click();
  await page.locator(".tiles").waitFor();
  return app;
}
