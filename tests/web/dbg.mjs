import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { mock } from "./mock.mjs"; import { BUTTONS, FakeWallet } from "./lib/wallets.js";
const KEY = "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=";
const html = `<!doctype html><script>
  addEventListener("message", ({ data, ports: [port] }) => { console.log("got", JSON.stringify(data), !!port);
    if (!port) return;
    if (data.method === "reconfigure") window.options = data.data[0];
    if (data.method !== "ensureUserEncryptionProfile") return port.postMessage({ result: null });
    port.postMessage({ result: { userId: window.options.userId, userEncryptionPublicKey: "${KEY}", encryptionPasswordStore: "mpc" } });
  });
</script><p>key service</p>`;
const s = createServer((_, r) => { r.setHeader("content-type", "text/html"); r.end(html); }); await new Promise((r) => s.listen(0, "127.0.0.1", r));
const url = `http://127.0.0.1:${s.address().port}/`;
const m = await mock(); const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const c = await b.newContext(); const w = new FakeWallet("evm"); await w.install(c); const p = await c.newPage();
p.on("console", (x) => console.log("console", x.text())); p.on("pageerror", (e) => console.log(e.stack));
const { url: u } = m.make({ enclave: url, s: { enclaveUrl: url } });
await p.goto(u); await p.click(BUTTONS.evm); await p.click("#by-enclave"); await p.waitForTimeout(3000); console.log(await p.innerText("main")); await p.screenshot({ path: "/tmp/shots/enclave.png" }); process.exit();
