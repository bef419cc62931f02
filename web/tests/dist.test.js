// What is committed in dist/ is what the sources build.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));

test("dist/ is the build's output, byte for byte", () => {
  const fresh = mkdtempSync(join(tmpdir(), "claim-page-"));
  try {
    execFileSync(process.execPath, ["build.js", fresh], { cwd: web });
    const names = readdirSync(fresh).sort();
    assert.deepEqual(readdirSync(join(web, "dist")).sort(), names);
    for (const name of names) {
      const same = readFileSync(join(fresh, name)).equals(readFileSync(join(web, "dist", name)));
      assert.ok(same, `${name} is not what is committed: npm run build`);
    }
  } finally {
    rmSync(fresh, { recursive: true });
  }
});

test("nothing in it needs what the page's policy forbids", () => {
  const script = readFileSync(join(web, "dist", "claim.js"), "utf8");
  for (const forbidden of [/\beval\(/, /new Function\b/, /\bimport\(/]) assert.doesNotMatch(script, forbidden);
  const style = readFileSync(join(web, "dist", "claim.css"), "utf8");
  for (const forbidden of [/@import/, /url\(/]) assert.doesNotMatch(style, forbidden);
});

test("our own sources make no markup from text", () => {
  for (const file of readdirSync(join(web, "src"), { recursive: true }).filter((name) => name.endsWith(".js"))) {
    const source = readFileSync(join(web, "src", file), "utf8");
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b/, file);
  }
});
