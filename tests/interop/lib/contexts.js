// A document loader that knows the contexts of idOS credentials and nothing else. No network.

import { contexts as w3cContexts } from "@digitalbazaar/credentials-context";
import suiteContext from "ed25519-signature-2020-context";

import { context } from "./paths.js";

export const W3C_CREDENTIALS = "https://www.w3.org/2018/credentials/v1";
export const ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1";
const ASSETS = "https://idos-network.github.io/idos-sdk-js/credentials";
export const IDOS_CREDENTIALS = `${ASSETS}/idos-credentials-v1.json`;
export const IDOS_CREDENTIALS_2 = `${ASSETS}/idos-credentials-v2.json`;
export const IDOS_SUBJECT = {
  kyc: `${ASSETS}/idos-credential-subject-v2.json`,
  facesign: `${ASSETS}/idos-credential-subject-face-id-v1.json`,
  "kyc-v1": `${ASSETS}/idos-credential-subject-v1.json`,
  "kyc-v3": `${ASSETS}/idos-credential-subject-v3.json`,
  edd: `${ASSETS}/idos-credential-subject-edd-v1.json`,
};
/** Where the first two idOS documents were in the past: folders of commits of the SDK's repository. */
export const OLD_ASSETS = [
  "1356fea6672d22deb07fedc5fa427478b2e1654c/packages/%40credentials",
  "346f14468348e4f3dd00039c89ce9bb49d88777c/packages/%40credentials",
  "1e8421744e037dfd7b0289cb39261c73ab6d643c/packages/%40credentials",
  "0049d2e93f8913c42398372e2bb65d92bed38ac0/packages/%40credentials",
  "1bc3503f5302a7e42777076445d5b05fec8db429/packages/issuer-sdk-js",
].map((folder) => `https://raw.githubusercontent.com/idos-network/idos-sdk-js/${folder}/assets`);

const documents = new Map([
  [W3C_CREDENTIALS, w3cContexts.get(W3C_CREDENTIALS)],
  [ED25519_2020, suiteContext.contexts.get(ED25519_2020)],
  ...[ASSETS, ...OLD_ASSETS].flatMap((folder) =>
    ["idos-credentials-v1", "idos-credential-subject-v1"].map((name) => [`${folder}/${name}.json`, context(name)]),
  ),
  [IDOS_SUBJECT.kyc, context("idos-credential-subject-v2")],
  [IDOS_SUBJECT.facesign, context("idos-credential-subject-face-id-v1")],
  [IDOS_CREDENTIALS_2, context("idos-credentials-v2")],
  [IDOS_SUBJECT["kyc-v3"], context("idos-credential-subject-v3")],
  [IDOS_SUBJECT.edd, context("idos-credential-subject-edd-v1")],
]);

/** The terms that a subject of this kind may have. */
export function terms(kind) {
  return Object.keys(documents.get(IDOS_SUBJECT[kind])["@context"]).filter((name) => !/^@|^xsd$|^aux$/.test(name));
}

export async function documentLoader(url) {
  const document = documents.get(url);
  if (!document) throw new Error(`Document loader unable to load URL "${url}".`);
  return { contextUrl: null, documentUrl: url, document };
}
