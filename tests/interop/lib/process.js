// Starting a Rust program and talking to it.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { REPOSITORY } from "./paths.js";

/** A program that answers each JSON line on its input with one JSON line on its output. */
export class LineProcess {
  #child;
  #waiting = [];
  #errors = "";
  #gone;

  constructor({ command, args }) {
    this.#child = spawn(command, args, { cwd: REPOSITORY, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr.on("data", (data) => (this.#errors += data));
    this.#child.stdin.on("error", () => {}); // "close" tells more
    this.#child.on("error", (error) => this.#fail(`cannot start, ${error.message}`));
    this.#child.on("close", (code) => this.#fail(`ended with ${code}`));
    createInterface({ input: this.#child.stdout }).on("line", (line) =>
      this.#waiting.shift()?.resolve(JSON.parse(line)),
    );
  }

  ask(request) {
    return new Promise((resolve, reject) => {
      if (this.#gone) return reject(this.#gone);
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  stop() {
    this.#child.stdin.end();
    this.#child.kill();
  }

  #fail(reason) {
    this.#gone ??= new Error(`the helper ${reason}: ${this.#errors}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#gone);
  }
}

/** Runs a program to its end. */
export async function run({ command, args }, input = "") {
  const child = spawn(command, args, { cwd: REPOSITORY, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  child.stdin.on("error", () => {}); // it need not read all of its input
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, stdout, stderr };
}

/** A server that prints one JSON line when it is ready, and goes on. */
export async function startServer({ command, args }, { env = {} } = {}) {
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    detached: true, // a group of its own, so that stopping cargo stops what cargo started
  });
  const killGroup = (signal) => process.kill(-child.pid, signal);
  process.once("exit", () => child.exitCode ?? child.signalCode ?? killGroup("SIGKILL"));
  const log = { text: "" };
  child.stderr.on("data", (data) => (log.text += data));
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`ended with ${code}: ${log.text}`)));
  });
  return {
    ready,
    log,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = new Promise((resolve) => child.once("close", resolve));
      killGroup("SIGTERM");
      const impatient = setTimeout(() => killGroup("SIGKILL"), 5000);
      await closed;
      clearTimeout(impatient);
    },
  };
}
