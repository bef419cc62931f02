//! Bodies about profiles and contacts.

use idos_credential::RecipientKey;
use idos_credential::strict_json::Json;
use idos_wallet::{MAX_ADDRESS_LEN, MAX_MESSAGE_LEN, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, WalletType};
use uuid::Uuid;

use super::grant::owner;
use crate::http::kit::json::{Faults, Object};
use crate::http::kit::problem::{Problem, wallet_fault};
use crate::model::personal::{Email, Personal};
use crate::model::profile::{NewProfile, NewWallet, PasswordStore, WalletClaim};
use crate::model::submission::Owner;

pub(super) const LOOK_UP: &[&str] = &["address", "userId"];
pub(super) const NEW_PROFILE: &[&str] = &["userId", "encryptionPublicKey", "passwordStore", "wallet"];
pub(super) const NEW_WALLET: &[&str] = &["userId", "wallet"];
pub(super) const CHALLENGE: &[&str] = &["userId", "wallet"];
pub(super) const WALLET: &[&str] = &["type", "address", "publicKey", "message", "signature"];
pub(super) const CONTACT_LOOK_UP: &[&str] = &["email"];

/// What is said of a type of wallet that is none.
pub(super) const WALLET_TYPE: &str = "must be EVM, NEAR, XRPL, Stellar or FaceSign";

/// What is said of an encryption key that is none.
pub(super) const ENCRYPTION_KEY: &str = "must be an X25519 public key: 32 bytes in base64, not of low order";

/// How a profile is looked for.
pub(crate) enum LookUp {
    /// By a wallet's address.
    Address(Personal<String>),
    /// By the user's id.
    User(Uuid),
}

/// Reads how a profile is looked for.
pub(crate) fn look_up(json: &Json) -> Result<LookUp, Problem> {
    let mut faults = Faults::default();
    let wanted = Object::of(json, "", LOOK_UP, &mut faults).and_then(|object| {
        match (object.get("address"), object.get("userId")) {
            (Some(_), None) => {
                let address = Personal::new(object.text("address", MAX_ADDRESS_LEN, &mut faults)?);
                // A node says of what can be no address that there is no profile.
                if let Err(no) = idos_wallet::address_types(address.expose()) {
                    faults.add(object.place("address"), no.to_string());
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
    faults.or(wanted)
}

/// Reads a profile that is to be created, and verifies the wallet's proof.
pub(crate) fn new_profile(json: &Json) -> Result<NewProfile, Problem> {
    let mut faults = Faults::default();
    let profile = Object::of(json, "", NEW_PROFILE, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let encryption_key = object.parsed("encryptionPublicKey", &mut faults, ENCRYPTION_KEY, |text| {
            RecipientKey::from_base64(text).ok()
        });
        let password_store =
            object.read::<PasswordStore>("passwordStore", &mut faults, "must be user or mpc");
        let wallet = object.required("wallet", &mut faults).and_then(|json| wallet(json, &mut faults));
        Some(NewProfile {
            user_id: user_id?,
            encryption_key: encryption_key?,
            password_store: password_store?,
            wallet: wallet?,
        })
    });
    faults.or(profile)
}

/// Reads a wallet that is to be added to a profile, and verifies its proof.
pub(crate) fn new_wallet(json: &Json) -> Result<NewWallet, Problem> {
    let mut faults = Faults::default();
    let new = Object::of(json, "", NEW_WALLET, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let wallet = object.required("wallet", &mut faults).and_then(|json| wallet(json, &mut faults));
        Some(NewWallet { user_id: user_id?, wallet: wallet? })
    });
    faults.or(new)
}

/// Reads for which user and wallet a challenge is to be.
pub(crate) fn challenge(json: &Json) -> Result<(Uuid, Owner), Problem> {
    let mut faults = Faults::default();
    let wanted = Object::of(json, "", CHALLENGE, &mut faults).and_then(|object| {
        let user_id = object.user_id("userId", &mut faults);
        let wallet =
            object.required("wallet", &mut faults).and_then(|json| owner(json, "/wallet", &mut faults));
        Some((user_id?, wallet?))
    });
    faults.or(wanted)
}

fn wallet(json: &Json, faults: &mut Faults) -> Option<WalletClaim> {
    let object = Object::of(json, "/wallet", WALLET, faults)?;
    let wallet_type: Option<WalletType> = object.read("type", faults, WALLET_TYPE);
    let address = object.text("address", MAX_ADDRESS_LEN, faults);
    let has_key = object.get("publicKey").is_some();
    let public_key = object.maybe_text("publicKey", MAX_PUBLIC_KEY_LEN, faults);
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

/// Reads whose issuances are looked for.
pub(crate) fn contact_look_up(json: &Json) -> Result<Email, Problem> {
    let mut faults = Faults::default();
    let email = Object::of(json, "", CONTACT_LOOK_UP, &mut faults)
        .and_then(|object| object.read("email", &mut faults, "must be an e-mail address"));
    faults.or(email)
}
