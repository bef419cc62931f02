// The service with a development node, as `idos-issuer dev` runs it, and a provider that calls its API. With IDOS_TEST_NODE=kwild, the
// node is the software that idOS nodes run.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { rustCommand } from "../../interop/lib/paths.js";
import { startServer } from "../../interop/lib/process.js";

export const isKwild = process.env.IDOS_TEST_NODE === "kwild";

/** How long something may take that a node has to do: kwild makes two blocks a second, and CI is slow. */
export const PATIENCE_MS = 60_000;

const ANYWHERE = ["--listen", "127.0.0.1:0", "--node-listen", "127.0.0.1:0", "--mailbox-listen", "127.0.0.1:0"];

/** How to run the program. */
export const issuer = rustCommand("IDOS_ISSUER_BIN", ["run", "-q", "-p", "idos-issuer", "--"]);

export class Service {
  #server;

  /** With `people`, the console has sample people; [`people`](Service.people) waits for them. With `fourEyes`, what cannot be undone takes two. */
  static async start({ people = false, fourEyes = false } = {}) {
    const { command, args } = issuer;
    const more = [...(isKwild ? ["--kwild"] : []), ...(people ? [] : ["--no-people"]), ...(fourEyes ? ["--four-eyes"] : [])];
    const service = new Service();
    service.#server = await startServer({ command, args: [...args, "dev", "--json", ...ANYWHERE, ...more] });
    return service;
  }

  /** Waits until all sample people are there. */
  async people() {
    const end = Date.now() + 5 * PATIENCE_MS;
    while (!existsSync(join(this.ready.data, "people.done"))) {
      assert.ok(Date.now() < end, this.log);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  get ready() {
    return this.#server.ready;
  }

  get url() {
    return this.ready.url;
  }

  /** All that the service has written to its log. */
  get log() {
    return this.#server.log?.text ?? "";
  }

  stop() {
    return this.#server.stop();
  }

  async api(method, path, body) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.ready.apiKey}`,
        ...(body && { "content-type": "application/json", "idempotency-key": randomUUID() }),
      },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Evidence that the service takes. */
  get evidence() {
    return JSON.parse(readFileSync(this.ready.samples.requests.submitByGrant, "utf8")).evidence;
  }

  /** Submits for a user; without more, for one who has no profile, by a grant that is still to be signed. */
  submit(more = {}) {
    const body = { userId: randomUUID(), kind: "kyc", evidence: this.evidence, delivery: { by: "write_grant" }, ...more };
    return this.api("POST", "/v1/issuances", body);
  }

  /** A link; without an issuance, the provider submits when somebody has signed. */
  claim(more = {}) {
    return this.api("POST", "/v1/claims", { delivery: "write_grant", ...more });
  }

  /** An issuance that waits, and the link for it. */
  async waiting(more = {}) {
    const issuance = await this.submit();
    const claim = await this.claim({ issuanceId: issuance.id, returnUrl: "https://kyc.example.com/done?case=1", ...more });
    return { issuance, claim };
  }

  /** Reads until it is as wanted. */
  async until(path, wanted) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = await this.api("GET", path);
      if (wanted(found)) return found;
      assert.ok(Date.now() < end, JSON.stringify(found));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
