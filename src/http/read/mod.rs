//! Readers: from JSON to what the flows take. All that is wrong with a body is found at once, and pointed at.

mod fields;
mod grant;
mod profile;
mod submission;

pub(crate) use grant::{grant_offer, resumption, signed_grant, which_halted};
pub(crate) use profile::{LookUp, challenge, contact_look_up, look_up, new_profile, new_wallet};
pub(crate) use submission::{Files, submission};

use idos_credential::strict_json::Json;

use super::problem::{Code, Problem};

/// What is said of a user id that is none.
pub(crate) const USER_ID: &str = "must be a UUID of version 4, as 8-4-4-4-12 hexadecimal digits";

/// The members that each schema of `openapi.yaml` has, as the readers take them. Those of evidence are [`crate::model::evidence::MEMBERS`],
/// whatever its kind, and those of its subject are what [`idos_credential::Kind::members`] gives.
pub const MEMBERS: &[(&str, &[&str])] = &[
    ("ProfileLookup", profile::LOOK_UP),
    ("NewProfile", profile::NEW_PROFILE),
    ("NewWallet", profile::NEW_WALLET),
    ("ChallengeRequest", profile::CHALLENGE),
    ("WalletProof", profile::WALLET),
    ("ContactLookup", profile::CONTACT_LOOK_UP),
    ("GrantOffer", grant::OFFER),
    ("Owner", grant::OWNER),
    ("Grant", grant::GRANT),
    ("SignedGrant", grant::SIGNED),
    ("Resumption", grant::RESUMPTION),
    ("WhichHalted", grant::WHICH_HALTED),
    ("Submission", submission::SUBMISSION),
    ("InserterDelivery", submission::INSERTER),
    ("WriteGrantDelivery", submission::WRITE_GRANT),
    ("CopyFor", submission::COPY_FOR),
    ("Contact", submission::CONTACT),
    ("InlineFile", submission::INLINE),
    ("PartFile", submission::PART),
];

/// Reads an object without members.
pub(crate) fn nothing(json: &Json) -> Result<(), Problem> {
    let mut faults = fields::Faults::default();
    let object = fields::Object::of(json, "", &[], &mut faults);
    faults.or(object.map(|_| ()))
}

/// Reads JSON, or says why it is none.
pub(crate) fn json(bytes: &[u8]) -> Result<Json, Problem> {
    Json::parse(bytes)
        .map_err(|error| Problem::new(Code::InvalidRequest).because(format!("The body {error}.")))
}
