//! Bodies about write grants.

use std::time::Duration;

use idos_client::{GrantParties, GrantTime, WriteGrant};
use idos_credential::Moment;
use idos_credential::strict_json::Json;
use idos_wallet::{
    MAX_ADDRESS_LEN, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, WalletType, check_address, check_wallet,
};

use super::profile::WALLET_TYPE;
use crate::http::kit::json::{CALLER, Faults, Object, caller, uuid};
use crate::http::kit::problem::{Problem, wallet_fault};
use crate::model::issuance::HaltCode;
use crate::model::personal::Personal;
use crate::model::submission::{Owner, SignedGrant};

pub(super) const OFFER: &[&str] = &["owner", "validForSeconds", "lockedUntil", "grantee"];
pub(super) const OWNER: &[&str] = &["type", "address", "publicKey"];
pub(super) const SIGNED: &[&str] = &["grant", "owner", "signature"];
pub(super) const GRANT: &[&str] =
    &["id", "owner", "grantee", "issuerPublicKey", "accessGrantTimelock", "notBefore", "notAfter"];
pub(super) const RESUMPTION: &[&str] = &["writeGrant"];
pub(super) const WHICH_HALTED: &[&str] = &["code"];

/// What is said of a time that is none.
const GRANT_TIME: &str = "must be a time such as 2026-01-02T03:04:05Z, in UTC and to the second";

/// How long a grant is valid if nobody says: a day.
const USUAL_SECONDS: u64 = 86_400;

/// How long a grant may be valid: five minutes to thirty days.
const SECONDS: std::ops::RangeInclusive<u64> = 300..=2_592_000;

/// What a write grant is to be.
pub(crate) struct GrantOffer {
    /// Who is to sign it.
    pub(crate) owner: Owner,
    /// How long it is to be valid.
    pub(crate) valid_for: Duration,
    /// Until when the user cannot take the copy's access grant back.
    pub(crate) locked_until: Option<Moment>,
    /// Who is to get the copy.
    pub(crate) grantee: Option<String>,
}

/// Reads what a write grant is to be. Numbers are read from the text itself: [`Json`] does not keep them.
pub(crate) fn grant_offer(json: &Json, text: &[u8]) -> Result<GrantOffer, Problem> {
    let mut faults = Faults::default();
    let offer = Object::of(json, "", OFFER, &mut faults).and_then(|object| {
        let owner = object.required("owner", &mut faults).and_then(|json| owner(json, "/owner", &mut faults));
        let seconds = match object.get("validForSeconds") {
            Some(Json::Number) => {
                whole_number(text, "validForSeconds").filter(|seconds| SECONDS.contains(seconds))
            }
            Some(_) => None,
            None => Some(USUAL_SECONDS),
        };
        if seconds.is_none() {
            faults.add("/validForSeconds", "must be a whole number from 300 to 2592000");
        }
        let locked_until =
            object.maybe("lockedUntil", &mut faults, "must be a time such as 2026-01-02T03:04:05Z", |text| {
                text.parse().ok()
            });
        let grantee = object.maybe("grantee", &mut faults, CALLER, caller);
        Some(GrantOffer { owner: owner?, valid_for: Duration::from_secs(seconds?), locked_until, grantee })
    });
    faults.or(offer)
}

/// A number of the outermost object, if it is a whole one. `300.0` is: JSON has one kind of number.
fn whole_number(text: &[u8], name: &str) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    let number = value.get(name)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and small"
    )]
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && (0.0..1e15).contains(&float)).then_some(float as u64)
    })
}

/// Reads a wallet without a proof, at its place.
pub(super) fn owner(json: &Json, at: &str, faults: &mut Faults) -> Option<Owner> {
    let object = Object::of(json, at, OWNER, faults)?;
    let wallet_type: Option<WalletType> = object.read("type", faults, WALLET_TYPE);
    let address = object.text("address", MAX_ADDRESS_LEN, faults);
    let public_key = object.maybe_text("publicKey", MAX_PUBLIC_KEY_LEN, faults);
    if object.get("publicKey").is_none() && wallet_type.is_some_and(|known| known != WalletType::Evm) {
        faults.add(object.place("publicKey"), "is required for this type of wallet");
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

/// Reads a signed write grant that is the whole body.
pub(crate) fn signed_grant(json: &Json) -> Result<SignedGrant, Problem> {
    let mut faults = Faults::default();
    let signed = signed(json, "", &mut faults);
    faults.or(signed)
}

/// Reads what a halted issuance is resumed with.
pub(crate) fn resumption(json: &Json) -> Result<Option<SignedGrant>, Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", RESUMPTION, &mut faults);
    let grant = object
        .as_ref()
        .and_then(|object| object.get("writeGrant"))
        .map(|json| signed(json, "/writeGrant", &mut faults));
    // A grant that cannot be read has left a fault.
    faults.or(object.map(|_| grant.flatten()))
}

/// Reads which of those that have stopped are wanted: all, or those with one code.
pub(crate) fn which_halted(json: &Json) -> Result<Option<HaltCode>, Problem> {
    let mut faults = Faults::default();
    let object = Object::of(json, "", WHICH_HALTED, &mut faults);
    let code = object.as_ref().and_then(|object| {
        object.maybe("code", &mut faults, "must be a halt code", |text| text.parse().ok())
    });
    faults.or(object.map(|_| code))
}

/// Reads a signed write grant at its place.
pub(super) fn signed(json: &Json, at: &str, faults: &mut Faults) -> Option<SignedGrant> {
    let object = Object::of(json, at, SIGNED, faults)?;
    let grant = object.required("grant", faults).and_then(|json| grant(json, &object.place("grant"), faults));
    let owner = object.required("owner", faults).and_then(|json| owner(json, &object.place("owner"), faults));
    let signature = object.text("signature", MAX_SIGNATURE_LEN, faults);
    Some(SignedGrant { grant: grant?, owner: owner?, signature: Personal::new(signature?) })
}

fn grant(json: &Json, at: &str, faults: &mut Faults) -> Option<WriteGrant> {
    let object = Object::of(json, at, GRANT, faults)?;
    let id = object.parsed("id", faults, "must be a UUID, as 8-4-4-4-12 hexadecimal digits", uuid);
    let owner = object.text("owner", MAX_ADDRESS_LEN, faults);
    let grantee = object.parsed("grantee", faults, CALLER, caller);
    let issuer_public_key = object.text("issuerPublicKey", MAX_PUBLIC_KEY_LEN, faults);
    let timelock = object.read::<GrantTime>("accessGrantTimelock", faults, GRANT_TIME);
    let not_before = object.read::<GrantTime>("notBefore", faults, GRANT_TIME);
    let not_after = object.read::<GrantTime>("notAfter", faults, GRANT_TIME);
    let parties = GrantParties { owner: owner?, grantee: grantee?, issuer_public_key: issuer_public_key? };
    let grant = WriteGrant::new(id?, parties, timelock?, not_before?, not_after?);
    if grant.is_err() {
        faults.add(object.place("notAfter"), "must come after notBefore");
    }
    grant.ok()
}
