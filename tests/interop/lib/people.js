// Subjects of test credentials. Members are in the order in which credentials write them.

/** Every field that a KYC credential can have. */
export function fullSubject() {
  return {
    id: "uuid:6fcb7e0e-4b1a-4a2b-9a53-1c9b1d0a7b11",
    firstName: "Ada",
    middleName: "Augusta",
    familyName: "Lovelace",
    maidenName: "Byron",
    gender: "F",
    ssn: "123456789",
    nationality: "GB",
    email: "ada@example.com",
    phoneNumber: "+441234567890",
    dateOfBirth: new Date("1815-12-10T00:00:00.000Z"),
    placeOfBirth: "London",
    idDocumentCountry: "GB",
    idDocumentNumber: "P-1815",
    idDocumentType: "PASSPORT",
    idDocumentDateOfIssue: new Date("2020-01-02T03:04:05.678Z"),
    idDocumentDateOfExpiry: new Date("2035-05-05T23:59:59.999Z"),
    idDocumentFrontFile: Buffer.from("front"),
    idDocumentBackFile: Buffer.from("back of it"),
    selfieFile: Buffer.from("selfie!"),
    residentialAddress: {
      street: "St James's Square",
      houseNumber: "12",
      additionalAddressInfo: "2nd floor",
      region: "Greater London",
      city: "London",
      postalCode: "SW1Y 4JH",
      country: "GB",
      proofCategory: "UTILITY_BILL",
      proofDateOfIssue: new Date("2026-01-01T00:00:00.000Z"),
      proofFile: Buffer.from("bill"),
    },
  };
}

/** Only what is required. */
export function smallSubject() {
  const { id, firstName, dateOfBirth, idDocumentCountry, idDocumentNumber, idDocumentType, ...rest } =
    fullSubject();
  const { idDocumentFrontFile, selfieFile } = rest;
  return {
    id,
    firstName,
    dateOfBirth,
    idDocumentCountry,
    idDocumentNumber,
    idDocumentType,
    idDocumentFrontFile,
    selfieFile,
  };
}

const REQUIRED = new Set([
  "id",
  "firstName",
  "dateOfBirth",
  "idDocumentCountry",
  "idDocumentNumber",
  "idDocumentType",
  "idDocumentFrontFile",
  "selfieFile",
]);
const REQUIRED_ADDRESS = new Set(["street", "city", "country", "proofCategory", "proofFile"]);
const DOCUMENTS = [
  "PASSPORT",
  "DRIVERS",
  "ID_CARD",
  "VOTING_CARD",
  "PAN_CARD",
  "INTERNAL_PASSPORT",
  "RESIDENCE_PERMIT",
];

/** A valid subject whose optional fields come and go and whose texts are as odd as they may be. */
export function randomSubject(random) {
  const template = fullSubject();
  const subject = vary(random, template, REQUIRED);
  subject.id = random.pick([`uuid:${random.uuid()}`, `urn:uuid:${random.uuid()}`, `did:key:z6Mk${random.u32()}`]);
  subject.firstName = `A${random.text()}`; // at least one of the two names must not be empty
  for (const name of ["nationality", "idDocumentCountry"]) if (name in subject) subject[name] = country(random);
  if ("gender" in subject) subject.gender = random.pick(["M", "F", "OTHER"]);
  if ("ssn" in subject) subject.ssn = String(100000000 + random.below(900000000));
  if ("email" in subject) subject.email = `u${random.u32()}@example.org`;
  subject.idDocumentType = random.pick(DOCUMENTS);
  if ("residentialAddress" in subject) {
    subject.residentialAddress = vary(random, template.residentialAddress, REQUIRED_ADDRESS);
    subject.residentialAddress.country = country(random);
  }
  return subject;
}

function vary(random, template, required) {
  const result = {};
  for (const [name, value] of Object.entries(template)) {
    if (!required.has(name) && random.chance(1, 3)) continue;
    if (value instanceof Date) result[name] = random.date();
    else if (value instanceof Uint8Array) result[name] = random.file();
    else if (typeof value === "string") result[name] = random.text();
    else result[name] = value;
  }
  return result;
}

/** Two UTF-16 units; the rules do not ask for letters. */
function country(random) {
  return random.chance(1, 8)
    ? String.fromCodePoint(0x1f600 + random.below(64))
    : random.pick(["DE", "us", "\u00c9\u00df", "\n\t"]);
}
