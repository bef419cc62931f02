//! Every proof that the JavaScript SDK was asked about, and what we answer.
//!
//! The table below is complete, and says why wherever we differ: a new row in the vectors has to be judged here.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

mod common;

use Verdict::{Accepted, Refused};
use common::{seed, text, vectors};
use idos_wallet::{
    EvmKey, FaceSignKey, InvalidProof, NearKey, OwnershipProof, StellarKey, WalletType, XrplKey,
    mnemonic_seed,
};
use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Accepted,
    /// With the field that the error names.
    Refused(&'static str),
}

/// Row, our verdict, and why it differs from the SDK's ("" where it does not).
const ROWS: &[(&str, Verdict, &str)] = &[
    ("evm_valid", Accepted, ""),
    ("evm_valid_unicode", Accepted, ""),
    ("evm_valid_hexlike_message", Accepted, ""),
    ("evm_address_uppercase_hex", Accepted, ""),
    ("evm_v_0_1", Accepted, ""),
    ("evm_v_29", Refused("signature"), ""),
    ("evm_compact_eip2098", Refused("signature"), ""),
    ("evm_signature_no_0x", Refused("signature"), ""),
    ("evm_wrong_address", Refused("signature"), ""),
    ("evm_signature_of_raw_hash", Refused("signature"), ""),
    ("evm_truncated", Refused("signature"), ""),
    ("evm_zero_signature", Refused("signature"), ""),
    ("evm_address_malformed", Refused("address"), ""),
    ("evm_empty_message", Refused("message"), ""),
    ("unsupported_wallet_type", Refused("wallet_type"), ""),
    ("near_valid", Accepted, ""),
    ("near_valid_long", Accepted, ""),
    ("near_valid_callback_url", Accepted, ""),
    ("near_valid_lowercase_hex", Accepted, ""),
    ("near_payload_message_differs_but_ignored", Accepted, ""),
    ("near_malleated_S_plus_L", Refused("signature"), "S is not canonical"),
    ("near_raw_message_signature", Refused("signature"), ""),
    ("near_wrong_message", Refused("signature"), ""),
    ("near_signed_by_other_key", Refused("signature"), ""),
    ("near_public_key_no_prefix", Refused("public_key"), ""),
    ("near_public_key_bad_base58", Refused("public_key"), ""),
    ("near_public_key_hex", Refused("public_key"), ""),
    ("near_signature_flipped", Refused("signature"), ""),
    ("near_signature_only_64", Refused("signature"), ""),
    ("near_signature_not_hex", Refused("signature"), ""),
    ("near_length_too_big", Refused("signature"), ""),
    ("xrpl_ed25519_valid_unicode", Accepted, ""),
    ("xrpl_ed25519_valid_lowercase_signature", Accepted, ""),
    ("xrpl_ed25519_any_address", Refused("address"), "the address is not that of the key"),
    ("xrpl_ed25519_wrong_key", Refused("address"), ""),
    ("xrpl_ed25519_flipped", Refused("signature"), ""),
    ("xrpl_ed25519_trailing_byte", Refused("signature"), ""),
    ("xrpl_ed25519_odd_hex", Refused("signature"), ""),
    ("xrpl_ed25519_public_key_truncated", Refused("public_key"), ""),
    ("xrpl_ed25519_malleated_S_plus_L", Refused("signature"), ""),
    ("xrpl_secp256k1_valid", Accepted, ""),
    ("xrpl_secp256k1_valid_long", Accepted, ""),
    ("xrpl_secp256k1_valid_lowercase_public_key", Accepted, ""),
    ("xrpl_secp256k1_wrong_message", Refused("signature"), ""),
    ("xrpl_secp256k1_signed_by_other", Refused("signature"), ""),
    ("xrpl_secp256k1_truncated", Refused("signature"), ""),
    ("xrpl_secp256k1_not_hex", Refused("signature"), ""),
    ("xrpl_secp256k1_public_key_malformed", Refused("public_key"), ""),
    ("xrpl_secp256k1_public_key_empty_array", Refused("public_key"), ""),
    ("xrpl_secp256k1_compact_64_bytes_not_der", Refused("signature"), ""),
    ("stellar_valid", Accepted, ""),
    ("stellar_valid_uppercase_hex", Accepted, ""),
    ("stellar_public_key_G_address", Accepted, "the schema's comments have the key as a G… address"),
    ("stellar_wrong_message", Refused("signature"), ""),
    ("stellar_signed_by_other", Refused("signature"), ""),
    ("stellar_truncated", Refused("signature"), ""),
    ("stellar_trailing_non_hex_ignored", Refused("signature"), "something follows the hexadecimal digits"),
    ("stellar_base64_signature", Accepted, "wallets hand out base64"),
    ("stellar_public_key_31_bytes", Refused("public_key"), ""),
    ("stellar_valid_server_signer", Accepted, ""),
    ("facesign_valid_unicode", Accepted, ""),
    ("facesign_any_address", Refused("address"), "the address is not the key"),
    ("facesign_wrong_key", Refused("address"), ""),
    ("facesign_flipped", Refused("signature"), ""),
    ("facesign_trailing_byte", Refused("signature"), ""),
    ("facesign_odd_hex", Refused("signature"), ""),
    ("facesign_malleated_S_plus_L", Refused("signature"), "S is not canonical"),
    ("facesign_public_key_missing", Refused("public_key"), ""),
    (
        "facesign_small_order_key_other_message",
        Refused("public_key"),
        "the key is of low order: one signature fits every message",
    ),
    ("xrpl_ed25519_small_order_key_universal_signature", Refused("address"), ""),
];

/// The SDK rejects its promise for some malformed input, where it should answer false: to us that is the same.
const REJECTED_PROMISE: &str = "throws";

#[test]
fn every_recorded_proof_gets_the_verdict_of_the_table() {
    let file = vectors("sdk/wallets.json");
    let rows = file["vectors"].as_array().unwrap();
    assert_eq!(rows.len(), ROWS.len(), "rows were added or removed");

    for row in rows {
        let name = text(row, "/name");
        let Some((_, expected, why)) = ROWS.iter().find(|(known, ..)| *known == name) else {
            panic!("nobody has judged the row {name}");
        };
        let ours = verdict(row);
        assert_eq!(ours, *expected, "{name}");

        let sdk_accepts = match &row["sdk_result"] {
            Value::Bool(accepts) => *accepts,
            Value::String(thrown) if thrown == REJECTED_PROMISE => false,
            other => panic!("{name}: unknown result {other}"),
        };
        let differs = sdk_accepts != (ours == Accepted);
        assert_eq!(differs, !why.is_empty(), "{name}: the table must say why we differ, and only then");
    }
}

fn verdict(row: &Value) -> Verdict {
    let payload = &row["payload"];
    let Ok(wallet_type) = text(payload, "/wallet_type").parse::<WalletType>() else {
        return Refused("wallet_type");
    };
    let proof = OwnershipProof {
        wallet_type,
        address: text(payload, "/address"),
        public_key: payload.pointer("/public_key/0").and_then(Value::as_str),
        message: text(payload, "/message"),
        signature: text(payload, "/signature"),
    };
    match proof.verify() {
        Ok(()) => Accepted,
        Err(error) => {
            assert_no_value(&error, &proof);
            Refused(error.field().as_str())
        }
    }
}

fn assert_no_value(error: &InvalidProof, proof: &OwnershipProof<'_>) {
    let told = format!("{error} {error:?}");
    for value in [proof.address, proof.message, proof.signature, proof.public_key.unwrap_or_default()] {
        assert!(value.len() < 4 || !told.contains(value), "{error} repeats a value");
    }
}

/// The rows that say which private key they were signed with: our simulated wallets write the same bytes.
#[test]
fn simulated_wallets_write_what_the_sdk_writes() {
    let file = vectors("sdk/wallets.json");
    let mut reproduced = Vec::new();
    for row in file["vectors"].as_array().unwrap() {
        let Some((address, public_key, signature)) = reproduce(row) else { continue };
        let (name, payload) = (text(row, "/name"), &row["payload"]);
        assert_eq!(address, text(payload, "/address"), "{name}");
        assert_eq!(public_key.as_deref(), payload.pointer("/public_key/0").and_then(Value::as_str), "{name}");
        assert_eq!(signature, text(payload, "/signature"), "{name}");
        reproduced.push(name);
    }
    assert_eq!(
        reproduced,
        [
            "evm_valid",
            "evm_valid_unicode",
            "evm_valid_hexlike_message",
            "near_valid",
            "near_valid_long",
            "xrpl_ed25519_valid_unicode",
            "xrpl_secp256k1_valid",
            "xrpl_secp256k1_valid_long",
            "stellar_valid",
            "facesign_valid_unicode",
        ]
    );
}

/// Address, public key and signature by the private key of the row. None if it has none, or if the proof was
/// made with a callback URL, which our wallets do not write.
fn reproduce(row: &Value) -> Option<(String, Option<String>, String)> {
    let message = text(row, "/payload/message");
    if row.get("callbackUrl").is_some() {
        return None;
    }
    let field = |name: &str| row.get(name).and_then(Value::as_str);
    Some(match text(row, "/wallet_type") {
        "EVM" => {
            let key = EvmKey::from_seed(seed(field("private_key")?));
            (key.address(), None, key.sign_message(message))
        }
        "NEAR" => {
            let key = NearKey::from_seed(seed(field("ed25519_seed_hex")?));
            assert_eq!(key.address(), field("implicit_address")?.to_lowercase());
            let signature = key.sign_message(message, seed(field("nonce_hex")?));
            ("alice.near".to_owned(), Some(key.public_key()), signature)
        }
        "XRPL" => {
            let private = seed(field("private_key")?);
            let key = match field("algorithm")? {
                "ed25519" => XrplKey::ed25519_from_seed(private),
                "ecdsa-secp256k1" => XrplKey::secp256k1_from_seed(private),
                other => panic!("unknown algorithm {other}"),
            };
            (key.address(), Some(key.public_key()), key.sign_message(message))
        }
        "Stellar" => {
            let key = StellarKey::from_seed(seed(field("ed25519_seed_hex")?));
            (key.address(), Some(key.public_key()), key.sign_message(message))
        }
        "FaceSign" => {
            let private = mnemonic_seed(field("mnemonic")?).unwrap();
            assert_eq!(*private, seed(field("ed25519_seed_hex")?));
            let key = FaceSignKey::from_seed(*private);
            (key.address(), Some(key.public_key()), key.sign_message(message))
        }
        _ => return None,
    })
}
