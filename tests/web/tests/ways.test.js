// The whole way, with a wallet of each kind: a new profile, then a second credential into it. Runs on both nodes.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Idos } from "../../interop/lib/idos.js";
import { open } from "../../interop/lib/sealing.js";
import { secretKey } from "../../../web/src/key.js";
import { PASSWORD, visit } from "../lib/person.js";
import { Service } from "../lib/service.js";
import { BUTTONS, FakeWallet } from "../lib/wallets.js";

const service = await Service.start();
after(() => service.stop());

/** The user's credential, read by the official client as the user, and opened by what the password stands for. */
async function readAsUser(wallet, originalId, userId) {
  const idos = await Idos.connect(service.ready.nodeUrl, wallet.wallet.signer);
  const [{ id, content, encryptor_public_key: encryptorPublicKey }] = await idos.call("get_credential_owned", { id: originalId });
  assert.equal(id, originalId);
  const key = await secretKey(PASSWORD, userId);
  return JSON.parse(Buffer.from(open({ content, encryptorPublicKey }, key)).toString());
}

for (const kind of Object.keys(BUTTONS)) {
  test(`a new profile and a second credential, with ${kind}`, async (t) => {
    const wallet = new FakeWallet(kind);
    const person = await visit(t, { wallets: [wallet] });
    const { issuance, claim } = await service.waiting();

    await person.goto(claim.url);
    await person.makeProfile();
    await person.grant();
    const issued = await service.until(`/v1/issuances/${issuance.id}`, ({ state }) => state === "issued");
    assert.equal((await service.api("GET", `/v1/claims/${claim.id}`)).state, "written");
    const back = person.page.getByRole("link", { name: "Back to Demo KYC" });
    assert.equal(await back.getAttribute("href"), "https://kyc.example.com/done?case=1");

    // The key was made here, and the password went nowhere.
    const said = person.requests.map(({ url, body }) => decodeURIComponent(url) + body).join("\n");
    assert.ok(said.includes("encryptionPublicKey"));
    for (const part of [PASSWORD, PASSWORD.normalize("NFKC"), "correct horse"]) assert.ok(!said.includes(part));

    // What each signed text was for.
    assert.ok(wallet.signed.some((text) => text.includes(issuance.userId) && text.includes(wallet.address)), "the proof");
    assert.match(wallet.signed.at(-1), /delegatedWriteGrant/);

    // The same wallet again: it has a profile now. The provider submits once it has been signed.
    const second = await service.claim({ kind: "kyc" });
    await person.goto(second.url);
    await person.signIn();
    await person.click("#sign");
    await person.heading(/^Your credential is on its way/);
    const granted = await service.until(`/v1/claims/${second.id}`, ({ state }) => state === "granted");
    assert.equal(granted.userId, issuance.userId);
    await service.submit({ userId: granted.userId, delivery: { by: "write_grant", claim: second.id } });
    await person.heading(/^Written/);
    person.isClean(service);

    if (kind === "evm") {
      const credential = await readAsUser(wallet, issued.credentialId, issuance.userId);
      assert.ok([credential.type].flat().includes("VerifiableCredential"));
      assert.equal(credential.credentialSubject.idDocumentCountry, service.evidence.subject.idDocumentCountry);
    }
  });
}

test("a credential that the issuer writes itself: the person says who it is for, and signs no permission", async (t) => {
  const person = await visit(t);
  const claim = await service.claim({ delivery: "inserter", kind: "kyc" });
  await person.goto(claim.url);
  await person.connect();
  await person.heading(/^Create your idOS profile/);
  await person.choosePassword();
  await person.click("#sign");
  await person.heading(/^Your credential is on its way/);
  const { userId } = await service.until(`/v1/claims/${claim.id}`, ({ state }) => state === "identified");
  await service.submit({ userId, delivery: { by: "inserter", claim: claim.id } });
  await person.heading(/^Written/);
  assert.equal(person.wallet.signed.length, 1);
  person.isClean(service);
});

test("no token, password, address or key stands in the log", async () => {
  // It is written, and tells of claims by their ids.
  assert.match(service.log, /Made clm_/);
  assert.doesNotMatch(service.log, /claim\/[\w-]{20,}|correct horse|0x[0-9a-fA-F]{40}|ed25519:/);
});
