//! What a text may be that somebody searches for. It is told by its form, and it may be several things: 64 hexadecimal digits are a
//! transaction's hash, a key of `FaceSign`, an account of NEAR, and a reference. All of them are looked for.

use idos_wallet::{WalletType, address_types};
use uuid::Uuid;

use super::ids::{
    AttributeId, CaseId, ClaimId, EventId, IssuanceId, JobId, NoticeId, ProfileId, VerificationId, WalletId,
    WalletLinkId,
};
use super::issuance::Reference;
use super::personal::{Email, Personal};

/// The longest text that is looked at, in bytes.
const LONGEST: usize = 512;

/// A record of ours that has a page of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnyRecord {
    /// An issuance.
    Issuance(IssuanceId),
    /// A profile that is created.
    Profile(ProfileId),
    /// A wallet that is added.
    Wallet(WalletId),
    /// An attribute.
    Attribute(AttributeId),
    /// A link of a wallet.
    WalletLink(WalletLinkId),
    /// A verification.
    Verification(VerificationId),
    /// A claim.
    Claim(ClaimId),
}

impl AnyRecord {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Issuance(id) => id.as_str(),
            Self::Profile(id) => id.as_str(),
            Self::Wallet(id) => id.as_str(),
            Self::Attribute(id) => id.as_str(),
            Self::WalletLink(id) => id.as_str(),
            Self::Verification(id) => id.as_str(),
            Self::Claim(id) => id.as_str(),
        }
    }

    /// What kind of record it is, as a code.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Issuance(_) => "issuance",
            Self::Profile(_) => "profile",
            Self::Wallet(_) => "wallet",
            Self::Attribute(_) => "attribute",
            Self::WalletLink(_) => "wallet_link",
            Self::Verification(_) => "verification",
            Self::Claim(_) => "claim",
        }
    }
}

impl std::fmt::Display for AnyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for AnyRecord {
    type Err = super::ids::NotAnId;

    fn from_str(text: &str) -> Result<Self, super::ids::NotAnId> {
        None.or_else(|| text.parse().map(Self::Issuance).ok())
            .or_else(|| text.parse().map(Self::Profile).ok())
            .or_else(|| text.parse().map(Self::Wallet).ok())
            .or_else(|| text.parse().map(Self::Attribute).ok())
            .or_else(|| text.parse().map(Self::WalletLink).ok())
            .or_else(|| text.parse().map(Self::Verification).ok())
            .or_else(|| text.parse().map(Self::Claim).ok())
            .ok_or(super::ids::NotAnId)
    }
}

/// One thing that a text may be.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A record of ours.
    Record(AnyRecord),
    /// An event, which is of a record.
    Event(EventId),
    /// A notice, which is of an issuance.
    Notice(NoticeId),
    /// A piece of work, which is about a record.
    Job(JobId),
    /// A request to erase.
    Case(CaseId),
    /// An e-mail address.
    Email(Email),
    /// The address of a wallet, of one of these types; of a NEAR wallet, its key.
    Wallet(Vec<WalletType>, Personal<String>),
    /// A UUID: an idOS user, a credential, an attribute's row, or what a vendor knows a person by.
    Uuid(Uuid),
    /// A transaction's hash: 64 hexadecimal digits in lower case.
    Transaction(String),
    /// What a provider calls a case, or a vendor does.
    Reference(String),
}

/// Everything that a text may be; nothing if there is no such thing. Blanks around it do not count.
#[must_use]
pub fn meanings(text: &str) -> Vec<Meaning> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return Vec::new();
    }
    let mut all = Vec::new();
    all.extend(text.parse().map(Meaning::Record).ok());
    all.extend(text.parse().map(Meaning::Event).ok());
    all.extend(text.parse().map(Meaning::Notice).ok());
    all.extend(text.parse().map(Meaning::Job).ok());
    all.extend(text.parse().map(Meaning::Case).ok());
    // What has a prefix of ours is nothing else.
    if !all.is_empty() {
        return all;
    }
    all.extend(text.parse().map(Meaning::Email).ok());
    let is_uuid = text.len() == 36;
    all.extend(Uuid::try_parse(text).ok().filter(|_| is_uuid).map(Meaning::Uuid));
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        all.push(Meaning::Transaction(digits.to_ascii_lowercase()));
    }
    let types = wallet_types(text);
    if !types.is_empty() {
        all.push(Meaning::Wallet(types, Personal::new(text.to_owned())));
    }
    all.extend(text.parse::<Reference>().map(|reference| Meaning::Reference(reference.into_string())).ok());
    all
}

/// The types of wallet that a text may name. Nearly every word is a name that an account of NEAR could have, and the network is asked for
/// what may be one: so only those count that end as the accounts of people do, or are 64 digits.
fn wallet_types(text: &str) -> Vec<WalletType> {
    let mut types =
        if is_near_key(text) { vec![WalletType::Near] } else { address_types(text).unwrap_or_default() };
    let is_account = [".near", ".tg", ".testnet"].iter().any(|end| text.ends_with(end))
        || (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    types.retain(|known| *known != WalletType::Near || is_account || is_near_key(text));
    types
}

/// Whether it is a key of NEAR as wallets show it.
fn is_near_key(text: &str) -> bool {
    let is_base58 = |rest: &str| {
        (40..=44).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte))
    };
    text.strip_prefix("ed25519:").is_some_and(is_base58)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        meanings(text)
            .iter()
            .map(|meaning| match meaning {
                Meaning::Record(_) => "record",
                Meaning::Event(_) => "event",
                Meaning::Notice(_) => "notice",
                Meaning::Job(_) => "job",
                Meaning::Case(_) => "case",
                Meaning::Email(_) => "email",
                Meaning::Wallet(..) => "wallet",
                Meaning::Uuid(_) => "uuid",
                Meaning::Transaction(_) => "transaction",
                Meaning::Reference(_) => "reference",
            })
            .collect()
    }

    #[test]
    fn a_text_is_all_that_its_form_allows() {
        for (text, expected) in [
            ("iss_01ARZ3NDEKTSV4RRFFQ69G5FAV", &["record"][..]),
            ("lnk_01ARZ3NDEKTSV4RRFFQ69G5FAV", &["record"]),
            ("evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", &["event"]),
            ("ntc_01ARZ3NDEKTSV4RRFFQ69G5FAV", &["notice"]),
            ("job_01ARZ3NDEKTSV4RRFFQ69G5FAV", &["job"]),
            ("era_01ARZ3NDEKTSV4RRFFQ69G5FAV", &["case"]),
            // No id of ours any more, so it may be what somebody calls a case.
            ("iss_01arz3ndektsv4rrffq69g5fav", &["reference"]),
            ("  ada@example.com\n", &["email"]),
            ("7b0c3d7e-9d0a-4f63-9a55-0f0ea3e1a001", &["uuid", "reference"]),
            ("0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1", &["wallet", "reference"]),
            ("ada.near", &["wallet", "reference"]),
            ("ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp", &["wallet", "reference"]),
            ("case-2026.11", &["reference"]),
            ("Case:2026/11", &[]),
            ("Case:2026.11", &["reference"]),
            ("", &[]),
            ("   ", &[]),
            ("two words", &[]),
        ] {
            assert_eq!(names(text), expected, "{text:?}");
        }
        let hash = "AB".repeat(32);
        assert_eq!(names(&hash), ["transaction", "wallet", "reference"]);
        let Some(Meaning::Transaction(lower)) = meanings(&hash).into_iter().next() else { panic!() };
        assert_eq!(lower, "ab".repeat(32));
        assert_eq!(names(&format!("0x{hash}")), ["transaction", "reference"]);
        assert!(names(&"a".repeat(600)).is_empty());
    }

    #[test]
    fn every_record_is_known_by_its_id() {
        for prefix in ["iss", "prf", "wal", "att", "lnk", "ver", "clm"] {
            let text = format!("{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV");
            assert_eq!(text.parse::<AnyRecord>().unwrap().as_str(), text);
        }
        for text in ["evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", "stf_01ARZ3NDEKTSV4RRFFQ69G5FAV", "", "iss_"] {
            assert!(text.parse::<AnyRecord>().is_err());
        }
    }
}
