//! The API: a file or folder for each resource, with its handlers (read, call one flow, show), the strict reader of its
//! bodies, what it shows, and what the errors of its flows are to the caller.

pub(super) mod attributes;
pub(super) mod cases;
pub(super) mod claims;
pub(super) mod common;
pub(super) mod contacts;
pub(super) mod events;
pub(super) mod halted;
pub(super) mod health;
pub(super) mod imports;
pub(super) mod issuances;
pub(super) mod profiles;
pub(super) mod proofs;
pub(super) mod relay;
pub(super) mod renewals;
pub(super) mod verifications;
mod view;
pub(super) mod wallet_links;
pub(super) mod wallets;
pub(super) mod write_grants;

/// The members that each schema of `openapi.yaml` has, as the readers take them. Those of evidence are
/// [`crate::model::evidence::members`] of its kind, and those of its subject are what [`idos_credential::Kind::members`]
/// gives.
pub const MEMBERS: &[(&str, &[&str])] = &[
    ("ProfileLookup", profiles::read::LOOK_UP),
    ("NewProfile", profiles::read::NEW_PROFILE),
    ("NewWallet", wallets::NEW_WALLET),
    ("ChallengeRequest", wallets::CHALLENGE),
    ("NewAttribute", attributes::NEW_ATTRIBUTE),
    ("NewWalletLink", wallet_links::NEW_LINK),
    ("WalletLinkAnswer", wallet_links::LINK_ANSWER),
    ("LinkedWallet", wallet_links::LINKED_WALLET),
    ("WalletProof", profiles::read::WALLET),
    ("ContactLookup", contacts::LOOK_UP),
    ("UnreachableContact", contacts::UNREACHABLE),
    ("Redemption", renewals::REDEMPTION),
    ("GrantOffer", write_grants::read::OFFER),
    ("Owner", common::OWNER),
    ("Grant", write_grants::read::GRANT),
    ("SignedGrant", write_grants::read::SIGNED),
    ("Resumption", issuances::read::RESUMPTION),
    ("Opening", verifications::OPENING),
    ("LaterGrantDelivery", issuances::read::LATER_GRANT),
    ("VendorCase", verifications::CASE),
    ("VerificationResumption", verifications::RESUMPTION),
    ("PersonhoodProof", proofs::PROOF),
    ("WhichHalted", halted::WHICH_HALTED),
    ("Submission", issuances::read::SUBMISSION),
    ("LinkedWalletsEvidence", issuances::read::LINKS),
    ("InserterDelivery", issuances::read::INSERTER),
    ("LaterInserterDelivery", issuances::read::LATER_INSERTER),
    ("WriteGrantDelivery", issuances::read::WRITE_GRANT),
    ("CopyFor", issuances::read::COPY_FOR),
    ("Contact", issuances::read::CONTACT),
    ("ContactChange", issuances::read::CONTACT),
    ("Restoration", issuances::read::RESTORATION),
    ("KeptChoice", issuances::read::CHOICE),
    ("InlineFile", issuances::read::INLINE),
    ("PartFile", issuances::read::PART),
    ("NewClaim", claims::NEW_CLAIM),
    ("NewErasureCase", cases::read::NEW_CASE),
    ("WantedPerson", cases::read::WANTED),
    ("CheckedIdentity", cases::read::CHECKED),
    ("CaseDecision", cases::read::CHOICE),
    ("CaseExtension", cases::read::EXTENSION),
    ("CaseRefusal", cases::read::REFUSAL),
    ("CaseWallet", cases::read::WALLET),
    ("CaseWalletAnswer", cases::read::ANSWER),
    ("NewConsumer", relay::NEW_CONSUMER),
    ("Share", relay::SHARE),
];
