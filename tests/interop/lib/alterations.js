// Credentials altered in every way that we could think of: each kind of alteration at each member. Deterministic.

import { ED25519_2020, IDOS_CREDENTIALS, IDOS_SUBJECT, W3C_CREDENTIALS } from "./contexts.js";

const XSD = "http://www.w3.org/2001/XMLSchema#";
const CREDENTIALS = "https://www.w3.org/2018/credentials#";

/** What may stand in the place of a value, by name. */
function replacements(value) {
  const wrapped = {
    "a list of one": [value],
    "a list in a list": [[value]],
    "a list of two": [value, value],
    "a list with another": [value, "another"],
    "a list with null": [value, null],
    "a list with an empty object": [value, {}],
    "a list of an empty list and it": [[], value],
    "a value object": { "@value": value },
    "a value object with null type": { "@value": value, "@type": null },
    "a typed value object": { "@value": value, "@type": `${XSD}string` },
    "a value object with a type by prefix": { "@value": value, "@type": "xsd:string" },
    "a value object with a type of none": { "@value": value, "@type": "@none" },
    "a value object with a date's type": { "@value": value, "@type": `${XSD}dateTime` },
    "a value object with a relative type": { "@value": value, "@type": "string" },
    "a value object with two types": { "@value": value, "@type": [`${XSD}string`, `${XSD}date`] },
    "a value object with one type in a list": { "@value": value, "@type": [`${XSD}string`] },
    "a value object in a language": { "@value": value, "@language": "en" },
    "a value object in a language in capitals": { "@value": value, "@language": "EN-gb" },
    "a value object in no language": { "@value": value, "@language": "not a language" },
    "a value object with null language": { "@value": value, "@language": null },
    "a value object with a direction": { "@value": value, "@direction": "ltr" },
    "a value object with an index": { "@value": value, "@index": "0" },
    "a value object with a wrong index": { "@value": value, "@index": 0 },
    "a value object with an id": { "@value": value, "@id": "urn:x" },
    "a value object with a member": { "@value": value, level: "x" },
    "a value object of a list": { "@value": [value] },
    "a value object of a value object": { "@value": { "@value": value } },
    "a JSON value": { "@value": value, "@type": "@json" },
    "a list object": { "@list": [value] },
    "a list object of no list": { "@list": value },
    "a set object": { "@set": [value] },
    "a set object of no list": { "@set": value },
    "a set object with an index": { "@set": [value], "@index": "0" },
    "a set of null": { "@set": [null] },
    "a node": { "@id": value },
    "a node by alias": { id: value },
    "a node with a type": { id: value, type: "VerifiableCredential" },
    "a node with an unknown type": { id: value, type: "Unknown" },
    "a node with a member": { id: value, level: "x" },
    "a node with an unknown member": { id: value, unknown: "x" },
    "a node with a null member": { id: value, level: null },
    "a node with an unknown null member": { id: value, unknown: null },
    "a node with an index": { id: value, "@index": "0" },
    "a node with an empty context": { "@context": {}, id: value },
    "a node with no context": { "@context": null, "@id": value },
    "a value object with a context": { "@context": {}, "@value": value },
    "a graph": { "@graph": [{ id: value, level: "x" }] },
    "an included node": { id: value, "@included": [{ id: "urn:x", level: "x" }] },
    "a reverse": { id: value, "@reverse": { level: { id: "urn:x" } } },
    "a nest": { id: value, "@nest": { level: "x" } },
  };
  const plain = {
    null: null,
    "an empty list": [],
    "a list of null": [null],
    "a list of an empty list": [[]],
    "an empty object": {},
    "a value object of null": { "@value": null },
    "an empty list object": { "@list": [] },
    "an empty set object": { "@set": [] },
    "an empty node": { "@id": "" },
    "a language alone": { "@language": "en" },
    "an index alone": { "@index": "0" },
    "an empty type": { type: [] },
    "a null id": { id: null },
    "a number as id": { id: 1 },
    "an empty text": "",
    "another text": "something else",
    "a text like a keyword": "@keyword",
    "a keyword": "@type",
    "a blank node": "_:b0",
    "a relative IRI": "relative",
    "a fragment": "#fragment",
    "an absolute IRI": "urn:example:1",
    "an IRI with a space": "urn:example: 1",
    "an IRI by prefix": "xsd:string",
    "a scheme alone": "urn:",
    zero: 0,
    "minus zero": -0,
    one: 1,
    "a fraction": 1.5,
    "a large number": 1e21,
    "a large integer": 123456789012345680,
    "a tiny number": 1e-7,
    true: true,
    false: false,
    "a number's value object": { "@value": 5 },
    "a number as double": { "@value": 5, "@type": `${XSD}double` },
    "a text as double": { "@value": "5.5", "@type": `${XSD}double` },
    "a truth value's value object": { "@value": true },
    "a number as text": { "@value": 5, "@type": `${XSD}string` },
    "a number with a language": { "@value": 5, "@language": "en" },
    "JSON": { "@value": { b: [1, null], a: 1e3 }, "@type": "@json" },
  };
  return Object.entries({ ...wrapped, ...plain });
}

/** Members that may be added to an object, by name. */
const ADDED = {
  "an unknown member": { unknown: "x" },
  "an unknown null member": { unknown: null },
  "an unknown empty list": { unknown: [] },
  "an unknown member without name": { "": "x" },
  "a member of JavaScript": { ["__proto__"]: "x" },
  "an absolute member": { "https://x.example/p": "x" },
  "an absolute null member": { "https://x.example/p": null },
  "an absolute empty list": { "https://x.example/p": [] },
  "an absolute empty object": { "https://x.example/p": {} },
  "an absolute list of null": { "https://x.example/p": [null] },
  "an absolute number": { "https://x.example/p": 1 },
  "an absolute fraction": { "https://x.example/p": 0.1 },
  "an absolute truth value": { "https://x.example/p": true },
  "an absolute list": { "https://x.example/p": { "@list": ["a", "b", "a"] } },
  "an absolute list of lists": { "https://x.example/p": { "@list": [["a"], []] } },
  "an absolute node": { "https://x.example/p": { "@id": "urn:x" } },
  "an absolute blank node": { "https://x.example/p": { "@id": "_:x" } },
  "an absolute empty node": { "https://x.example/p": { "@id": "" } },
  "an absolute relative node": { "https://x.example/p": { "@id": "x" } },
  "an absolute graph": { "https://x.example/p": { "@graph": [{ "@id": "urn:x", "https://x.example/q": "y" }] } },
  "an absolute empty graph": { "https://x.example/p": { "@graph": [] } },
  "an absolute value in a language": { "https://x.example/p": { "@value": "x", "@language": "de" } },
  "an absolute value with a direction": { "https://x.example/p": { "@value": "x", "@language": "de", "@direction": "rtl" } },
  "a member by prefix": { "xsd:other": "x" },
  "a member by the idOS prefix": { "aux:other": "x" },
  "a member by an unknown prefix": { "foo:bar": "x" },
  "a blank node as member": { "_:b": "x" },
  "a blank node as null member": { "_:b": null },
  "a member of the kind of keywords": { "@unknown": "x" },
  "a null member of the kind of keywords": { "@unknown": null },
  "a value": { "@value": "x" },
  "a null value": { "@value": null },
  "a list": { "@list": [] },
  "a set": { "@set": [] },
  "a language": { "@language": "en" },
  "a direction": { "@direction": "ltr" },
  "an index": { "@index": "0" },
  "a null index": { "@index": null },
  "a nest": { "@nest": { "https://x.example/p": "x" } },
  "an empty nest": { "@nest": [] },
  "a null nest": { "@nest": null },
  "a nest of text": { "@nest": "x" },
  "a reverse": { "@reverse": { "https://x.example/p": { "@id": "urn:x" } } },
  "an empty reverse": { "@reverse": {} },
  "a null reverse": { "@reverse": null },
  "a reverse of text": { "@reverse": { "https://x.example/p": "x" } },
  "an included node": { "@included": { "@id": "urn:x", "https://x.example/p": "x" } },
  "an included id alone": { "@included": { "@id": "urn:x" } },
  "an included text": { "@included": "x" },
  "nothing included": { "@included": [] },
  "a graph": { "@graph": [{ "@id": "urn:x", "https://x.example/p": "x" }] },
  "an empty graph": { "@graph": [] },
  "a null graph": { "@graph": null },
  "a type beside the alias": { "@type": "VerifiableCredential" },
  "an empty type beside the alias": { "@type": [] },
  "a null type beside the alias": { "@type": null },
  "an id beside the alias": { "@id": "urn:x" },
  "a null id beside the alias": { "@id": null },
  "the level's other name": { [`${XSD}string`]: "x" },
  "another level's value by IRI": { [`${XSD}string`]: "basic" },
  "a holder": { holder: "urn:x" },
  "a null holder": { holder: null },
  "a null term": { "https://x.example/p": { "@value": null } },
  "an evidence": { evidence: { id: "urn:x", type: "VerifiableCredential" } },
  "an evidence without type": { evidence: { id: "urn:x" } },
  "a null evidence": { evidence: null },
  "no evidence": { evidence: [] },
  "an evidence of text": { evidence: "not a URI" },
  "an evidence that is a URI": { evidence: "urn:x" },
  "terms of use": { termsOfUse: { id: "urn:x", type: "VerifiableCredential" } },
  "terms of use without type": { termsOfUse: { id: "urn:x" } },
  "terms of use that are text": { termsOfUse: "urn:x" },
  "no terms of use": { termsOfUse: [] },
  "null terms of use": { termsOfUse: null },
  "a schema": { credentialSchema: { id: "urn:x", type: "JsonSchemaValidator2018" } },
  "a schema without type": { credentialSchema: [{ id: "urn:x" }] },
  "a refresh service": { refreshService: { id: "urn:x", type: "ManualRefreshService2018" } },
  "a null refresh service": { refreshService: null },
  "a status": { credentialStatus: { id: "urn:x", type: "VerifiableCredential" } },
  "a null status": { credentialStatus: null },
  "no status": { credentialStatus: [] },
  "a false status": { credentialStatus: false },
  "an empty status": { credentialStatus: "" },
  "a null expiration": { expirationDate: null },
  "a validity of the second data model": { validUntil: "2020-01-01T00:00:00Z" },
};

/** Contexts that may be added to a list of contexts, or stand alone in a new place. */
const CONTEXTS = {
  "an empty context": {},
  "a null context": null,
  "an empty list of contexts": [],
  "the W3C context again": W3C_CREDENTIALS,
  "the suite's context again": ED25519_2020,
  "the context of idOS credentials again": IDOS_CREDENTIALS,
  "the subject's context": IDOS_SUBJECT.kyc,
  "the old subject's context": IDOS_SUBJECT["kyc-v1"],
  "the context of personhood": IDOS_SUBJECT.facesign,
  "an unknown context": "https://x.example/unknown.jsonld",
  "a relative context": "context.jsonld",
  "the context of DIDs": "https://www.w3.org/ns/did/v1",
  "the context of security, version 2": "https://w3id.org/security/v2",
  "the second data model's context": "https://www.w3.org/ns/credentials/v2",
  "a number as context": 1,
  "a term": { other: "https://x.example/other" },
  "a protected term": { "@protected": true, other: "https://x.example/other" },
  "a term that is protected": { level: "https://x.example/level" },
  "a term that is protected, as it is": { level: `${XSD}string` },
  "an alias": { firstName: "familyName" },
  "a term mapped to null": { other: null },
  "a term mapped to the id null": { other: { "@id": null } },
  "a protected term mapped to null": { level: null },
  "a vocabulary": { "@vocab": "https://x.example/" },
  "an empty vocabulary": { "@vocab": "" },
  "no vocabulary": { "@vocab": null },
  "a base": { "@base": "https://x.example/" },
  "no base": { "@base": null },
  "a language": { "@language": "en" },
  "no language": { "@language": null },
  "a direction": { "@direction": "rtl" },
  "a version": { "@version": 1.1 },
  "a wrong version": { "@version": 1.0 },
  "no propagation": { "@propagate": false },
  "an import": { "@import": W3C_CREDENTIALS },
  "an unknown keyword": { "@unknown": "x" },
  "an unknown member in a term": { other: { "@id": "urn:x", x: 1 } },
  "a keyword redefined": { "@type": { "@container": "@set" } },
  "a keyword redefined wrongly": { "@id": "urn:x" },
  "a typed term": { other: { "@id": "urn:x", "@type": "@id" } },
  "a list term": { other: { "@id": "urn:x", "@container": "@list" } },
  "an index term": { other: { "@id": "urn:x", "@container": "@index" } },
};

/** The paths of members whose values are replaced, without the proof's. */
function paths(document) {
  const own = Object.keys(document).filter((name) => name !== "proof");
  const subject = Object.keys(document.credentialSubject).map((name) => ["credentialSubject", name]);
  return [...own.map((name) => [name]), ...subject];
}

const get = (document, path) => path.reduce((value, name) => value[name], document);

function changed(document, path, value) {
  const copy = structuredClone(document);
  const owner = get(copy, path.slice(0, -1));
  const name = path.at(-1);
  if (value === undefined) delete owner[name];
  else Object.defineProperty(owner, name, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

function added(document, path, members) {
  let copy = structuredClone(document);
  for (const [name, value] of Object.entries(members)) copy = changed(copy, [...path, name], value);
  return copy;
}

const objects = (document) => [[], ["credentialSubject"]].filter((path) => typeof get(document, path) === "object");

/** Alterations of a document without its proof: pairs of a name and a document. */
export function* alteredDocuments(document) {
  for (const path of paths(document)) {
    const where = path.join(".");
    yield [`${where}: left out`, changed(document, path, undefined)];
    for (const [name, value] of replacements(get(document, path))) {
      yield [`${where}: ${name}`, changed(document, path, value)];
    }
  }
  for (const path of objects(document)) {
    const where = path.join(".") || "the credential";
    for (const [name, members] of Object.entries(ADDED)) {
      yield [`${where}: ${name} more`, added(document, path, members)];
    }
    for (const [name, context] of Object.entries(CONTEXTS)) {
      const own = [get(document, path)["@context"]].flat();
      const at = [...path, "@context"];
      yield [`${where}: ${name} after its own`, changed(document, at, [...own, context])];
      yield [`${where}: ${name} before its own`, changed(document, at, [context, ...own])];
      yield [`${where}: ${name} after its own, and used`, added(changed(document, at, [...own, context]), path, { other: "x" })];
      yield [`${where}: ${name} alone`, changed(document, at, context)];
    }
  }
  yield* documentOddities(document);
}

function* documentOddities(document) {
  const { credentialSubject: subject, issuer, id } = document;
  const { id: subjectId, ...anonymous } = subject;
  const variants = {
    "id by its keyword": rename(document, "id", "@id"),
    "type by its keyword": rename(document, "type", "@type"),
    "type by its IRI": changed(document, ["type"], [`${CREDENTIALS}VerifiableCredential`]),
    "a type more": changed(document, ["type"], ["VerifiableCredential", "VerifiablePresentation"]),
    "an absolute type more": changed(document, ["type"], ["VerifiableCredential", "urn:x"]),
    "an unknown type more": changed(document, ["type"], ["VerifiableCredential", "Unknown"]),
    "a blank type more": changed(document, ["type"], ["VerifiableCredential", "_:b"]),
    "the type twice": changed(document, ["type"], ["VerifiableCredential", "VerifiableCredential"]),
    "types in another order": changed(document, ["type"], ["urn:x", "VerifiableCredential"]),
    "subject without id": changed(document, ["credentialSubject"], anonymous),
    "two subjects": changed(document, ["credentialSubject"], [subject, { ...subject, id: "urn:other" }]),
    "two subjects without id": changed(document, ["credentialSubject"], [anonymous, anonymous]),
    "two subjects with the same id": changed(document, ["credentialSubject"], [
      { "@context": subject["@context"], id: subjectId, firstName: subject.firstName },
      Object.fromEntries(Object.entries(subject).filter(([name]) => name !== "firstName")),
    ]),
    "the subject is the credential": changed(document, ["credentialSubject"], { ...subject, id }),
    "the subject is the issuer": changed(document, ["credentialSubject"], { ...subject, id: issuer }),
    "issuer with a name": changed(document, ["issuer"], { id: issuer, "https://x.example/name": "x" }),
    "issuer by keyword": changed(document, ["issuer"], { "@id": issuer }),
    "a list of one issuer object": changed(document, ["issuer"], [{ id: issuer }]),
    "a list of the issuer and null": changed(document, ["issuer"], [issuer, null]),
    "a list of null and the issuer": changed(document, ["issuer"], [null, issuer]),
    "an issuer with two ids": changed(document, ["issuer"], { id: issuer, "@id": issuer }),
    "an issuer that is no URL": changed(document, ["issuer"], "x"),
    "a null issuer's id": changed(document, ["issuer"], { id: null }),
    "level by its IRI": rename(document, "level", `${XSD}string`),
    "level by prefix": rename(document, "level", "xsd:string"),
    "level by upper-case prefix": rename(document, "level", "XSD:string"),
    "firstName by its IRI": inSubject(document, rename(subject, "firstName", `${XSD}string`)),
    "firstName by prefix": inSubject(document, rename(subject, "firstName", "xsd:string")),
    "nationality by prefix": inSubject(document, rename(subject, "nationality", "aux:ISO_3166-1_alpha-2")),
    "subject's id by its keyword": inSubject(document, rename(subject, "id", "@id")),
    "subject's fields in another order": inSubject(document, Object.fromEntries(Object.entries(subject).reverse())),
    "members in another order": Object.fromEntries(Object.entries(document).reverse()),
    "expirationDate by its IRI": rename(document, "expirationDate", `${CREDENTIALS}expirationDate`),
    "issuanceDate by its IRI": rename(document, "issuanceDate", `${CREDENTIALS}issuanceDate`),
    "subject by its IRI": rename(document, "credentialSubject", `${CREDENTIALS}credentialSubject`),
    "a subject inside the subject": inSubject(document, { ...subject, "https://x.example/p": anonymous }),
    "a value twice, under two indexes": inSubject(document, { ...subject, firstName: [{ "@value": "x", "@index": "1" }, { "@value": "x", "@index": "2" }] }),
    "a value twice, in two directions": inSubject(document, { ...subject, firstName: [{ "@value": "x", "@direction": "ltr" }, { "@value": "x", "@direction": "rtl" }] }),
    "a number twice, in two spellings": inSubject(document, { ...subject, firstName: [5, { "@value": 5, "@type": `${XSD}integer` }, 5] }),
    "a list of one and the same twice": inSubject(document, { ...subject, firstName: [{ "@list": ["x"] }, { "@list": ["y"] }] }),
    "a property of two subjects": changed(document, ["credentialSubject"], [subject, { "@id": "_:x", level: subject.firstName }]),
    "a member with control characters": inSubject(document, { ...subject, firstName: "\u0000\u001f\u007f\u0080\ufeff" }),
    "a value with quotes": inSubject(document, { ...subject, firstName: '"\\\n\r\t\b\f' }),
    "a value outside the plane": inSubject(document, { ...subject, firstName: "\u{10000}", middleName: "\uffff" }),
    "an id with a character that IRIs do not have": changed(document, ["id"], "urn:x<>\"{}|^`\\"),
    "an id with a space": changed(document, ["id"], "urn:x y"),
    "an id with a control character": changed(document, ["id"], "urn:x\u0001"),
    "an id of other letters": changed(document, ["id"], "https://ü.example/ß"),
    "an id with percent signs": changed(document, ["id"], "https://x.example/%zz"),
    "an id in capitals": changed(document, ["id"], "HTTPS://X.EXAMPLE/../a/./b"),
    "an id of a scheme alone": changed(document, ["id"], "x:"),
    "an id with a colon only": changed(document, ["id"], ":x"),
    "an id with a slash before the colon": changed(document, ["id"], "a/b:c"),
    "an id with a digit first": changed(document, ["id"], "1a:c"),
  };
  for (const date of DATES) {
    variants[`issuanceDate ${JSON.stringify(date)}`] = changed(document, ["issuanceDate"], date);
    variants[`expirationDate ${JSON.stringify(date)}`] = changed(document, ["expirationDate"], date);
  }
  yield* Object.entries(variants);
}

/** Dates as they are judged by JavaScript: a pattern somewhere in the text, and what `new Date` makes of it. */
const DATES = [
  "2026-08-10T12:34:56Z",
  "2026-08-10T12:34:56",
  "2026-08-10T12:34:56+00:00",
  "2026-08-10T12:34:56-14:00",
  "2026-08-10T12:34:56+14:00",
  "2026-08-10T12:34:56+14:30",
  "2026-08-10T12:34:56+15:00",
  "2026-08-10T12:34:56.1Z",
  "2026-08-10T12:34:56.123456789Z",
  "2026-08-10T12:34:56,123Z",
  "2026-08-10T24:00:00Z",
  "2026-08-10T24:00:01Z",
  "2026-08-10T23:59:60Z",
  "2026-02-30T12:34:56Z",
  "2026-02-31T12:34:56Z",
  "2026-02-29T12:34:56Z",
  "2026-04-31T12:34:56Z",
  "2026-13-10T12:34:56Z",
  "2026-08-10t12:34:56z",
  "2026-08-10T12:34:56z",
  "2026-08-10 12:34:56Z",
  "2026-08-10T12:34Z",
  "2026-08-10",
  "2026-08",
  "2026",
  " 2026-08-10T12:34:56Z",
  "2026-08-10T12:34:56Z ",
  "2026-08-10T12:34:56Z\n",
  "x2026-08-10T12:34:56Z",
  "2026-08-10T12:34:56Zx",
  "2026-08-10T12:34:56Z (UTC)",
  "(x) 2026-08-10T12:34:56Z",
  "2026-08-10T12:34:56 GMT",
  "2026-08-10T12:34:56 EST",
  "2026-08-10T12:34:56.",
  "2026-08-10T12:34:56+0000",
  "2026-08-10T12:34:56-00:00",
  "+002026-08-10T12:34:56Z",
  "-002026-08-10T12:34:56Z",
  "12026-08-10T12:34:56Z",
  "-2026-08-10T12:34:56Z",
  "0026-08-10T12:34:56Z",
  "0000-01-01T00:00:00Z",
  "275760-09-13T00:00:00Z",
  "275760-09-13T00:00:01Z",
  "+275760-09-13T00:00:00Z",
  "Mon, 10 Aug 2026 12:34:56 GMT",
  "1786365296",
  "",
];

function rename(object, from, to) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name === from ? to : name, value]));
}

const inSubject = (document, subject) => changed(document, ["credentialSubject"], subject);

/** Alterations of a signed credential's proof, or of its text: pairs of a name and a text. */
export function* alteredProofs(credential) {
  const { proof, ...document } = JSON.parse(credential);
  const withProof = (proof) => JSON.stringify({ ...document, proof });
  const other = { ...proof, proofValue: `z${"1".repeat(64)}` };
  const unlike = { ...proof, type: "Ed25519Signature2018" };
  const proofs = {
    none: undefined,
    null: null,
    "an empty list": [],
    "an empty object": {},
    "a text": "x",
    "a number": 1,
    "false": false,
    "a list of one": [proof],
    "a list in a list": [[proof]],
    "twice": [proof, proof],
    "with a wrong one before": [other, proof],
    "with a wrong one after": [proof, other],
    "with another suite's before": [unlike, proof],
    "with one of no method before": [{ ...proof, verificationMethod: null }, proof],
    "with one of no method and another suite before": [{ ...unlike, verificationMethod: null }, proof],
    "with one of an empty object as method after": [proof, { ...proof, verificationMethod: {} }],
    "with null after": [proof, null],
    "with null before": [null, proof],
    "with a text after": [proof, "x"],
    "with a number after": [proof, 1],
    "with an empty object": [{}, proof],
    "as a graph": { "@graph": [proof] },
    "as a set": { "@set": [proof] },
  };
  for (const [name, value] of Object.entries(proofs)) yield [`proof: ${name}`, withProof(value)];

  for (const member of Object.keys(proof)) {
    yield [`proof.${member}: left out`, withProof(changed(proof, [member], undefined))];
    for (const [name, value] of replacements(proof[member])) {
      yield [`proof.${member}: ${name}`, withProof(changed(proof, [member], value))];
    }
  }
  for (const [name, members] of Object.entries(ADDED)) yield [`proof: ${name} more`, withProof({ ...proof, ...members })];

  const contexts = document["@context"];
  const own = {
    ...CONTEXTS,
    "its own contexts": contexts,
    "its own contexts in another order": [...contexts].reverse(),
    "its own contexts and a term": [...contexts, { other: "https://x.example/other" }],
    "the suite's context in a list": [ED25519_2020],
    "both contexts that it needs": [W3C_CREDENTIALS, ED25519_2020],
    "a false context": false,
    "an empty text as context": "",
  };
  for (const [name, context] of Object.entries(own)) {
    yield [`proof.@context: ${name}`, withProof({ "@context": context, ...proof })];
    yield [`proof.@context: ${name}, and a term`, withProof({ "@context": context, ...proof, other: "x" })];
    yield [`proof.@context: ${name}, and a null term`, withProof({ "@context": context, ...proof, other: null })];
  }

  for (const member of ["jws", "signatureValue", "proofValue", "challenge", "domain", "nonce", "expires", "cryptosuite", "id", "creator", "canonicalizationHash", "previousProof", "revoked", "controller"]) {
    for (const value of ["x", "", null, 1, true, [], ["x"], {}, { id: "urn:x" }, "urn:x", "eddsa-jcs-2022", [proof.proofValue]]) {
      yield [`proof.${member}: ${JSON.stringify(value)} more`, withProof({ ...proof, [member]: value })];
    }
  }
  const method = proof.verificationMethod;
  const methods = {
    "an object": { id: method },
    "an object with a type": { id: method, type: "Ed25519VerificationKey2020" },
    "an object by keyword": { "@id": method },
    "an object with both": { id: method, "@id": method },
    "an object with a controller": { id: method, controller: document.issuer },
    "an object with an unknown member": { id: method, unknown: "x" },
    "an object with an unknown null member": { id: method, unknown: null },
    "an object with a null controller": { id: method, controller: null },
    "an object that was revoked": { id: method, revoked: "2020-01-01T00:00:00Z" },
    "an object with a list as id": { id: [method] },
    "an object with a context": { "@context": ED25519_2020, id: method },
    "an object with no context": { "@context": null, id: method },
    "an object with no context, by keyword": { "@context": null, "@id": method },
    "a list of one object": [{ id: method }],
    "another": `${method}0`,
    "another object": { id: `${method}0` },
    "an empty list": [],
  };
  for (const [name, value] of Object.entries(methods)) {
    yield [`proof.verificationMethod: ${name}`, withProof({ ...proof, verificationMethod: value })];
  }
  const purpose = { IRI: "https://w3id.org/security#assertionMethod", "in a list": ["assertionMethod"], another: "authentication", capitals: "AssertionMethod" };
  for (const [name, value] of Object.entries(purpose)) yield [`proof.proofPurpose: ${name}`, withProof({ ...proof, proofPurpose: value })];
  const type = { IRI: "https://w3id.org/security#Ed25519Signature2020", "in a list": ["Ed25519Signature2020"], another: "Ed25519Signature2018", newer: "DataIntegrityProof" };
  for (const [name, value] of Object.entries(type)) yield [`proof.type: ${name}`, withProof({ ...proof, type: value })];
  for (const date of DATES) yield [`proof.created: ${JSON.stringify(date)}`, withProof({ ...proof, created: date })];
  for (const [from, to] of [["type", "@type"], ["created", "http://purl.org/dc/terms/created"], ["verificationMethod", "https://w3id.org/security#verificationMethod"]]) {
    yield [`proof.${from}: under another name`, withProof(rename(proof, from, to))];
    yield [`proof.${from}: under two names`, withProof({ ...proof, [to]: proof[from] })];
  }
  const value = proof.proofValue;
  const values = {
    "without z": value.slice(1),
    "z twice": `z${value}`,
    "z alone": "z",
    "Z": `Z${value.slice(1)}`,
    "with a one before": `z1${value.slice(1)}`,
    "with a space after": `${value} `,
    "with a line break after": `${value}\n`,
    "with a space inside": `${value.slice(0, 9)} ${value.slice(9)}`,
    "with a letter that base58 does not have": `${value.slice(0, 9)}0${value.slice(10)}`,
    "cut short": value.slice(0, -1),
    "longer": `${value}1`,
    "much longer": value + "2".repeat(200),
  };
  for (const [name, text] of Object.entries(values)) yield [`proof.proofValue: ${name}`, withProof({ ...proof, proofValue: text })];
}

/** Alterations that only a text can show: pairs of a name and a text. */
export function* alteredTexts(credential) {
  const { level } = JSON.parse(credential);
  const [id] = /"id":"https[^"]*"/.exec(credential);
  const [name] = /"firstName":"([^"]*)"/.exec(credential);
  const written = `"level":${JSON.stringify(level)}`;
  const replaced = {
    "level twice, the last as it was": [written, `"level":"x",${written}`],
    "level twice, the last another": [written, `${written},"level":"x"`],
    "level twice, the last null": [written, `${written},"level":null`],
    "level's name escaped": [written, written.replace("level", "\\u006cevel")],
    "level's name twice, once escaped": [written, `"\\u006cevel":"x",${written}`],
    "a term of a kind": [written, `${written},"__proto__":{}`],
    "a __proto__ with members": [written, `${written},"__proto__":{"holder":"urn:x"}`],
    "a constructor": [written, `${written},"constructor":"x"`],
    "a null toString": [written, `${written},"toString":null`],
    "a hasOwnProperty": [written, `${written},"hasOwnProperty":"x"`],
    "id twice": [id, `"id":"urn:x",${id}`],
    "@id and id": [id, `"@id":"urn:x",${id}`],
    "@id and id, alike": [id, `${id.replace("id", "@id")},${id}`],
    "firstName twice": [name, `"firstName":"x",${name}`],
    "firstName a number out of range": [name, '"firstName":1e400'],
    "firstName a negative number out of range": [name, '"firstName":-1e400'],
    "firstName an integer out of range": [name, '"firstName":123456789012345678901234567890'],
    "firstName minus zero": [name, '"firstName":-0'],
    "firstName minus zero as fraction": [name, '"firstName":-0.0'],
    "firstName with half a pair": [name, '"firstName":"\\ud800"'],
    "firstName with the other half": [name, '"firstName":"\\udc00x"'],
    "firstName with halves in the wrong order": [name, '"firstName":"\\udc00\\ud800"'],
    "firstName with a pair": [name, '"firstName":"\\ud83d\\ude00"'],
    "an unknown member of half a pair": [name, `${name},"\\ud800":"x"`],
    "proof twice": ['"proof":', '"proof":null,"proof":'],
    "@context twice": ['"@context":', '"@context":null,"@context":'],
    "white space": ['"type":', ' \n\t\r"type" :'],
    "a comma too many": ['"type":', ',"type":'],
    "a byte order mark": [/^/, "\ufeff"],
    "something after it": [/$/, "x"],
    "white space after it": [/$/, " \n"],
    "a list around it": [/^(.*)$/s, "[$1]"],
    "a text around it": [/^(.*)$/s, (text) => JSON.stringify(text)],
    "nothing of it": [/^.*$/s, ""],
    "null for it": [/^.*$/s, "null"],
    "a number for it": [/^.*$/s, "1"],
    "an empty object for it": [/^.*$/s, "{}"],
  };
  for (const [what, [before, after]] of Object.entries(replaced)) {
    yield [`text: ${what}`, credential.replace(before, typeof after === "string" && before instanceof RegExp === false ? () => after : after)];
  }
}
