// Credentials that were changed after signing in ways that general JSON-LD processing does not notice.

import assert from "node:assert/strict";

/** Pairs of a name and a text. `credential` needs a `level`, an `https` id and U+FFFD as a value. */
export function otherSpellings(credential) {
  const [level] = /"level":"[^"]+"/.exec(credential);
  const [created] = /"created":"[^"]+"/.exec(credential);
  const suite = '"@context":"https://w3id.org/security/suites/ed25519-2020/v1"';
  const changes = {
    "a member twice, the first of them another": [level, `"level":"another",${level}`],
    "a keyword for its alias": ['"id":"https', '"@id":"https'],
    "a value object": [level, level.replace(/:(.*)/, ':{"@value":$1}')],
    "an empty member more": [level, `${level},"holder":null`],
    "an empty keyword more": [level, `${level},"@included":[]`],
    "a text for a list": ['["VerifiableCredential"]', '"VerifiableCredential"'],
    "a context inside the proof": [created, `${created},${suite}`],
    "half a surrogate pair for U+FFFD": ["\ufffd", "\\ud800"],
  };
  return Object.entries(changes).map(([name, [before, after]]) => {
    assert.ok(credential.includes(before), name);
    return [name, credential.replace(before, () => after)];
  });
}

/** `expirationDate` under its full IRI: signed as before, but not where the date is looked for. */
export function withoutVisibleEnd(credential) {
  const { expirationDate, ...document } = JSON.parse(credential);
  document["https://www.w3.org/2018/credentials#expirationDate"] = {
    "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
    "@value": expirationDate,
  };
  return JSON.stringify(document);
}
