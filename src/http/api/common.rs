//! What bodies and refusals of several resources have in common.

use std::borrow::Cow;
use std::str::FromStr;

use idos_credential::strict_json::Json;
use idos_wallet::{
    Field, InvalidProof, MAX_ADDRESS_LEN, MAX_PUBLIC_KEY_LEN, UnusableWalletType, WalletType, check_address,
    check_wallet,
};

use crate::flow::network::NotAnInserter;
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::{Code, Fault, Location, Problem};
use crate::model::personal::Personal;
use crate::model::submission::Owner;
use crate::model::wallet_link::NotListed;

pub(in crate::http) const OWNER: &[&str] = &["type", "address", "publicKey"];

/// What is said of a type of wallet that is none.
const WALLET_TYPE: &str = "must be EVM, NEAR, XRPL, Stellar or FaceSign";

/// What is said of a type that idOS has, and whose wallets can prove nothing.
const NO_PROOF: &str =
    "is MM, and no proof is defined for this wallet type: nothing shows whose such a wallet is";

/// What is said of an encryption key that is none.
pub(in crate::http) const ENCRYPTION_KEY: &str =
    "must be an X25519 public key: 32 bytes in base64, not of low order";

/// What is said of a grantee that is none.
pub(super) const CALLER: &str = "must be an Ed25519 public key (64 hexadecimal digits), an EVM address (0x and 40 digits), \
     an XRPL address (r…), a NEAR public key (ed25519:…, not an account) or a Stellar address (G…)";

/// Reads an id in a path. What is no id of the kind that is wanted names nothing.
pub(super) fn parse_id<Id: FromStr>(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

/// A text that names who reads, as the network knows them ([`idos_wallet::is_caller`]).
pub(super) fn caller(text: &str) -> Option<String> {
    idos_wallet::is_caller(text).then(|| text.to_owned())
}

/// Reads the type of a wallet.
pub(super) fn wallet_type(wallet: &Object<'_>, faults: &mut Faults) -> Option<WalletType> {
    let read = wallet.required("type", faults)?.as_text().map(str::parse::<WalletType>);
    let problem = match read {
        Some(Ok(wallet_type)) => return Some(wallet_type),
        Some(Err(UnusableWalletType::NoProof)) => NO_PROOF,
        Some(Err(UnusableWalletType::Unknown)) | None => WALLET_TYPE,
    };
    faults.add(wallet.pointer("type"), problem);
    None
}

/// Whether the key of a wallet has to be there, for types that have one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyOfOwner {
    /// It has to.
    Needed,
    /// It may come later: many wallets tell their key with a signature only.
    MayComeLater,
}

/// Reads a wallet without a proof that stands at this JSON pointer.
pub(in crate::http) fn owner(json: &Json, at: &str, faults: &mut Faults) -> Option<Owner> {
    owner_with(json, (at, OWNER), KeyOfOwner::Needed, faults)
}

/// The same with these members, and with a key that may be missing.
pub(super) fn owner_with(
    json: &Json,
    (at, names): (&str, &'static [&'static str]),
    key: KeyOfOwner,
    faults: &mut Faults,
) -> Option<Owner> {
    let object = Object::of(json, at, names, faults)?;
    let wallet_type = wallet_type(&object, faults);
    let address = object.text("address", MAX_ADDRESS_LEN, faults);
    let public_key = object.optional_text("publicKey", MAX_PUBLIC_KEY_LEN, faults);
    if key == KeyOfOwner::Needed
        && object.get("publicKey").is_none()
        && wallet_type.is_some_and(|known| known != WalletType::Evm)
    {
        faults.add(object.pointer("publicKey"), "is required for this type of wallet");
    }
    let (wallet_type, address) = (wallet_type?, address?);
    if object.get("publicKey").is_some() != public_key.is_some() {
        return None;
    }
    let checked = if wallet_type == WalletType::Evm || public_key.is_some() {
        check_wallet(wallet_type, &address, public_key.as_deref())
    } else {
        check_address(wallet_type, &address) // the missing key has been named
    };
    if let Err(error) = checked {
        faults.0.push(wallet_fault(at, error));
        return None;
    }
    Some(Owner {
        wallet_type,
        address: Personal::new(address),
        // An EVM wallet has none: what is given as one says nothing.
        public_key: public_key.filter(|_| wallet_type != WalletType::Evm).map(Personal::new),
    })
}

/// The fault of a refused wallet proof below `parent`.
pub(in crate::http) fn wallet_fault(parent: &str, error: InvalidProof) -> Fault {
    let name = match error.field() {
        Field::Address | Field::Identifier | Field::Sender => "address",
        Field::PublicKey => "publicKey",
        Field::Message => "message",
        _ => "signature",
    };
    let detail: Cow<'static, str> = match error {
        InvalidProof::TooLong { max, .. } => format!("is longer than {max} bytes").into(),
        InvalidProof::Missing { .. } => "is required for this type of wallet, and must not be empty".into(),
        InvalidProof::Malformed { expected, .. } => format!("must be {expected}").into(),
        InvalidProof::WeakKey { .. } => "is a key of low order, which proves nothing".into(),
        InvalidProof::NotOfThisKey { .. } => "does not belong to the public key".into(),
        InvalidProof::WrongSignature => "is not this wallet's over this message".into(),
        _ => "is not accepted".into(),
    };
    Fault { location: Location::Pointer(format!("{parent}/{name}")), detail }
}

/// The fault of a link whose wallet is to be kept for a credential, and can be in none.
pub(in crate::http) fn not_listed(error: NotListed) -> Fault {
    Fault {
        location: Location::Pointer("/forCredential".to_owned()),
        detail: format!("must be false: {error}").into(),
    }
}

/// A record that is in a state in which it cannot be done.
pub(in crate::http) fn conflict(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(Code::StateConflict).because(detail)
}

/// Nothing that is accepted could be written: whoever runs the service has to see to it first.
impl From<NotAnInserter> for Problem {
    fn from(error: NotAnInserter) -> Self {
        tracing::error!("{error}");
        Self::new(Code::NotReady)
            .because("A write key of the service is no delegate of an inserter of the network.")
    }
}
