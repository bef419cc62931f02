// What an issuer prepares for one holder: rows with sealed content and their signatures, and write grants.

import { EXECUTES, parametersOf } from "./actions.js";
import { hex, nacl, seal, sha256Hex, writeSignatures } from "./sealing.js";

export function grantTime(secondsFromNow) {
  return new Date(Date.now() + secondsFromNow * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** A key pair that signs rows, in the forms in which rows carry it. */
export function rowSigner(seed) {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  return { publicKey: hex(publicKey), secretKey };
}

/** `plaintext` for one recipient, as the arguments of the actions that write a row. */
export function sealedRow(plaintext, recipient, signer, publicNotes = "") {
  const { content, encryptorPublicKey } = seal(Buffer.from(plaintext), recipient);
  const signatures = writeSignatures({ publicNotes, content, signingSecretKey: signer.secretKey });
  return {
    content,
    encryptor_public_key: encryptorPublicKey,
    issuer_auth_public_key: signer.publicKey,
    public_notes: publicNotes,
    public_notes_signature: signatures.publicNotesSignature,
    broader_signature: signatures.broaderSignature,
  };
}

/** A write grant in the parameters of `dwg_message`: usable now and for a day, its access grant not locked. */
export function writeGrant({ owner, grantee, issuerPublicKey, id, ...more }) {
  return {
    owner_wallet_identifier: owner,
    grantee_wallet_identifier: grantee,
    issuer_public_key: issuerPublicKey,
    id,
    access_grant_timelock: grantTime(-1),
    not_usable_before: grantTime(-60),
    not_usable_after: grantTime(24 * 3600),
    ...more,
  };
}

/** All that `create_credentials_by_dwg` takes, in its order. */
export function grantedWrite({
  plaintext,
  originalId,
  copyId,
  holderKey,
  copyKey,
  signer,
  publicNotes,
  grant,
  signature,
}) {
  const original = sealedRow(plaintext, holderKey, signer, publicNotes);
  const copy = sealedRow(plaintext, copyKey, signer);
  const values = {
    issuer_auth_public_key: signer.publicKey,
    original_encryptor_public_key: original.encryptor_public_key,
    original_credential_id: originalId,
    original_content: original.content,
    original_public_notes: publicNotes,
    original_public_notes_signature: original.public_notes_signature,
    original_broader_signature: original.broader_signature,
    copy_encryptor_public_key: copy.encryptor_public_key,
    copy_credential_id: copyId,
    copy_content: copy.content,
    copy_public_notes_signature: copy.public_notes_signature,
    copy_broader_signature: copy.broader_signature,
    content_hash: sha256Hex(Buffer.from(plaintext)),
    dwg_owner: grant.owner_wallet_identifier,
    dwg_grantee: grant.grantee_wallet_identifier,
    dwg_issuer_public_key: grant.issuer_public_key,
    dwg_id: grant.id,
    dwg_access_grant_timelock: grant.access_grant_timelock,
    dwg_not_before: grant.not_usable_before,
    dwg_not_after: grant.not_usable_after,
    dwg_signature: signature,
  };
  const names = parametersOf(EXECUTES.create_credentials_by_dwg.parameters).map(([name]) => name);
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}
