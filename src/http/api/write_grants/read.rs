//! Bodies about write grants.

use std::time::Duration;

use idos_client::{GrantParties, GrantTime, WriteGrant};
use idos_credential::strict_json::Json;
use idos_wallet::{MAX_ADDRESS_LEN, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN};

use crate::http::api::common::{CALLER, caller, owner};
use crate::http::kit::json::{Faults, Object, uuid};
use crate::http::kit::problem::Problem;
use crate::model::personal::Personal;
use crate::model::submission::{Owner, SignedGrant};
use crate::model::time::Timestamp;

pub(in crate::http::api) const OFFER: &[&str] = &["owner", "validForSeconds", "lockedUntil", "grantee"];
pub(in crate::http::api) const SIGNED: &[&str] = &["grant", "owner", "signature"];
pub(in crate::http::api) const GRANT: &[&str] =
    &["id", "owner", "grantee", "issuerPublicKey", "accessGrantTimelock", "notBefore", "notAfter"];

/// What is said of a time that is none.
const GRANT_TIME: &str = "must be a time such as 2026-01-02T03:04:05Z, in UTC and to the second";

/// How long a grant is valid if nobody says: a day.
const DEFAULT_VALID_FOR_SECONDS: u64 = 86_400;

/// How long a grant may be valid: five minutes to thirty days.
const SECONDS: std::ops::RangeInclusive<u64> = 300..=2_592_000;

/// What a write grant is to be.
pub(in crate::http) struct GrantOffer {
    /// Who is to sign it.
    pub(in crate::http) owner: Owner,
    /// How long it is to be valid.
    pub(in crate::http) valid_for: Duration,
    /// Until when the user cannot take the copy's access grant back.
    pub(in crate::http) locked_until: Option<Timestamp>,
    /// Who is to get the copy.
    pub(in crate::http) grantee: Option<String>,
}

/// Reads what a write grant is to be. Whole numbers are read from the text itself: [`Json`] keeps them as
/// JavaScript does, where large ones run together.
pub(in crate::http) fn grant_offer(json: &Json, text: &[u8]) -> Result<GrantOffer, Problem> {
    let mut faults = Faults::default();
    let offer = Object::of(json, "", OFFER, &mut faults).and_then(|object| {
        let owner = object.required("owner", &mut faults).and_then(|json| owner(json, "/owner", &mut faults));
        let seconds = match object.get("validForSeconds") {
            Some(Json::Number(_)) => {
                whole_number(text, "validForSeconds").filter(|seconds| SECONDS.contains(seconds))
            }
            Some(_) => None,
            None => Some(DEFAULT_VALID_FOR_SECONDS),
        };
        if seconds.is_none() {
            faults.add("/validForSeconds", "must be a whole number from 300 to 2592000");
        }
        let locked_until = object.optional(
            "lockedUntil",
            &mut faults,
            "must be a time such as 2026-01-02T03:04:05Z",
            |text| text.parse().ok(),
        );
        let grantee = object.optional("grantee", &mut faults, CALLER, caller);
        Some(GrantOffer { owner: owner?, valid_for: Duration::from_secs(seconds?), locked_until, grantee })
    });
    faults.into_result(offer)
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

/// Reads a signed write grant that is the whole body.
pub(in crate::http) fn signed_grant(json: &Json) -> Result<SignedGrant, Problem> {
    let mut faults = Faults::default();
    let signed = signed(json, "", &mut faults);
    faults.into_result(signed)
}

/// Reads a signed write grant that stands at this JSON pointer.
pub(in crate::http) fn signed(json: &Json, at: &str, faults: &mut Faults) -> Option<SignedGrant> {
    let object = Object::of(json, at, SIGNED, faults)?;
    let grant =
        object.required("grant", faults).and_then(|json| grant(json, &object.pointer("grant"), faults));
    let owner =
        object.required("owner", faults).and_then(|json| owner(json, &object.pointer("owner"), faults));
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
        faults.add(object.pointer("notAfter"), "must come after notBefore");
    }
    grant.ok()
}
