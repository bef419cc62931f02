// The real Kwil client against our development node: what only that one does.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";

import {
  createHolder,
  holder,
  holderBox,
  issuer,
  issuerRow,
  logged,
  node,
  nonceOf,
  random,
  startNode,
  stranger,
} from "../lib/devnode.js";
import { sealedRow } from "../lib/holder.js";
import { Idos } from "../lib/idos.js";

describe("the development node", () => {
  test("continues from its file after a restart", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "idos-devnode-"));
    const start = () => startNode("--state", path.join(folder, "state.sqlite"));
    let one = await start();
    try {
      const before = await Idos.connect(one.ready.url, issuer.signer);
      const hash = await before.execute("add_user_as_inserter", holder);
      const { data: known } = await before.kwil.chainInfo();
      await one.stop();

      one = await start();
      const later = await Idos.connect(one.ready.url, issuer.signer);
      assert.equal((await later.kwil.chainInfo()).data.height, known.height);
      assert.equal((await later.kwil.txInfo(hash)).data.tx_result.code, 0);
      assert.equal((await later.call("get_user_as_inserter", { id: holder.id })).length, 1);
      await assert.rejects(later.execute("add_user_as_inserter", holder), /duplicate key/);
      assert.equal(await nonceOf(later), 2);
    } finally {
      await one.stop();
      rmSync(folder, { recursive: true });
    }
  });

  test("says in its log what the client swallows of a view's failure", async () => {
    await createHolder();
    const other = await stranger();
    const from = node.log.text.length;
    const { status, data } = await other.callRaw("get_user_as_inserter", { id: holder.id });
    assert.deepEqual({ status, result: data.result }, { status: 200, result: [] });
    await logged(/WARN.*Unauthorized inserter/, from);
    await logged(/WARN.*(swallow|ignore|drop|overlook|hide|not see)/i, from);

    const id = random.uuid();
    const row = sealedRow("{}", holderBox.publicKey, issuerRow, '{"level":"basic"}');
    await issuer.execute("upsert_credential_as_inserter", { id, user_id: holder.id, ...row });
    assert.deepEqual(await other.call("get_credential_shared", { id }), []);
    await logged(/the credential is not shared with the caller/, from);
  });
});
