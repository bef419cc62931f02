// The least of a node that the Kwil client needs to send a transaction or read a view, on loopback. It judges
// nothing and keeps what it was sent.

import { createServer } from "node:http";

const HASH = "ab".repeat(32);

export async function startStub({ chainId = "idos-localdev", nonce = 6, keep = true } = {}) {
  const requests = [];
  const answers = {
    "user.chain_info": () => ({ chain_id: chainId, block_height: 1, block_hash: HASH, gas: false }),
    "user.health": () => ({ mode: "open" }),
    "user.estimate_price": () => ({ price: "0" }),
    "user.account": () => ({ balance: "0", nonce }),
    "user.broadcast": () => ({ tx_hash: HASH, result: { code: 0, gas: 0 } }),
    "user.call": () => ({ query_result: { column_names: null, values: null }, logs: "", error: null }),
  };

  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      // Only the beginning says which method it is; the benchmark does not want to pay for parsing megabytes.
      const [, id, method] = /"id":(\d+),"method":"([a-z._]+)"/.exec(body.subarray(0, 200).toString());
      if (keep) requests.push(JSON.parse(body));
      response.setHeader("content-type", "application/json; charset=utf-8");
      response.end(JSON.stringify({ jsonrpc: "2.0", id: Number(id), result: answers[method]() }));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    /** The params of the last request of a method. */
    last: (method) => requests.findLast((request) => request.method === method)?.params,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
