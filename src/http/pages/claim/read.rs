//! Bodies that the page sends.

use idos_credential::RecipientKey;
use idos_credential::strict_json::Json;
use idos_wallet::MAX_SIGNATURE_LEN;

use crate::http::api::common::{ENCRYPTION_KEY, owner};
use crate::http::api::profiles::read::wallet_claim;
use crate::http::api::write_grants::read as grants;
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::Problem;
use crate::model::personal::Personal;
use crate::model::profile::{PasswordStore, WalletClaim};
use crate::model::submission::{Owner, SignedGrant};

pub(super) const WAIT: &[&str] = &["wait", "seen"];
pub(super) const WALLET: &[&str] = &["wallet"];
pub(super) const SIGN_IN: &[&str] = &["wallet", "nonce", "signature"];
pub(super) const PROFILE: &[&str] = &["wallet", "encryptionPublicKey", "passwordStore"];

/// The longest that the page waits for news, in seconds.
const LONGEST_WAIT: u32 = 60;

/// The longest text that stands for a login: what a gateway wants signed, and what goes with it.
const LONGEST_NONCE: usize = 16 * 1024;

/// What the page has seen, and how long it waits for something else.
pub(in crate::http) struct Wait {
    pub(in crate::http) seconds: u64,
    pub(in crate::http) seen: Option<String>,
}

/// Reads for how long the page waits.
pub(in crate::http) fn wait(json: &Json) -> Result<Wait, Problem> {
    let mut faults = Faults::default();
    let wait = Object::of(json, "", WAIT, &mut faults).map(|object| Wait {
        seconds: object.optional_whole("wait", 0..=LONGEST_WAIT, &mut faults).unwrap_or(0).into(),
        seen: object.optional_text("seen", 64, &mut faults),
    });
    faults.into_result(wait)
}

/// Reads which wallet it is.
pub(in crate::http) fn wallet(json: &Json) -> Result<Owner, Problem> {
    let mut faults = Faults::default();
    let wallet =
        Object::of(json, "", WALLET, &mut faults).and_then(|object| read_owner(&object, &mut faults));
    faults.into_result(wallet)
}

fn read_owner(object: &Object<'_>, faults: &mut Faults) -> Option<Owner> {
    object.required("wallet", faults).and_then(|json| owner(json, "/wallet", faults))
}

/// A login that a wallet has signed.
pub(in crate::http) struct SignIn {
    pub(in crate::http) owner: Owner,
    pub(in crate::http) nonce: String,
    pub(in crate::http) signature: Personal<String>,
}

/// Reads a login that a wallet has signed.
pub(in crate::http) fn sign_in(json: &Json) -> Result<SignIn, Problem> {
    let mut faults = Faults::default();
    let signed = Object::of(json, "", SIGN_IN, &mut faults).and_then(|object| {
        let owner = read_owner(&object, &mut faults);
        let nonce = object.text("nonce", LONGEST_NONCE, &mut faults);
        let signature = object.text("signature", MAX_SIGNATURE_LEN, &mut faults);
        Some(SignIn { owner: owner?, nonce: nonce?, signature: Personal::new(signature?) })
    });
    faults.into_result(signed)
}

/// A profile that is to be created.
pub(in crate::http) struct Profile {
    pub(in crate::http) encryption_key: RecipientKey,
    pub(in crate::http) password_store: PasswordStore,
    pub(in crate::http) wallet: WalletClaim,
}

/// Reads a profile that is to be created, and verifies the wallet's proof.
pub(in crate::http) fn profile(json: &Json) -> Result<Profile, Problem> {
    let mut faults = Faults::default();
    let profile = Object::of(json, "", PROFILE, &mut faults).and_then(|object| {
        let encryption_key = object.parsed("encryptionPublicKey", &mut faults, ENCRYPTION_KEY, |text| {
            RecipientKey::from_base64(text).ok()
        });
        let password_store = object.read("passwordStore", &mut faults, "must be user or mpc");
        let wallet = object.required("wallet", &mut faults).and_then(|json| wallet_claim(json, &mut faults));
        Some(Profile { encryption_key: encryption_key?, password_store: password_store?, wallet: wallet? })
    });
    faults.into_result(profile)
}

/// Reads the grant that a wallet has signed.
pub(in crate::http) fn signed_grant(json: &Json) -> Result<SignedGrant, Problem> {
    grants::signed_grant(json)
}
