// Builds dist/claim.js and dist/claim.css. `node build.js FOLDER` builds into another folder: what the test compares.
//
// The same input gives the same bytes: versions are pinned in package-lock.json, nothing of the machine or the clock goes in.

import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = resolve(process.argv[2] ?? `${here}dist`);

await build({
  absWorkingDir: here,
  entryPoints: { claim: "src/main.js" },
  outdir,
  bundle: true,
  format: "esm",
  // What has top-level BigInt literals, private methods and `AbortSignal.timeout`: browsers from 2022 on.
  target: ["chrome105", "firefox102", "safari16"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  // Libraries that look for Node are told that there is none.
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
});
await build({
  absWorkingDir: here,
  entryPoints: { claim: "src/claim.css" },
  outdir,
  minify: true,
  charset: "utf8",
  logLevel: "warning",
});
