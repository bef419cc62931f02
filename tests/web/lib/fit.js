// Whether a page is fit: nothing that axe finds, nothing cut off, and nothing too small to be pressed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** In the light, in the dark, and on a phone. */
export const VIEWS = {
  light: { viewport: { width: 1100, height: 800 }, colorScheme: "light" },
  dark: { viewport: { width: 1100, height: 800 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light", isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

/** Looks at a page, which is called `view`; with a folder for `pictures`, one is kept there. */
export async function isFit(page, view, pictures = process.env.IDOS_CONSOLE_PICTURES) {
  if (pictures) await page.screenshot({ path: join(pictures, `${view}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, []);
  const { needed, width, small, cut, broken } = await page.evaluate(() => ({
    needed: document.documentElement.scrollWidth,
    width: document.documentElement.clientWidth,
    small: [...document.querySelectorAll("button, select, summary, input:not([type=hidden], [type=checkbox])")]
      .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().height < 43.5)
      .map((element) => element.outerHTML),
    // On a phone, the navigation is one row, which is moved by a finger, and a word breaks that is longer than the row.
    cut: [...document.querySelectorAll("nav a")].filter((element) => innerWidth > 704 && element.getBoundingClientRect().right > innerWidth).map((element) => element.textContent),
    broken: [...document.querySelectorAll("code.word")].filter((element) => innerWidth > 704 && element.getClientRects().length > 1).map((element) => element.textContent),
  }));
  assert.ok(needed <= width, `${view}: ${needed} pixels are needed, ${width} are there`);
  assert.deepEqual(small, [], view);
  assert.deepEqual({ cut, broken }, { cut: [], broken: [] }, view);
}
