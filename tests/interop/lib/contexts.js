// A document loader that knows the contexts of idOS credentials and nothing else. No network.

import { contexts as w3cContexts } from "@digitalbazaar/credentials-context";
import suiteContext from "ed25519-signature-2020-context";

import { context } from "./paths.js";

export const W3C_CREDENTIALS = "https://www.w3.org/2018/credentials/v1";
export const ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1";
const ASSETS = "https://idos-network.github.io/idos-sdk-js/credentials";
export const IDOS_CREDENTIALS = `${ASSETS}/idos-credentials-v1.json`;
export const IDOS_SUBJECT = {
  kyc: `${ASSETS}/idos-credential-subject-v2.json`,
  facesign: `${ASSETS}/idos-credential-subject-face-id-v1.json`,
};

const documents = new Map([
  [W3C_CREDENTIALS, w3cContexts.get(W3C_CREDENTIALS)],
  [ED25519_2020, suiteContext.contexts.get(ED25519_2020)],
  [IDOS_CREDENTIALS, context("idos-credentials-v1")],
  [`${ASSETS}/idos-credential-subject-v1.json`, context("idos-credential-subject-v1")],
  [IDOS_SUBJECT.kyc, context("idos-credential-subject-v2")],
  [IDOS_SUBJECT.facesign, context("idos-credential-subject-face-id-v1")],
]);

export async function documentLoader(url) {
  const document = documents.get(url);
  if (!document) throw new Error(`Document loader unable to load URL "${url}".`);
  return { contextUrl: null, documentUrl: url, document };
}
