// `standardwebhooks` verifies what we sign and send, and we verify what it signs; `ipaddr.js` sees no more in an
// address than we do.

import assert from "node:assert/strict";
import http from "node:http";
import { after, describe, test } from "node:test";

import ipaddr from "ipaddr.js";
import { Webhook } from "standardwebhooks";

import { rustCommand } from "../lib/paths.js";
import { LineProcess } from "../lib/process.js";
import { Random } from "../lib/random.js";

// In upper case it is heard by HTTP clients, but not by cargo.
process.env.HTTP_PROXY = "http://127.0.0.1:1";
const helper = new LineProcess(
  rustCommand("IDOS_WEBHOOKS_BIN", ["run", "-q", "-p", "idos-webhooks", "--example", "webhooks"]),
);
after(() => helper.stop());

const random = new Random(7);
const secret = (length) => `whsec_${random.bytes(length).toString("base64")}`;
const now = () => Math.floor(Date.now() / 1000);

/** The library parses what it has verified, so bodies are JSON. */
const bodies = ["{}", '{"type":"test","data":{"name":"Zoë 😀 \\u0000.\\n"}}', '[1, 2 ,3]', '"a.b.c"', `"${"x".repeat(100_000)}"`];

describe("signatures", () => {
  test("standardwebhooks verifies what we sign, by either of two secrets", async () => {
    for (const length of [24, 25, 26, 32, 63, 64]) {
      for (const body of bodies) {
        const secrets = [secret(length), secret(length)];
        const [id, timestamp] = [`msg_${random.below(1e9)}`, now()];
        const { signature } = await helper.ask({ op: "sign", secrets, id, timestamp, body });
        const headers = { "webhook-id": id, "webhook-timestamp": `${timestamp}`, "webhook-signature": signature };
        for (const one of secrets) {
          assert.deepEqual(new Webhook(one).verify(body, headers), JSON.parse(body));
          const altered = { ...headers, "webhook-timestamp": `${timestamp + 1}` };
          assert.throws(() => new Webhook(one).verify(body, altered));
        }
        assert.throws(() => new Webhook(secret(length)).verify(body, headers));
      }
    }
  });

  test("we sign what standardwebhooks signs", async () => {
    for (const body of bodies) {
      const [one, id, timestamp] = [secret(32), `msg_${random.below(1e9)}`, random.below(2 ** 31)];
      const { signature } = await helper.ask({ op: "sign", secrets: [one], id, timestamp, body });
      assert.equal(signature, new Webhook(one).sign(id, new Date(timestamp * 1000), body));
    }
  });

  test("we verify what standardwebhooks signs, and nothing else", async () => {
    for (const body of bodies) {
      const [one, id, timestamp] = [secret(32), `msg_${random.below(1e9)}`, now()];
      const signature = new Webhook(one).sign(id, new Date(timestamp * 1000), body);
      const request = { op: "verify", secrets: [one], id, timestamp: `${timestamp}`, signature, body, now: timestamp };
      assert.deepEqual(await helper.ask(request), { verified: true });
      assert.deepEqual(await helper.ask({ ...request, secrets: [secret(24), one] }), { verified: true });
      for (const altered of [
        { body: `${body} ` },
        { id: `${id}1` },
        { timestamp: `${timestamp - 1}` },
        { secrets: [secret(32)] },
        { now: timestamp + 301 },
      ]) {
        assert.equal(typeof (await helper.ask({ ...request, ...altered })).error, "string");
      }
    }
  });

  test("standardwebhooks takes our new secrets", async () => {
    const { secret: made } = await helper.ask({ op: "secret" });
    const [id, timestamp, body] = ["msg_1", now(), "{}"];
    const { signature } = await helper.ask({ op: "sign", secrets: [made], id, timestamp, body });
    assert.equal(signature, new Webhook(made).sign(id, new Date(timestamp * 1000), body));
  });
});

describe("sending", () => {
  const secrets = [secret(32), secret(32)];

  async function receive(answer, check) {
    const seen = [];
    const server = http.createServer(async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      seen.push({ method: request.method, headers: request.headers, body: Buffer.concat(parts).toString() });
      answer(response);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await check(`http://localhost:${server.address().port}/hook`, seen);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test("what arrives is verified by standardwebhooks, and no proxy of the environment is asked", async () => {
    await receive(
      (response) => response.writeHead(204).end(),
      async (url, seen) => {
        for (const body of bodies) {
          const answer = await helper.ask({ op: "send", url, secrets, id: "msg_1", timestamp: now(), body });
          assert.deepEqual(answer, { status: 204 });
          const { method, headers, body: received } = seen.pop();
          assert.equal(method, "POST");
          assert.equal(headers["content-type"], "application/json");
          assert.equal(received, body);
          for (const one of secrets) assert.deepEqual(new Webhook(one).verify(received, headers), JSON.parse(body));
        }
      },
    );
  });

  test("a failure says its status and nothing of the URL or the answer", async () => {
    await receive(
      (response) => response.writeHead(500, { "retry-after": "5" }).end("a secret of the receiver"),
      async (url, seen) => {
        const request = { op: "send", url: `${url}?token=tok3n`, secrets, id: "msg_1", timestamp: now(), body: "{}" };
        const { error } = await helper.ask(request);
        assert.match(error, /500/);
        assert.doesNotMatch(error, /tok3n|localhost|secret/);
        assert.equal(seen.length, 1);
      },
    );
  });
});

describe("addresses", () => {
  /** What ipaddr.js calls these leads to the IPv4 address within, or to public anycast that receivers may share. */
  const otherwise = new Set(["unicast", "ipv4Mapped", "rfc6052", "6to4", "as112", "as112v6", "amt"]);

  const edges = [
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24",
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
    "::/128 ::1/128 fc00::/7 fe80::/10 fec0::/10 ff00::/8 100::/64 2001::/32 2001:2::/48 2001:10::/28 2001:20::/28",
    "2001:db8::/32 3fff::/20 5f00::/16 64:ff9b:1::/48",
  ].flatMap((line) => line.split(" "));

  function within(cidr) {
    const [net, length] = ipaddr.parseCIDR(cidr);
    const bytes = net.toByteArray();
    for (let bit = length; bit < bytes.length * 8; bit++) bytes[bit >> 3] |= random.below(2) << (7 - (bit & 7));
    return ipaddr.fromByteArray(bytes);
  }

  const purposeOf = async (address) => {
    const { purpose, error } = await helper.ask({ op: "range", address: address.toString() });
    assert.equal(error, undefined);
    return purpose;
  };

  test("what ipaddr.js knows as special we refuse", async () => {
    let special = 0;
    const addresses = edges.flatMap((cidr) => Array.from({ length: 20 }, () => within(cidr)));
    for (let i = 0; i < 1000; i++) addresses.push(within("0.0.0.0/0"), within("2000::/3"), within("::/0"));
    for (const address of addresses) {
      const range = address.range();
      if (otherwise.has(range)) continue;
      special++;
      assert.notEqual(await purposeOf(address), null, `${address} is ${range}`);
    }
    assert.ok(special >= edges.length * 20);
  });

  test("what ipaddr.js knows as unicast IPv4 we refuse only where cloud machines need it", async () => {
    for (let i = 0; i < 1000; i++) {
      const address = within("0.0.0.0/0");
      if (address.range() === "unicast") assert.equal(await purposeOf(address), null, address.toString());
    }
    assert.equal(ipaddr.parse("168.63.129.16").range(), "unicast");
    assert.notEqual(await purposeOf("168.63.129.16"), null);
  });

  test("an IPv4 address within an IPv6 address is judged for itself", async () => {
    for (const inner of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "8.8.8.8", "1.1.1.1"]) {
      const mapped = ipaddr.parse(inner).toIPv4MappedAddress();
      assert.equal(mapped.range(), "ipv4Mapped");
      assert.equal(await purposeOf(mapped), await purposeOf(inner));
    }
  });
});
