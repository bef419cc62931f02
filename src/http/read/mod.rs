//! Readers: from JSON to what the flows take. All that is wrong with a body is found at once, and pointed at.

mod grant;
mod profile;
mod submission;

pub(crate) use grant::{grant_offer, resumption, signed_grant, which_halted};
pub(crate) use profile::{LookUp, challenge, contact_look_up, look_up, new_profile, new_wallet};
pub(crate) use submission::{Files, submission};

/// The members that each schema of `openapi.yaml` has, as the readers take them. The members of KYC subjects are what
/// [`idos_credential::evidence::kyc_members`] gives.
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
    ("KycEvidence", &crate::model::evidence::MEMBERS),
    ("PersonhoodEvidence", &crate::model::evidence::MEMBERS),
    ("InserterDelivery", submission::INSERTER),
    ("WriteGrantDelivery", submission::WRITE_GRANT),
    ("CopyFor", submission::COPY_FOR),
    ("Contact", submission::CONTACT),
    ("InlineFile", submission::INLINE),
    ("PartFile", submission::PART),
];
