// What readers of credentials of version 3 hold against one, written down once more and independently: by the context, by
// `validator`, which the SDK's classes use, and by the dates and files of JavaScript.

import assert from "node:assert/strict";
import validator from "validator";

import { decodeFile } from "./base85.js";
import { IDOS_CREDENTIALS, IDOS_CREDENTIALS_2, IDOS_SUBJECT, terms } from "./contexts.js";

const WORDS = {
  personGender: ["M", "F", "OTHER"],
  idDocumentType: [
    "PASSPORT",
    "DRIVERS",
    "ID_CARD",
    "VOTING_CARD",
    "PAN_CARD",
    "INTERNAL_PASSPORT",
    "RESIDENCE_PERMIT",
  ],
  screeningSanctionsCheckResult: ["CLEAR", "NOT_CHECKED"],
  screeningPepCheckResult: ["CLEAR", "NOT_CHECKED"],
  sourceOfWealthType: ["SALARY", "SAVINGS", "INVESTMENTS", "CRYPTO_TRADING", "OTHER"],
  onboardingEmploymentStatus: ["EMPLOYED", "SELF_EMPLOYED", "UNEMPLOYED", "RETIRED", "STUDENT"],
};

const REQUIRED = {
  "kyc-v3": ["personDateOfBirth", "idDocumentType", "idDocumentNumber", "idDocumentCountry", "idDocumentFrontFile"],
  edd: [],
};

const isDate = (text) =>
  typeof text === "string" &&
  validator.isISO8601(text, { strict: true, strictSeparator: true }) &&
  new Date(text).toISOString() === text;

const isWhole = (number) => Number.isInteger(number) && number > 0;

/** Throws where a reader would. */
export function read(kind, text) {
  const credential = JSON.parse(text);
  const { "@context": contexts, credentialSubject: subject, id, level, ...rest } = credential;
  assert.equal(contexts[1], kind === "edd" ? IDOS_CREDENTIALS : IDOS_CREDENTIALS_2);
  assert.deepEqual(subject["@context"], [IDOS_SUBJECT[kind]]);
  assert.ok(typeof id === "string" && typeof level === "string" && typeof subject.id === "string");

  const own = kind === "edd" ? ["approvedAt"] : ["approvedAt", "kycLevel", "issued", "expirationDate"];
  const general = ["type", "issuer", "issuanceDate", "proof"];
  for (const name of Object.keys(rest)) assert.ok([...own, ...general].includes(name), name);
  for (const name of ["approvedAt", "issued", "expirationDate"]) if (name in rest) assert.ok(isDate(rest[name]), name);
  if ("kycLevel" in rest) assert.ok(isWhole(rest.kycLevel));

  const known = new Set(terms(kind));
  for (const [name, value] of Object.entries(subject)) {
    if (name === "@context" || name === "id") continue;
    assert.ok(known.has(name), name);
    if (/File$/.test(name)) {
      assert.match(value, /^<~[\s\S]*~>$/, name);
      assert.ok(Buffer.isBuffer(decodeFile(value)), name);
    } else if (/Date|ValidUntil$/.test(name)) assert.ok(isDate(value), name);
    else if (/Country$|Nationality$/.test(name)) assert.ok(validator.isISO31661Alpha2(value), name);
    else if (/Email$/.test(name)) assert.ok(validator.isEmail(value), name);
    else if (/Stateless$|Status$|Verified$/.test(name) && name !== "onboardingEmploymentStatus") {
      assert.equal(typeof value, "boolean", name);
    } else if (/Score$|Match$/.test(name)) assert.equal(typeof value, "number", name);
    else assert.equal(typeof value, "string", name);
    if (name in WORDS) assert.ok(WORDS[name].includes(value), name);
    if (/^idDocument/.test(name) && typeof value === "string" && !/File$/.test(name)) {
      assert.ok(validator.isLength(value, { min: 1, max: 255 }), name);
    }
  }
  for (const name of REQUIRED[kind]) assert.ok(name in subject, name);
  if (kind === "edd") assert.ok(terms(kind).some((name) => name in subject));
  else checkConditions(subject);
  return credential;
}

function checkConditions(subject) {
  const need = (holds, name) => assert.ok(!holds || name in subject, name);
  need(!subject.personFamilyName, "personFirstName");
  need(!subject.personStateless && !subject.personSecondNationality, "personNationality");
  const there = (section) => Object.keys(subject).some((name) => name.startsWith(section));
  need(there("biometric"), "biometricSelfieFile");
  for (const name of ["Verified", "Street", "City", "Country"]) {
    need(there("residentialAddress"), `residentialAddress${name}`);
  }
  for (const name of ["ProofCategory", "ProofFile"]) {
    need(subject.residentialAddressVerified, `residentialAddress${name}`);
  }
  need(there("screening"), "screeningSanctionsCheckResult");
  need(there("screening"), "screeningPepCheckResult");
  need(there("sourceOfWealth"), "sourceOfWealthType");
  need("sourceOfWealthYearlyGrossIncome" in subject, "sourceOfWealthYearlyGrossIncomeCurrency");
  need("sourceOfWealthApproximateNetWorth" in subject, "sourceOfWealthApproximateNetWorthCurrency");
}

/** The numbered level, by what is there. */
export function kycLevel(subject) {
  const there = (section) => Object.keys(subject).some((name) => name.startsWith(section));
  if (!subject.biometricSelfieFile) return 0;
  if (!subject.residentialAddressProofFile || !subject.residentialAddressVerified) return 1;
  return there("sourceOfWealth") && there("onboarding") ? 3 : 2;
}

/** Sections of a person, in the order in which credentials write them; files and dates as JavaScript has them. */
export function person3(random) {
  const maybe = (value) => (random.chance(1, 2) ? value() : undefined);
  const date = (year) => new Date(Date.UTC(year + random.below(20), random.below(12), 1 + random.below(28)));
  const file = () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), random.file()]);
  const country = () => random.pick(["PT", "DE", "GB", "US", "TW"]);
  const name = () => `A${random.text(8).replace(/[\u0000-\u001f\u007f-\u009f]/g, "")}`;
  const number = () => random.pick([0, 100, 97.25, 1 / 3, 0.3, 0.1 + 0.2, 0.98, 12.5, 1.0000152587890625, 33.333333333333336, 1e-7]);
  return {
    id: `uuid:${random.uuid()}`,
    person: {
      firstName: name(),
      familyName: maybe(name),
      middleName: maybe(name),
      motherName: maybe(name),
      gender: maybe(() => random.pick(WORDS.personGender)),
      nationality: country(),
      secondNationality: maybe(country),
      dateOfBirth: date(1960),
      stateless: maybe(() => false),
      refugeeStatus: maybe(() => random.chance(1, 2)),
      taxIdIssuingCountry: maybe(country),
    },
    idDocument: {
      type: random.pick(WORDS.idDocumentType),
      number: `N${random.u32()}`,
      country: country(),
      dateOfExpiry: maybe(() => date(2030)),
      dateOfIssue: maybe(() => date(2000)),
      frontFile: file(),
      backFile: maybe(file),
      mrzLine1: maybe(() => "P<GBRLENNON<<JOHN"),
    },
    contact: maybe(() => ({ email: `u${random.u32()}@example.org`, phoneNumber: maybe(() => "+441511234567") })),
    biometric: maybe(() => ({ selfieFile: file(), selfieMatch: maybe(number) })),
    residentialAddress: maybe(() => ({
      verified: random.chance(1, 2),
      street: name(),
      city: name(),
      country: country(),
      proofCategory: "UTILITY_BILL",
      proofDateOfIssue: maybe(() => date(2000)),
      proofFile: file(),
      ipCountry: maybe(country),
    })),
    screening: maybe(() => ({
      sanctionsCheckResult: "CLEAR",
      sanctionsConfidenceScore: maybe(number),
      pepCheckResult: "NOT_CHECKED",
      pepConfidenceScore: maybe(number),
    })),
    edd: maybe(() => ({ occupation: "RETAIL", sourceOfFundsProofFile: maybe(file) })),
    sourceOfWealth: maybe(() => ({
      type: random.pick(WORDS.sourceOfWealthType),
      yearlyGrossIncome: "FROM_50001_TO_60000",
      yearlyGrossIncomeCurrency: "EUR",
      sourceOfWealthProofFile: maybe(file),
    })),
    onboarding: maybe(() => ({
      intendedUse: "TRADING",
      employmentStatus: "STUDENT",
      expectedMonthlyTransactionCount: "LESS_THAN_5",
      expectedMonthlyTransactionVolume: "LESS_THAN_500",
      expectedMonthlyTransactionVolumeCurrency: "OTHER",
    })),
  };
}
