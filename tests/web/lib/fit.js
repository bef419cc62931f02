// Whether a page of the console is fit for those who see little, use a phone, or sit in the dark.
//
// With IDOS_CONSOLE_PICTURES=FOLDER, the pictures are kept there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.IDOS_CONSOLE_PICTURES;

export const VIEWS = {
  light: { viewport: { width: 1100, height: 800 }, colorScheme: "light" },
  dark: { viewport: { width: 1100, height: 800 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light", isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

/** Nothing that axe finds, nothing cut off, and nothing too small to be pressed. */
export async function isFit(page, view) {
  if (pictures) await page.screenshot({ path: join(pictures, `${view}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, []);
  const { needed, width, small } = await page.evaluate(() => ({
    needed: document.documentElement.scrollWidth,
    width: document.documentElement.clientWidth,
    small: [...document.querySelectorAll("button, select, summary, input:not([type=hidden], [type=checkbox])")]
      .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().height < 43.5)
      .map((element) => element.outerHTML),
  }));
  assert.ok(needed <= width, `${view}: ${needed} pixels are needed, ${width} are there`);
  assert.deepEqual(small, [], view);
}
