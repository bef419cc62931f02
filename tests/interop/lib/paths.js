// Where things are, seen from this folder: the repository's vectors, JSON-LD contexts and build results.

import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

const VECTORS = path.join(REPOSITORY, "tests", "vectors");
const CONTEXTS = path.join(REPOSITORY, "crates", "idos-linked-data", "src", "contexts");

/** A vector file, parsed: `vectors("sdk/credentials.json")`. */
export function vectors(name) {
  return JSON.parse(vectorText(name));
}

export function vectorText(name) {
  return readFileSync(path.join(VECTORS, name), "utf8");
}

export function vectorPath(name) {
  return path.join(VECTORS, name);
}

/** One of the context documents that are compiled into the Rust crates. */
export function context(name) {
  return JSON.parse(readFileSync(path.join(CONTEXTS, `${name}.json`), "utf8"));
}

/**
 * How to start a Rust helper: the binary that an environment variable names, else through cargo, so that a test
 * never runs yesterday's build.
 */
export function rustCommand(variable, cargoArguments) {
  const binary = process.env[variable];
  return binary ? { command: binary, args: [] } : { command: "cargo", args: cargoArguments };
}
