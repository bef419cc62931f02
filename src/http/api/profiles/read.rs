//! Bodies about profiles.

use idos_credential::RecipientKey;
use idos_credential::strict_json::Json;
use idos_wallet::{MAX_ADDRESS_LEN, MAX_MESSAGE_LEN, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, WalletType};
use uuid::Uuid;

use crate::http::api::common::{ENCRYPTION_KEY, wallet_fault, wallet_type};
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::Problem;
use crate::model::personal::Personal;
use crate::model::profile::{NewProfile, PasswordStore, WalletClaim};

pub(in crate::http::api) const LOOK_UP: &[&str] = &["address", "userId"];
pub(in crate::http::api) const NEW_PROFILE: &[&str] =
    &["userId", "encryptionPublicKey", "passwordStore", "wallet"];
pub(in crate::http::api) const WALLET: &[&str] = &["type", "address", "publicKey", "message", "signature"];

/// How a profile is looked for.
pub(in crate::http) enum LookUp {
    /// By a wallet's address.
    Address(Personal<String>),
    /// By the user's id.
    User(Uuid),
}

/// Reads how a profile is looked for.
pub(in crate::http) fn look_up(json: &Json) -> Result<LookUp, Problem> {
    let mut faults = Faults::default();
    let wanted = Object::of(json, "", LOOK_UP, &mut faults).and_then(|object| {
        match (object.get("address"), object.get("userId")) {
            (Some(_), None) => {
                let address = Personal::new(object.text("address", MAX_ADDRESS_LEN, &mut faults)?);
                // A node says of what can be no address that there is no profile.
                if let Err(no) = idos_wallet::address_types(address.expose()) {
                    faults.add(object.pointer("address"), no.to_string());
                }
                Some(LookUp::Address(address))
            }
            (None, Some(_)) => object.user_id("userId", &mut faults).map(LookUp::User),
            _ => {
                faults.add("", "must have one of address and userId");
                None
            }
        }
    });
    faults.into_result(wanted)
}

/// Reads a profile that is to be created, and verifies the wallet's proof.
pub(in crate::http) fn new_profile(json: &Json) -> Result<NewProfile, Problem> {
    let mut faults = Faults::default();
    let profile = Object::of(json, "", NEW_PROFILE, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let encryption_key = object.parsed("encryptionPublicKey", &mut faults, ENCRYPTION_KEY, |text| {
            RecipientKey::from_base64(text).ok()
        });
        let password_store =
            object.read::<PasswordStore>("passwordStore", &mut faults, "must be user or mpc");
        let wallet = object.required("wallet", &mut faults).and_then(|json| wallet_claim(json, &mut faults));
        Some(NewProfile {
            user_id: user_id?,
            encryption_key: encryption_key?,
            password_store: password_store?,
            wallet: wallet?,
        })
    });
    faults.into_result(profile)
}

/// Reads a wallet with its proof, which is verified.
pub(in crate::http) fn wallet_claim(json: &Json, faults: &mut Faults) -> Option<WalletClaim> {
    let object = Object::of(json, "/wallet", WALLET, faults)?;
    let wallet_type = wallet_type(&object, faults);
    let address = object.text("address", MAX_ADDRESS_LEN, faults);
    let has_key = object.get("publicKey").is_some();
    let public_key = object.optional_text("publicKey", MAX_PUBLIC_KEY_LEN, faults);
    let message = object.text("message", MAX_MESSAGE_LEN, faults);
    let signature = object.text("signature", MAX_SIGNATURE_LEN, faults);
    if has_key && public_key.is_none() {
        return None;
    }
    let wallet_type = wallet_type?;
    let claim = WalletClaim {
        wallet_type,
        address: Personal::new(address?),
        // An EVM wallet has none: what is given as one says nothing, and is not sent on.
        public_key: public_key.filter(|_| wallet_type != WalletType::Evm).map(Personal::new),
        message: Personal::new(message?),
        signature: Personal::new(signature?),
    };
    if let Err(error) = claim.proof().verify() {
        faults.0.push(wallet_fault("/wallet", error));
        return None;
    }
    Some(claim)
}
