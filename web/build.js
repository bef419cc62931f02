// Builds dist/: claim.js, claim.css, and the licences of what is in them. `node build.js FOLDER` builds into another folder, which
// is what the test compares.
//
// The same input gives the same bytes: versions are pinned in package-lock.json, and nothing of the machine or the clock goes in.

import { build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = resolve(process.argv[2] ?? join(here, "dist"));
mkdirSync(outdir, { recursive: true });

/** What may be passed on with the service. */
const LICENCES = new Set(["MIT", "Apache-2.0", "ISC", "BSD-3-Clause"]);

/**
 * The connector of NEAR's wallets brings dialogs of its own, and loads wallets' code from outside into frames. The page uses
 * neither, and its policy forbids both; the dialogs would put a style sheet into the page as soon as they are loaded.
 */
const withoutDialogs = {
  name: "without-dialogs",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/(popups\/|SandboxedWallet)/ }, ({ importer, path }) =>
      importer.includes("near-connect") ? { path, namespace: "nothing" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * The same connector tells any page around this one that it is ready. A consumer of the relay takes whatever it is told in a frame for the
 * end (docs/relay.md), so it tells nothing.
 */
const withoutCalls = {
  name: "without-calls",
  setup({ onLoad }) {
    onLoad({ filter: /near-connect\/build\/NearConnector\.js$/ }, ({ path }) => {
      const call = 'window.parent.postMessage({ type: "near-selector-ready" }, "*");';
      const text = readFileSync(path, "utf8");
      const contents = text.replace(call, "");
      if (contents === text || contents.includes("parent.postMessage")) throw new Error("near-connect speaks to other pages in another way");
      return { contents };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { claim: "src/main.js", me: "src/me.js" },
  outdir,
  bundle: true,
  format: "esm",
  // Browsers from 2022 on.
  target: ["chrome105", "firefox104", "safari16"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  plugins: [withoutDialogs, withoutCalls],
  // Libraries that look for Node are told that there is none.
  define: { global: "globalThis" },
});
await build({
  absWorkingDir: here,
  entryPoints: { claim: "src/claim.css" },
  outdir,
  minify: true,
  charset: "utf8",
  logLevel: "warning",
});
writeFileSync(join(outdir, "licences.txt"), licences(Object.keys(metafile.inputs)));

/** Name, version, licence and its text of every package that is in the bundle. */
function licences(inputs) {
  const packages = inputs.flatMap((input) => input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1] ?? []);
  const texts = [...new Set(packages)].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (!LICENCES.has(license)) throw new Error(`${name} has the licence ${license}, which is not among ${[...LICENCES]}`);
    const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
