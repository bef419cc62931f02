//! Wallet linkage: which wallets a user has shown to hold, by account, with the time of each proof.
//!
//! idOS has no context for it, so the subject brings its own: [`CONTEXT_JSON`], whose two terms are predicates of this project. An
//! account of CAIP-10 is an absolute IRI, so each wallet is a node by its own name, and the proof binds account and time; no value can
//! be traded for another. The credential does not end: that somebody held a wallet then stays true, and how old a proof may be is
//! for the consumer to say.

use std::fmt;
use std::str::FromStr;

use sha3::{Digest as _, Keccak256};

use super::{Definition, Kind, Subject, SubjectClaims};
use crate::claim::Claim;
use crate::error::{Invalid, Problem, Problems};
use crate::form;
use crate::nquads::{Datatype, Quad};
use crate::plausible;
use crate::rejection::{Rejection, malformed, unknown};
use crate::strict_json::Json;
use crate::timestamp::Timestamp;

/// What the terms of the subject are named under. The context itself stands in the subject: [`CONTEXT_JSON`].
pub const CONTEXT: &str = "urn:idos-issuer:wallet-linkage:1";

/// The context of the subject, as it stands there. It is protected, so that no other redefines it.
pub const CONTEXT_JSON: &str = concat!(
    r#"{"@version":1.1,"@protected":true,"wallets":{"@id":"urn:idos-issuer:wallet-linkage:1#wallet"},"#,
    r#""provenAt":{"@id":"urn:idos-issuer:wallet-linkage:1#provenAt","#,
    r#""@type":"http://www.w3.org/2001/XMLSchema#dateTime"}}"#
);

/// The one level there is. It is none of identity data, so that no consumer takes a wallet for a person who was checked.
pub const LEVEL: &str = "linked";

/// Most wallets of one credential.
pub const MOST_WALLETS: usize = 32;

const WALLET: &str = " <urn:idos-issuer:wallet-linkage:1#wallet> ";
const PROVEN_AT: &str = " <urn:idos-issuer:wallet-linkage:1#provenAt> \"";
const USER: &str = "urn:uuid:";

const NOT_AN_ID: &str = "must be urn:uuid: and a UUID in lower case";
const NOT_A_TIME: &str = "must be a time such as 2026-01-02T03:04:05Z, of the years 1 to 9999";
const NOT_SO_MANY: &str = "must be 1 to 32 wallets";
const TWICE: &str = "is an account that is listed already";
const NOT_IN_ORDER: &str = "is not in the order of the proofs (at the same time, of the accounts)";

pub(super) static DEFINITION: Definition = Definition {
    name: "wallet_linkage",
    title: "wallet linkage",
    context: CONTEXT,
    has_moved: false,
    envelopes: &[&form::FIRST_SHORT],
    lists_context: false,
    inline: Some(Inline { context: CONTEXT_JSON, member: "wallets", read: read_listed }),
    terms: &[],
    lacks: |_| None,
    has_id: true,
    read: None,
    supports: |level, _| Some(level == LEVEL),
    kyc_level: None,
    notes_type: "wallet_linkage",
    documents: &[],
};

/// What a kind has whose subject brings its own context: the context, and the member that lists nodes.
pub(super) struct Inline {
    pub(super) context: &'static str,
    pub(super) member: &'static str,
    /// Reads the list strictly, of the subject with this id.
    pub(super) read: fn(&str, &Json) -> Result<Vec<LinkedWallet>, Rejection>,
}

/// The text is no account that such a credential lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.problem())]
pub enum AccountError {
    /// Not of the form of CAIP-10, or of a chain that is not listed.
    Chain,
    /// The address is not one of its chain.
    Address,
    /// A NEAR account with a name.
    NamedNear,
}

impl AccountError {
    const fn problem(self) -> &'static str {
        match self {
            Self::Chain => "must be an account by CAIP-10 of eip155, near:mainnet, xrpl:0 or stellar:pubnet",
            Self::Address => "has an address that is not one of its chain, in its one spelling",
            Self::NamedNear => {
                "is a NEAR account with a name: a signature shows a key, and not whose account it is"
            }
        }
    }
}

/// An account by CAIP-10, in its one spelling: `eip155:<chain>:<EIP-55>`, `near:mainnet:<64 hex>`, `xrpl:0:<r…>` or
/// `stellar:pubnet:<G…>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(String);

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(..)")
    }
}

impl Account {
    /// An account of an EVM chain by its number, of an address in hexadecimal of any case.
    pub fn evm(chain: u64, address: &str) -> Result<Self, AccountError> {
        let address = eip55(address).ok_or(AccountError::Address)?;
        format!("eip155:{chain}:{address}").parse()
    }

    /// As it stands in the credential.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let mut parts = text.splitn(3, ':');
        let (Some(namespace), Some(reference), Some(address)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(AccountError::Chain);
        };
        let is_address = match (namespace, reference) {
            ("eip155", chain) => {
                if !chain.parse::<u64>().is_ok_and(|number| number > 0 && number.to_string() == chain) {
                    return Err(AccountError::Chain);
                }
                eip55(address).is_some_and(|spelled| spelled == address)
            }
            ("near", "mainnet") => {
                let is_implicit =
                    address.len() == 64 && address.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !is_implicit && is_near_name(address) {
                    return Err(AccountError::NamedNear);
                }
                is_implicit
            }
            ("xrpl", "0") => {
                let decoder = bs58::decode(address).with_alphabet(bs58::Alphabet::RIPPLE);
                // The version and 20 bytes.
                address.len() <= 35
                    && decoder.with_check(Some(0)).into_vec().is_ok_and(|bytes| bytes.len() == 21)
            }
            ("stellar", "pubnet") => stellar_strkey::ed25519::PublicKey::from_string(address)
                .is_ok_and(|key| key.to_string() == address),
            _ => return Err(AccountError::Chain),
        };
        if is_address { Ok(Self(text.to_owned())) } else { Err(AccountError::Address) }
    }
}

/// Whether NEAR could name an account so (2 to 64 characters).
fn is_near_name(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
}

/// An address in the spelling of EIP-55, which holds a checksum.
fn eip55(address: &str) -> Option<String> {
    let digits = address.strip_prefix("0x")?;
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    let hash = hex::encode(Keccak256::digest(lower.as_bytes()));
    let spell = |(digit, hash): (char, u8)| if hash >= b'8' { digit.to_ascii_uppercase() } else { digit };
    Some(format!("0x{}", lower.chars().zip(hash.bytes()).map(spell).collect::<String>()))
}

/// A wallet with the time of its proof, in whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedWallet {
    account: Account,
    /// As it stands in the credential.
    term: String,
    proven_at: Timestamp,
    time: String,
}

impl LinkedWallet {
    /// A wallet that was shown to be the user's then. The time is cut to seconds.
    #[must_use]
    pub fn new(account: Account, proven_at: Timestamp) -> Self {
        let time = proven_at.to_seconds_text();
        let proven_at = time.parse().unwrap_or(proven_at);
        Self { term: format!("<{}>", account.as_str()), account, proven_at, time }
    }

    fn order(&self) -> (i64, &Account) {
        (self.proven_at.unix_millis(), &self.account)
    }

    /// What the credential says of it, as RDF.
    pub(crate) fn statements<'q>(&'q self, subject: &'q str) -> [Quad<'q>; 2] {
        let time = (self.time.as_str().into(), Datatype::DateTime);
        [Quad::node(subject, WALLET, &self.term), Quad::literal(&self.term, PROVEN_AT, time)]
    }
}

/// The list as JSON: accounts and times have nothing to escape.
pub(super) fn to_json(wallets: &[LinkedWallet]) -> String {
    let one = |wallet: &LinkedWallet| {
        format!(r#"{{"id":"{}","provenAt":"{}"}}"#, wallet.account.as_str(), wallet.time)
    };
    format!("[{}]", wallets.iter().map(one).collect::<Vec<_>>().join(","))
}

/// A user, and the wallets that were shown to be theirs.
#[derive(Clone)]
pub struct WalletLinkage {
    id: String,
    wallets: Vec<LinkedWallet>,
}

impl fmt::Debug for WalletLinkage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WalletLinkage(..)")
    }
}

impl WalletLinkage {
    /// The wallets of the idOS user with this UUID. They are put in the order in which they stand in the credential. Problems are
    /// named by the order in which they were given.
    pub fn new(user_id: &str, mut wallets: Vec<LinkedWallet>) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        let id = format!("{USER}{user_id}");
        if !is_user(&id) {
            problems.add("id", NOT_AN_ID);
        }
        if !(1..=MOST_WALLETS).contains(&wallets.len()) {
            problems.add("wallets", NOT_SO_MANY);
        }
        for (n, wallet) in wallets.iter().enumerate() {
            if wallets.iter().take(n).any(|other| other.account == wallet.account) {
                problems.add(format!("wallets.{n}"), TWICE);
            }
            if !plausible::has_plain_year(wallet.proven_at) {
                problems.add(format!("wallets.{n}.provenAt"), NOT_A_TIME);
            }
        }
        wallets.sort_by(|a, b| a.order().cmp(&b.order()));
        problems.or(Self { id, wallets })
    }

    /// The time of the newest proof: when the whole was known, `approvedAt` of its credential.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.wallets.last().map(|wallet| wallet.proven_at)
    }
}

impl From<WalletLinkage> for Subject {
    fn from(subject: WalletLinkage) -> Self {
        Self::WalletLinkage(subject)
    }
}

impl SubjectClaims for WalletLinkage {
    fn kind(&self) -> Kind {
        Kind::WalletLinkage
    }

    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn claims(&self) -> Vec<Claim<'_>> {
        Vec::new()
    }

    fn listed(&self) -> &[LinkedWallet] {
        &self.wallets
    }

    fn check(&self, approved_at: Option<Timestamp>) -> Result<(), Invalid> {
        if approved_at.is_some() && approved_at == self.newest() {
            return Ok(());
        }
        Err(Problem::new("wallets", "must have their newest proof at approvedAt").into())
    }

    fn level(&self) -> String {
        LEVEL.to_owned()
    }

    fn check_level(&self, level: &str) -> Result<(), &'static str> {
        if level == LEVEL { Ok(()) } else { Err("must be linked") }
    }
}

/// Whether this is `urn:uuid:` and a UUID as RFC 9562 writes it, in lower case.
fn is_user(id: &str) -> bool {
    id.strip_prefix(USER).is_some_and(|uuid| {
        uuid.len() == 36
            && uuid.bytes().enumerate().all(|(n, b)| match n {
                8 | 13 | 18 | 23 => b == b'-',
                _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
            })
    })
}

fn read_listed(id: &str, json: &Json) -> Result<Vec<LinkedWallet>, Rejection> {
    const LIST: &str = "credentialSubject.wallets";
    if !is_user(id) {
        return malformed("credentialSubject.id", NOT_AN_ID);
    }
    let Json::List(items) = json else { return malformed(LIST, "must be a list") };
    if !(1..=MOST_WALLETS).contains(&items.len()) {
        return malformed(LIST, NOT_SO_MANY);
    }
    let mut wallets: Vec<LinkedWallet> = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let field = |name: &str| format!("{LIST}.{n}{name}");
        let Json::Object(members) = item else { return malformed(field(""), "must be an object") };
        if members.iter().any(|(name, _)| name != "id" && name != "provenAt") {
            return unknown(field(""), "has a member that such wallets do not have");
        }
        let text = |name: &str| item.member(name).and_then(Json::as_text);
        let Some(account) = text("id") else { return malformed(field(".id"), "must be a text") };
        let account = match account.parse::<Account>() {
            Ok(account) => account,
            Err(error) => return malformed(field(".id"), error.problem()),
        };
        let Some(time) = text("provenAt") else { return malformed(field(".provenAt"), NOT_A_TIME) };
        let wallet = match time.parse::<Timestamp>() {
            Ok(moment) if plausible::has_plain_year(moment) => LinkedWallet::new(account, moment),
            _ => return malformed(field(".provenAt"), NOT_A_TIME),
        };
        if wallet.time != time {
            return malformed(field(".provenAt"), NOT_A_TIME);
        }
        if wallets.iter().any(|other| other.account == wallet.account) {
            return malformed(field(".id"), TWICE);
        }
        if wallets.last().is_some_and(|last| last.order() > wallet.order()) {
            return malformed(field(""), NOT_IN_ORDER);
        }
        wallets.push(wallet);
    }
    Ok(wallets)
}
