// The real Kwil client against our development node with its fault switches on: the switches do what they say.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { holder, issuer, nonceOf, random, url } from "../lib/devnode.js";

afterEach(() => fetch(`${url}/dev/faults`, { method: "DELETE" }));

async function switchOn(fault) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/dev/faults`, { method: "POST", headers, body: JSON.stringify(fault) });
  assert.equal(answer.status, 200);
}

async function switchedOn() {
  return (await (await fetch(`${url}/dev/faults`)).json()).switches;
}

const user = () => ({ ...holder, id: random.uuid() });
const exists = async ({ id }) => (await issuer.call("get_user_as_inserter", { id })).length === 1;

describe("a node that", () => {
  test("refuses: nothing has happened", async () => {
    const before = await nonceOf(issuer);
    await switchOn({ fault: "refuse", method: "user.broadcast", next: 1 });
    const one = user();
    await assert.rejects(issuer.execute("add_user_as_inserter", one), /code: -201.*"code":11/);
    assert.equal(await exists(one), false);
    assert.equal(await nonceOf(issuer), before);
    await issuer.execute("add_user_as_inserter", one);
  });

  test("refuses one action with a message of one's own", async () => {
    await switchOn({ fault: "refuse", action: "get_user", code: -300, message: "no such luck" });
    await assert.rejects(issuer.call("get_user"), /code: -300, message: no such luck/);
    await assert.rejects(issuer.call("get_user"), /no such luck/);
    assert.deepEqual(await issuer.call("get_wallets"), []);
  });

  test("hangs up after the transaction is in a block: the client knows neither hash nor outcome", async () => {
    const before = await nonceOf(issuer);
    await switchOn({ fault: "hang_up_after_commit", next: 1 });
    const one = user();
    await assert.rejects(issuer.execute("add_user_as_inserter", one), /socket hang up|ECONNRESET/);
    assert.equal(await exists(one), true);
    assert.equal(await nonceOf(issuer), before + 1);
    assert.deepEqual(await switchedOn(), []);
  });

  test("loses its answer: the client gives up waiting, and it has happened", async () => {
    await switchOn({ fault: "lose_answer", next: 1 });
    const one = user();
    const patience = issuer.kwil.config.timeout;
    issuer.kwil.config.timeout = 1500;
    try {
      await assert.rejects(issuer.execute("add_user_as_inserter", one), /timeout of 1500ms exceeded/);
    } finally {
      issuer.kwil.config.timeout = patience;
    }
    assert.equal(await exists(one), true);
  });

  test("finds fault with a nonce: nothing has happened", async () => {
    await switchOn({ fault: "wrong_nonce", next: 1 });
    const one = user();
    await assert.rejects(issuer.execute("add_user_as_inserter", one), /code: -201.*"code":4/);
    assert.equal(await exists(one), false);
  });

  test("tells a nonce that is not right: the client uses it and is refused", async () => {
    await switchOn({ fault: "wrong_nonce", method: "user.account", next: 1 });
    await assert.rejects(issuer.execute("add_user_as_inserter", user()), /code: -201.*"code":4.*invalid nonce/);
  });

  test("is slow", async () => {
    await switchOn({ fault: "delay", ms: 700, method: "user.call", next: 1 });
    const start = Date.now();
    await issuer.call("get_user");
    assert.ok(Date.now() - start >= 690);
  });

  test("is down until it is up again", async () => {
    await switchOn({ fault: "down" });
    for (let i = 0; i < 3; i++) await assert.rejects(issuer.kwil.chainInfo(), /socket hang up|ECONNRE/);
    await fetch(`${url}/dev/faults`, { method: "DELETE" });
    assert.equal((await issuer.kwil.chainInfo()).status, 200);
  });
});
