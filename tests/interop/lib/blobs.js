// The blob gateway of upstream's next version, as its clients speak to it: identifiers by ipfs-only-hash, uploads by the
// FormData and fetch of Node.

import { of } from "ipfs-only-hash";

import { fromBase64, nacl, seal, sha256Hex } from "./sealing.js";

/** The identifier of some bytes: version 1, raw leaves of 262 144 bytes, SHA-256. */
export async function identify(bytes) {
  const policy = { cidVersion: 1, rawLeaves: true, chunker: "size-262144", hashAlg: "sha2-256" };
  return (await of(bytes, { ...policy, wrapWithDirectory: false, onlyHash: true })).toString();
}

/** `plaintext` for one recipient: the bytes to bring, and the row's fields that name and sign them. */
export async function namedContent(plaintext, recipient, signer, publicNotes = "") {
  const { content, encryptorPublicKey } = seal(Buffer.from(plaintext), recipient);
  const bytes = fromBase64(content);
  const uri = `ipfs://${await identify(bytes)}`;
  const notes = nacl.sign.detached(Buffer.from(publicNotes), signer.secretKey);
  const broader = nacl.sign.detached(Buffer.concat([notes, Buffer.from(uri)]), signer.secretKey);
  return {
    bytes,
    cid: uri.slice("ipfs://".length),
    contentHash: sha256Hex(Buffer.from(plaintext)),
    row: {
      issuer_auth_public_key: signer.publicKey,
      encryptor_public_key: encryptorPublicKey,
      content_uri: uri,
      content_size: bytes.length,
      public_notes: publicNotes,
      public_notes_signature: Buffer.from(notes).toString("base64"),
      broader_signature: Buffer.from(broader).toString("base64"),
    },
  };
}

/** Logs in at the gateway as the Kwil client does: the cookie that requests for contents send. */
export async function logIn(idos) {
  return (await idos.kwil.auth.authenticateKGW(idos.signer)).data.cookie;
}

/** Brings contents: `parts` may have `original` and `copy`. */
export async function upload(url, cookie, requestId, parts) {
  const body = new FormData();
  for (const [name, bytes] of Object.entries(parts)) body.append(name, new Blob([bytes]), `${name}.blob`);
  const headers = cookie ? { Cookie: cookie } : {};
  const response = await fetch(`${url}/blob/v1/requests/${requestId}/upload`, { method: "POST", body, headers });
  const text = await response.text();
  return { status: response.status, answer: response.ok ? JSON.parse(text) : text };
}

/** Fetches a content, and checks that it is the one that was asked for. */
export async function download(url, cookie, cid) {
  const response = await fetch(`${url}/blob/v1/ipfs/${cid}`, { headers: cookie ? { Cookie: cookie } : {} });
  if (!response.ok) return { status: response.status };
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, bytes, isRight: (await identify(bytes)) === cid };
}

