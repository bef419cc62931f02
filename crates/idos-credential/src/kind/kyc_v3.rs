//! Identity data (KYC), third version of the context: in sections, with more that may be said, and with a numbered level.

use std::fmt;

use super::kyc_v2::{DOCUMENT_TYPE, GENDER, OLDEST_YEARS, PROOF_OF_IDENTITY, PROOF_OF_RESIDENCY, a_name};
use super::sections::{self, Condition, Rules, Section, Sectioned};
use super::{Definition, Document, Kind, Made, Subject, SubjectClaims};
use crate::claim::Claim;
use crate::error::{Invalid, Problems};
use crate::form;
use crate::level::{AddOn, Level};
use crate::plausible::{self, MILLIS_A_DAY};
use crate::reader::{ReadFile, Reader};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;
use crate::vocabulary::{BOOLEAN, DATE, DOUBLE, Rule, STRING, Term, term};

/// The context of the subject.
pub const CONTEXT: &str =
    "https://idos-network.github.io/idos-sdk-js/credentials/idos-credential-subject-v3.json";

pub(super) static DEFINITION: Definition = Definition {
    name: "kyc_v3",
    title: "KYC, version 3",
    context: CONTEXT,
    has_moved: false,
    envelopes: &[&form::SECOND],
    lists_context: true,
    inline: None,
    terms: &[
        PERSON,
        ID_DOCUMENT,
        CONTACT,
        BIOMETRIC,
        RESIDENTIAL_ADDRESS,
        SCREENING,
        EDD,
        SOURCE_OF_WEALTH,
        ONBOARDING,
    ],
    lacks: |made| sections::lacks(SECTIONS, made),
    has_id: true,
    read: Some(|json, read_file| KycV3Subject::read(json, read_file).map(Subject::from)),
    supports: |level, made| Some(supports(level, made)),
    kyc_level: Some(kyc_level),
    notes_type: "kyc",
    documents: &[
        Document {
            name: "proofOfResidency",
            members: PROOF_OF_RESIDENCY,
            only_if: Some("residentialAddressVerified"),
        },
        Document { name: "proofOfIdentity", members: PROOF_OF_IDENTITY, only_if: None },
    ],
};

/// A choice among words.
macro_rules! one_of {
    ($first:literal $(, $rest:literal)* $(,)?) => {
        Rule::OneOf(&[$first $(, $rest)*], concat!("must be one of ", $first $(, ", ", $rest)*))
    };
}

const SCREENING_RESULT: Rule = one_of!("CLEAR", "NOT_CHECKED");
const CURRENCY: Rule = one_of!("EUR", "USD", "GBP", "OTHER");
const WEALTH: Rule = one_of!("SALARY", "SAVINGS", "INVESTMENTS", "CRYPTO_TRADING", "OTHER");
const INCOME: Rule = one_of!(
    "LESS_THAN_20000",
    "FROM_20001_TO_30000",
    "FROM_30001_TO_40000",
    "FROM_40001_TO_50000",
    "FROM_50001_TO_60000",
    "FROM_60001_TO_70000",
    "FROM_70001_TO_80000",
    "FROM_80001_TO_90000",
    "FROM_90001_TO_100000",
    "FROM_100001_TO_110000",
    "FROM_110001_TO_120000",
    "FROM_120001_TO_130000",
    "FROM_130001_TO_140000",
    "FROM_140001_TO_150000",
    "FROM_150001_TO_200000",
    "FROM_200001_TO_500000",
    "MORE_THAN_500000",
);
const NET_WORTH: Rule = one_of!(
    "UP_TO_25000",
    "BETWEEN_25001_AND_50000",
    "BETWEEN_50001_AND_100000",
    "BETWEEN_100001_AND_300000",
    "BETWEEN_300001_AND_500000",
    "BETWEEN_500001_AND_1000000",
    "OVER_1000001",
);
const INTENDED_USE: Rule = one_of!(
    "INVESTING",
    "PAYMENT_TO_FRIENDS_FAMILY_OR_OTHERS",
    "PURCHASE_DIGITAL_ASSETS",
    "ONLINE_PURCHASES_OF_GOODS_OR_SERVICES",
    "TRADING",
);
const EMPLOYMENT: Rule = one_of!("EMPLOYED", "SELF_EMPLOYED", "UNEMPLOYED", "RETIRED", "STUDENT");
const TRANSACTIONS: Rule = one_of!("LESS_THAN_5", "BETWEEN_5_AND_10", "MORE_THAN_10");
const VOLUME: Rule = one_of!("LESS_THAN_500", "MORE_THAN_500_LESS_THAN_2000", "MORE_THAN_2000");
const OCCUPATION: Rule = one_of!(
    "AGRICULTURE",
    "ARTS_AND_ENTERTAINMENT",
    "CONSTRUCTION",
    "EDUCATION",
    "FINANCIAL_SERVICES",
    "INFORMATION_AND_TECHNOLOGY",
    "RETAIL",
    "REAL_ESTATE",
    "OTHER",
    "BUSINESS_OWNER",
    "HEALTHCARE",
    "INDUSTRIAL",
    "LEGAL_SERVICES",
    "PUBLIC_SECTOR",
    "SENIOR_MANAGEMENT",
);

const fn text(name: &'static str) -> Term {
    term(name, STRING, Rule::Text, false)
}

const fn line(name: &'static str) -> Term {
    term(name, STRING, Rule::Line, false)
}

const fn country(name: &'static str) -> Term {
    term(name, STRING, Rule::AssignedCountry, false)
}

const fn choice(name: &'static str, rule: Rule) -> Term {
    term(name, STRING, rule, false)
}

const fn date(name: &'static str) -> Term {
    term(name, DATE, Rule::Date, false)
}

const fn file(name: &'static str) -> Term {
    term(name, STRING, Rule::File, false)
}

const fn boolean(name: &'static str) -> Term {
    term(name, BOOLEAN, Rule::Boolean, false)
}

const PERSON: &[Term] = &[
    text("personFirstName").of("person").believed(a_name),
    text("personFamilyName").of("person").believed(a_name),
    text("personMiddleName").of("person").believed(a_name),
    text("personFatherName").of("person").believed(a_name),
    text("personMaidenName").of("person").believed(a_name),
    text("personMotherName").of("person").believed(a_name),
    choice("personGender", GENDER).of("person"),
    country("personNationality").of("person"),
    country("personSecondNationality").of("person"),
    date("personDateOfBirth").of("person").must(),
    text("personPlaceOfBirth").of("person").believed(plausible::has_letter),
    text("personRegionOfBirth").of("person").believed(plausible::has_letter),
    boolean("personStateless").of("person"),
    boolean("personRefugeeStatus").of("person"),
    boolean("personSubsidiaryProtectionStatus").of("person"),
    text("personNationalIdNumber").of("person").believed(plausible::has_letter_or_digit),
    text("personTaxIdNumber").of("person").believed(plausible::has_letter_or_digit),
    country("personTaxIdIssuingCountry").of("person"),
    country("personTaxResidenceCountry").of("person"),
    text("personSsn").of("person").believed(plausible::ssn_with_hyphens),
];

const ID_DOCUMENT: &[Term] = &[
    choice("idDocumentType", DOCUMENT_TYPE).of("idDocument").must(),
    line("idDocumentNumber").of("idDocument").must().believed(plausible::has_letter_or_digit),
    country("idDocumentCountry").of("idDocument").must(),
    date("idDocumentDateOfExpiry").of("idDocument"),
    date("idDocumentDateOfIssue").of("idDocument"),
    line("idDocumentIssuingAuthority").of("idDocument").believed(plausible::has_letter_or_digit),
    file("idDocumentFrontFile").of("idDocument").must(),
    file("idDocumentBackFile").of("idDocument"),
    line("idDocumentMrzLine1").of("idDocument").believed(plausible::has_letter_or_digit),
    line("idDocumentTitle").of("idDocument").believed(plausible::has_letter),
    date("idDocumentExtendedValidUntil").of("idDocument"),
    line("idDocumentAdditionalNumber").of("idDocument").believed(plausible::has_letter_or_digit),
    line("idDocumentEthnicity").of("idDocument").believed(plausible::has_letter),
    line("idDocumentIssuingSubdivision").of("idDocument").believed(plausible::has_letter_or_digit),
];

const CONTACT: &[Term] = &[
    term("contactEmail", STRING, Rule::Email3, false).of("contact"),
    text("contactPhoneNumber").of("contact").believed(plausible::phone_number),
];

const BIOMETRIC: &[Term] = &[
    file("biometricSelfieFile").of("biometric").must().of_a_face(),
    term("biometricSelfieMatch", DOUBLE, Rule::Number, false).of("biometric"),
];

const RESIDENTIAL_ADDRESS: &[Term] = &[
    boolean("residentialAddressVerified").of("residentialAddress").must(),
    text("residentialAddressStreet").of("residentialAddress").must().believed(plausible::has_letter_or_digit),
    text("residentialAddressHouseNumber").of("residentialAddress"),
    text("residentialAddressAdditionalAddressInfo").of("residentialAddress"),
    text("residentialAddressRegion").of("residentialAddress"),
    text("residentialAddressCity").of("residentialAddress").must().believed(plausible::has_letter),
    text("residentialAddressPostalCode").of("residentialAddress"),
    country("residentialAddressCountry").of("residentialAddress").must(),
    text("residentialAddressProofCategory").of("residentialAddress"),
    date("residentialAddressProofDateOfIssue").of("residentialAddress"),
    file("residentialAddressProofFile").of("residentialAddress"),
    country("residentialAddressIpCountry").of("residentialAddress"),
];

const SCREENING: &[Term] = &[
    choice("screeningSanctionsCheckResult", SCREENING_RESULT).of("screening").must(),
    term("screeningSanctionsConfidenceScore", DOUBLE, Rule::Percentage, false).of("screening"),
    choice("screeningPepCheckResult", SCREENING_RESULT).of("screening").must(),
    term("screeningPepConfidenceScore", DOUBLE, Rule::Percentage, false).of("screening"),
];

/// Also a credential of its own.
pub(super) const EDD: &[Term] = &[
    choice("eddOccupation", OCCUPATION).of("edd"),
    text("eddSourceOfFundsCategory").of("edd").believed(plausible::has_letter),
    file("eddSourceOfFundsProofFile").of("edd"),
];

const SOURCE_OF_WEALTH: &[Term] = &[
    choice("sourceOfWealthType", WEALTH).of("sourceOfWealth").must(),
    choice("sourceOfWealthYearlyGrossIncome", INCOME).of("sourceOfWealth"),
    choice("sourceOfWealthYearlyGrossIncomeCurrency", CURRENCY).of("sourceOfWealth"),
    choice("sourceOfWealthApproximateNetWorth", NET_WORTH).of("sourceOfWealth"),
    choice("sourceOfWealthApproximateNetWorthCurrency", CURRENCY).of("sourceOfWealth"),
    // The member of the section is `sourceOfWealthProofFile`, so the section's name stands here twice.
    file("sourceOfWealthSourceOfWealthProofFile").of("sourceOfWealth"),
];

const ONBOARDING: &[Term] = &[
    choice("onboardingIntendedUse", INTENDED_USE).of("onboarding").must(),
    choice("onboardingEmploymentStatus", EMPLOYMENT).of("onboarding").must(),
    choice("onboardingExpectedMonthlyTransactionCount", TRANSACTIONS).of("onboarding").must(),
    choice("onboardingExpectedMonthlyTransactionVolume", VOLUME).of("onboarding").must(),
    choice("onboardingExpectedMonthlyTransactionVolumeCurrency", CURRENCY).of("onboarding").must(),
];

const SECTIONS: &[Section] = &[
    Section {
        name: "person",
        is_required: true,
        terms: PERSON,
        conditions: &[
            Condition {
                term: "personFirstName",
                is_needed: |made| !(made.holds)("personFamilyName"),
                problem: "is required where there is no familyName",
            },
            Condition {
                term: "personNationality",
                is_needed: |made| {
                    !(made.holds)("personStateless") && !(made.holds)("personSecondNationality")
                },
                problem: "is required where stateless is not true and there is no secondNationality",
            },
        ],
    },
    Section { is_required: true, ..Section::optional("idDocument", ID_DOCUMENT) },
    Section::optional("contact", CONTACT),
    Section::optional("biometric", BIOMETRIC),
    Section {
        conditions: &[
            Condition {
                term: "residentialAddressProofCategory",
                is_needed: |made| (made.holds)("residentialAddressVerified"),
                problem: "is required where verified is true",
            },
            Condition {
                term: "residentialAddressProofFile",
                is_needed: |made| (made.holds)("residentialAddressVerified"),
                problem: "is required where verified is true",
            },
        ],
        ..Section::optional("residentialAddress", RESIDENTIAL_ADDRESS)
    },
    Section::optional("screening", SCREENING),
    Section::optional("edd", EDD),
    Section {
        conditions: &[
            Condition {
                term: "sourceOfWealthYearlyGrossIncomeCurrency",
                is_needed: |made| (made.is_there)("sourceOfWealthYearlyGrossIncome"),
                problem: "is required where there is a yearlyGrossIncome",
            },
            Condition {
                term: "sourceOfWealthApproximateNetWorthCurrency",
                is_needed: |made| (made.is_there)("sourceOfWealthApproximateNetWorth"),
                problem: "is required where there is an approximateNetWorth",
            },
        ],
        ..Section::optional("sourceOfWealth", SOURCE_OF_WEALTH)
    },
    Section::optional("onboarding", ONBOARDING),
];

/// What a KYC check found out about a person (idOS credential subject, version 3).
///
/// Wiped on drop; its `Debug` says nothing.
#[derive(Clone)]
pub struct KycV3Subject(Sectioned);

impl fmt::Debug for KycV3Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KycV3Subject(..)")
    }
}

impl KycV3Subject {
    /// Reads one from JSON: `id`, and an object for each section. What is missing and what each value must be like is said
    /// here as well, so that a caller hears of it at once; dates against each other are checked later, by
    /// [`check`](Self::check).
    pub fn read(json: &Json, read_file: &mut ReadFile<'_>) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let subject = Sectioned::read(SECTIONS, Reader::new(json, &mut problems), read_file);
        if !problems.is_empty() {
            subject.check(Rules::Believable, &mut problems);
        }
        problems.or(Self(subject))
    }

    /// Reads one whose dates may have a time of day, as those that the official SDK takes. For
    /// [`crate::Draft::kyc_v3_as_sdk`].
    pub fn read_as_sdk(json: &Json, read_file: &mut ReadFile<'_>) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let reader = Reader::new(json, &mut problems).with_moments();
        let subject = Sectioned::read(SECTIONS, reader, read_file);
        problems.or(Self(subject))
    }

    /// The level that this evidence supports.
    #[must_use]
    pub fn level(&self) -> Level {
        let subject = &self.0;
        let is_there = |add_on: &AddOn| match add_on {
            AddOn::Liveness | AddOn::Email | AddOn::PhoneNumber => {
                subject.ask(|made| supports_add_on(*add_on, made))
            }
            AddOn::Edd => subject.is_given("edd"),
            AddOn::SourceOfWealth => subject.is_given("sourceOfWealth"),
            AddOn::Screening => subject.is_given("screening"),
            AddOn::Onboarding => subject.is_given("onboarding"),
        };
        Level { plus: subject.ask(is_plus), add_ons: AddOn::ALL.into_iter().filter(is_there).collect() }
    }

    /// Checks all rules: those of the official SDK, and whether a consumer would believe it of a person who was checked
    /// at `approved_at`.
    pub fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.0.check(Rules::Believable, &mut problems);
        let has_nationality =
            |made: &Made<'_>| (made.holds)("personNationality") || (made.holds)("personSecondNationality");
        if self.0.ask(|made| (made.holds)("personStateless") && has_nationality(made)) {
            problems.add("person.stateless", "contradicts the nationality that is given");
        }
        self.check_dates(approved_at, &mut problems);
        problems.or(())
    }

    /// Checks the rules of the official SDK alone.
    pub(crate) fn check_as_sdk(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        self.0.check(Rules::AsSdk, &mut problems);
        problems.or(())
    }

    /// Checks dates against each other, and against the approval of the check. A day that has begun in the east counts.
    fn check_dates(&self, approved_at: Option<Timestamp>, problems: &mut Problems) {
        let date = |name| self.0.date(name);
        let birth = date("personDateOfBirth");
        let issue = date("idDocumentDateOfIssue");
        let expiry = date("idDocumentDateOfExpiry");
        let extended = date("idDocumentExtendedValidUntil");
        let proof = date("residentialAddressProofDateOfIssue");
        let latest = approved_at.map(|approval| approval.plus_millis(MILLIS_A_DAY));
        let oldest = approved_at.and_then(|approval| approval.plus_years(-OLDEST_YEARS));
        let before =
            |one: Option<Timestamp>, other: Option<Timestamp>| one.zip(other).is_some_and(|(a, b)| a < b);
        for (is_broken, field, problem) in [
            (before(approved_at, birth), "person.dateOfBirth", "is after approvedAt"),
            (before(birth, oldest), "person.dateOfBirth", "is more than 130 years before approvedAt"),
            (before(issue, birth), "idDocument.dateOfIssue", "is before person.dateOfBirth"),
            (before(latest, issue), "idDocument.dateOfIssue", "is after approvedAt"),
            (before(expiry, issue), "idDocument.dateOfExpiry", "is before idDocument.dateOfIssue"),
            (before(expiry, birth), "idDocument.dateOfExpiry", "is before person.dateOfBirth"),
            (before(extended, expiry), "idDocument.extendedValidUntil", "is before idDocument.dateOfExpiry"),
            (before(extended, issue), "idDocument.extendedValidUntil", "is before idDocument.dateOfIssue"),
            (before(extended, birth), "idDocument.extendedValidUntil", "is before person.dateOfBirth"),
            (before(proof, birth), "residentialAddress.proofDateOfIssue", "is before person.dateOfBirth"),
            (before(latest, proof), "residentialAddress.proofDateOfIssue", "is after approvedAt"),
        ] {
            if is_broken {
                problems.add(field, problem);
            }
        }
    }
}

impl From<KycV3Subject> for Subject {
    fn from(subject: KycV3Subject) -> Self {
        Self::KycV3(subject)
    }
}

impl SubjectClaims for KycV3Subject {
    fn kind(&self) -> Kind {
        Kind::KycV3
    }

    fn id(&self) -> Option<&str> {
        Some(&self.0.id)
    }

    fn claims(&self) -> Vec<Claim<'_>> {
        self.0.claims()
    }

    fn files_mut(&mut self) -> Vec<(&'static Term, &mut Vec<u8>)> {
        self.0.files_mut()
    }

    fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid> {
        self.check(approved_at)
    }

    fn level(&self) -> String {
        self.level().to_string()
    }

    fn end(&self) -> Option<(Timestamp, &'static str)> {
        Some((self.0.date("idDocumentDateOfExpiry")?, "idDocument.dateOfExpiry"))
    }

    fn document_end(&self) -> Option<(Timestamp, &'static str)> {
        let extended = self.0.date("idDocumentExtendedValidUntil");
        extended.map(|until| (until, "idDocument.extendedValidUntil")).or(self.end())
    }
}

/// A proven residential address.
fn is_plus(made: &Made<'_>) -> bool {
    [
        "residentialAddressProofFile",
        "residentialAddressCity",
        "residentialAddressProofCategory",
        "residentialAddressVerified",
        "residentialAddressCountry",
    ]
    .into_iter()
    .all(made.holds)
}

/// 1 with a selfie, 2 where the address is proven as well, 3 where wealth and purpose were asked for as well; person and
/// document are always there.
fn kyc_level(made: &Made<'_>) -> u32 {
    let is_there = |terms: &[Term]| terms.iter().any(|term| (made.is_there)(term.name));
    let steps = [
        (made.holds)("biometricSelfieFile"),
        (made.holds)("residentialAddressProofFile") && (made.holds)("residentialAddressVerified"),
        is_there(SOURCE_OF_WEALTH) && is_there(ONBOARDING),
    ];
    (0..).zip(steps).find(|(_, reached)| !reached).map_or(3, |(level, _)| level)
}

/// Whether what `level` claims is there.
fn supports(level: &str, made: &Made<'_>) -> bool {
    let mut parts = level.split('+');
    let base = match parts.next() {
        Some("plus") => is_plus(made),
        base => base == Some("basic"),
    };
    base && parts.all(|part| AddOn::by_name(part).is_some_and(|add_on| supports_add_on(add_on, made)))
}

fn supports_add_on(add_on: AddOn, made: &Made<'_>) -> bool {
    let is_there = |terms: &[Term]| terms.iter().any(|term| (made.is_there)(term.name));
    match add_on {
        AddOn::Liveness => (made.holds)("biometricSelfieFile"),
        AddOn::Email => (made.holds)("contactEmail"),
        AddOn::PhoneNumber => (made.holds)("contactPhoneNumber"),
        AddOn::Edd => is_there(EDD),
        AddOn::SourceOfWealth => is_there(SOURCE_OF_WEALTH),
        AddOn::Screening => is_there(SCREENING),
        AddOn::Onboarding => is_there(ONBOARDING),
    }
}
