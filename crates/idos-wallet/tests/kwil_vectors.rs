//! Proofs, transactions and logins that the real Kwil client and the wallets' own libraries produced.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{seed, text, vectors};
use idos_wallet::nep413::{Payload, SignedPayload};
use idos_wallet::{
    EvmKey, FaceSignKey, NearKey, OwnershipProof, SignatureType, StellarKey, WalletKey, WalletType, XrplKey,
    caller_of, mnemonic_seed, verify_signed_by, verify_transaction_signature,
};
use k256::elliptic_curve::sec1::ToEncodedPoint as _;
use serde_json::Value;
use sha2::{Digest as _, Sha512};

#[test]
fn every_wallet_proof_verifies_and_is_reproduced() {
    let file = vectors("kwil.json");
    let proofs = file["wallet_proofs"].as_object().unwrap();
    let names: Vec<_> = proofs.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "evm",
            "facesign",
            "facesign_mnemonic", // below
            "near",
            "near_known", // below
            "stellar",
            "xrpl_ed25519",
            "xrpl_secp256k1",
        ]
    );
    let issuer = seed(text(&file, "/keys/issuer_signing_seed_hex"));

    let row = &proofs["evm"];
    let key = EvmKey::from_seed(seed(text(row, "/private_key")));
    assert_proof(&WalletKey::Evm(key), row, text(row, "/signature"));

    let row = &proofs["facesign"];
    let key = FaceSignKey::from_seed(issuer);
    assert_proof(&WalletKey::FaceSign(key), row, text(row, "/signature"));

    let row = &proofs["xrpl_ed25519"];
    let key = XrplKey::ed25519_from_seed(half_sha512(&family_seed(text(row, "/seed"))));
    assert_proof(&WalletKey::Xrpl(key), row, text(row, "/signature"));

    let row = &proofs["xrpl_secp256k1"];
    let key = XrplKey::secp256k1_from_seed(family_secp256k1(&family_seed(text(row, "/seed"))));
    assert_proof(&WalletKey::Xrpl(key), row, text(row, "/signature"));

    let row = &proofs["near"];
    let key = NearKey::from_seed(issuer);
    assert_eq!(key.address(), text(row, "/address_example"));
    assert_proof(&WalletKey::Near(key), row, text(row, "/signature_field"));

    let row = &proofs["stellar"];
    let key = StellarKey::from_seed(issuer);
    let sep53 = text(row, "/sep53_signature_hex");
    assert_eq!(key.sign_message_sep53(text(row, "/message")), sep53);
    for public_key in [text(row, "/address"), text(row, "/raw_public_key_hex")] {
        for signature in [text(row, "/raw_ed25519_signature_hex"), sep53] {
            let base64 = STANDARD.encode(hex::decode(signature).unwrap());
            for signature in [signature, &base64] {
                let proof = OwnershipProof {
                    wallet_type: WalletType::Stellar,
                    address: text(row, "/address"),
                    public_key: Some(public_key),
                    message: text(row, "/message"),
                    signature,
                };
                proof.verify().unwrap();
            }
        }
    }
    assert_proof(&WalletKey::Stellar(key), row, text(row, "/raw_ed25519_signature_hex"));
}

/// `key` makes exactly `signature`, which verifies as a proof and as that of a known wallet.
fn assert_proof(key: &WalletKey, row: &Value, signature: &str) {
    let wallet_type = key.wallet_type();
    let message = text(row, "/message");
    let nonce = row.get("nonce_hex").map_or([0; 32], |nonce| seed(nonce.as_str().unwrap()));
    assert_eq!(key.sign_message(message, nonce), signature, "{wallet_type}");
    if let Some(address) = row.get("address") {
        assert_eq!(key.address(), address.as_str().unwrap(), "{wallet_type}");
    }
    if let Some(public_key) = row.get("public_key") {
        assert_eq!(key.public_key().as_deref(), public_key.as_str(), "{wallet_type}");
    }

    let (address, public_key) = (key.address(), key.public_key());
    let proof = OwnershipProof {
        wallet_type,
        address: &address,
        public_key: public_key.as_deref(),
        message,
        signature,
    };
    proof.verify().unwrap();
    let owner = key.owner_identifier();
    verify_signed_by(wallet_type, &owner, public_key.as_deref(), message, signature).unwrap();
}

/// The example of the EVM section: a signature that is published without its `0x`.
#[test]
fn the_known_evm_signature_verifies_with_its_0x() {
    let bare = "b98c74a03e9de2b99dac504eb0e63cfe464fa8b9cafc63c913efa6122815ad5a3560e90ce1367185b40fc58924a69a6f\
                f975d62a73f3866b5ea003844ed113291b";
    let prefixed = format!("0x{bare}");
    let proof = OwnershipProof {
        wallet_type: WalletType::Evm,
        address: "0x01ab2a7a29fdc3a3ad10e3ea07f2c7882b76b2e2",
        public_key: None,
        message: "test message",
        signature: &prefixed,
    };
    proof.verify().unwrap();
    assert!(OwnershipProof { signature: bare, ..proof }.verify().is_err());
}

#[test]
fn known_signatures_of_near_wallets_verify_with_and_without_a_callback_url() {
    let file = vectors("kwil.json");
    let known = &file["wallet_proofs"]["near_known"];
    let public_key = text(known, "/public_key");
    let names = ["with_callback", "base64_message", "base64_message_long_callback"];
    let rows = known.as_object().unwrap();
    assert_eq!(rows.values().filter(|value| value.is_object()).count(), names.len());

    for name in names {
        let row = &rows[name];
        let borsh = hex::decode(text(row, "/borsh_hex")).unwrap();
        let payload = Payload::decode(&borsh).unwrap();
        assert_eq!(payload.message, text(row, "/message").as_bytes(), "{name}");
        assert_eq!(payload.recipient, "idos.network", "{name}");
        assert_eq!(payload.nonce, [0; 32], "{name}");
        assert_eq!(payload.callback_url, row.get("callbackUrl").and_then(Value::as_str), "{name}");
        assert_eq!(payload.encode(), borsh, "{name}");
        assert_eq!(hex::encode(payload.digest()), text(row, "/sha256"), "{name}");

        let signature = STANDARD.decode(text(row, "/signature_b64")).unwrap().try_into().unwrap();
        let blob = SignedPayload { payload, signature }.encode().unwrap();
        let proof = OwnershipProof {
            wallet_type: WalletType::Near,
            address: "bcb7c8d4ae100a39d8d39be9443b96e14dcc3764e682ae9fb004afecc1cba33d",
            public_key: Some(public_key),
            message: text(row, "/message"),
            signature: &hex::encode(&blob),
        };
        proof.verify().unwrap();
    }
}

#[test]
fn a_mnemonic_gives_the_key_that_the_sdk_derives() {
    let file = vectors("kwil.json");
    let row = &file["wallet_proofs"]["facesign_mnemonic"];
    let mnemonic = text(row, "/mnemonic");
    assert_eq!(hex::encode(*mnemonic_seed(mnemonic).unwrap()), text(row, "/seed_first32_hex"));
    assert_eq!(FaceSignKey::from_mnemonic(mnemonic).unwrap().public_key(), text(row, "/public_key_hex"));
}

#[test]
fn every_recorded_transaction_has_a_good_signature_and_is_signed_alike() {
    let file = vectors("kwil.json");
    let mut counts = std::collections::BTreeMap::new();
    for row in file["vectors"].as_array().unwrap() {
        let Some(tx) = row.pointer("/broadcast_params/tx") else {
            continue;
        };
        let id = text(row, "/id");
        let signature_type: SignatureType = text(tx, "/signature/type").parse().unwrap();
        let sender = hex::decode(text(tx, "/sender")).unwrap();
        let signed_text = hex::decode(text(row, "/sign_text_utf8_hex")).unwrap();
        assert_eq!(signed_text, text(row, "/sign_text").as_bytes(), "{id}");
        let signature = STANDARD.decode(text(tx, "/signature/sig")).unwrap();

        let key = holder(&file, signature_type);
        let caller = verify_transaction_signature(signature_type, &sender, &signed_text, &signature).unwrap();
        assert_eq!(caller, key.caller(), "{id}");
        assert_eq!(caller_of(signature_type, &sender).unwrap(), caller, "{id}");

        assert_eq!(key.signature_type(), signature_type, "{id}");
        assert_eq!(key.sender(), sender, "{id}");
        let nonce = row.get("nep413_nonce_hex").map_or([0; 32], |nonce| seed(nonce.as_str().unwrap()));
        assert_eq!(key.sign_transaction(&signed_text, nonce), signature, "{id}");

        *counts.entry(signature_type.as_str()).or_insert(0) += 1;
    }
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [("ed25519", 38), ("nep413", 1), ("secp256k1_ep", 1), ("xrpl", 1)]
    );
}

#[test]
fn the_transactions_of_the_sdk_have_good_signatures_and_are_signed_alike() {
    let file = vectors("sdk/kwil_tx.json");
    let key = WalletKey::from_seed(WalletType::FaceSign, seed(text(&file, "/signer_seed_hex")));
    let mut seen = 0;
    for row in file["vectors"].as_array().unwrap() {
        let Some(tx) = row.get("broadcast_tx") else { continue };
        let signed_text = text(row, "/signed_message").as_bytes();
        let signature = STANDARD.decode(text(tx, "/signature/sig")).unwrap();
        let sender = hex::decode(text(tx, "/sender")).unwrap();
        let kind = text(tx, "/signature/type").parse().unwrap();
        let caller = verify_transaction_signature(kind, &sender, signed_text, &signature).unwrap();
        assert_eq!(caller.as_str(), text(&file, "/signer_public_key_hex"));
        assert_eq!(key.sign_transaction(signed_text, [0; 32]), signature);
        seen += 1;
    }
    assert_eq!(seen, 4);
}

/// The key that the recorded transactions of this type were signed with.
fn holder(file: &Value, signature_type: SignatureType) -> WalletKey {
    let issuer = seed(text(file, "/keys/issuer_signing_seed_hex"));
    let proofs = &file["wallet_proofs"];
    match signature_type {
        // FaceSign wallets sign as issuers do.
        SignatureType::Ed25519 => WalletKey::from_seed(WalletType::FaceSign, issuer),
        SignatureType::Nep413 => WalletKey::from_seed(WalletType::Near, issuer),
        SignatureType::Sep53 => WalletKey::from_seed(WalletType::Stellar, issuer),
        SignatureType::Secp256k1Ep => {
            WalletKey::from_seed(WalletType::Evm, seed(text(proofs, "/evm/private_key")))
        }
        SignatureType::Xrpl => {
            let entropy = family_seed(text(proofs, "/xrpl_ed25519/seed"));
            WalletKey::from_seed(WalletType::Xrpl, half_sha512(&entropy))
        }
    }
}

#[test]
fn the_gateway_login_has_a_good_signature() {
    let file = vectors("kwil.json");
    let login = &file["auth"]["kgw"];
    let message = text(login, "/message").as_bytes();
    let sender = hex::decode(text(login, "/authn_params/sender")).unwrap();
    let signature = STANDARD.decode(text(login, "/authn_params/signature/sig")).unwrap();
    let signature_type = text(login, "/authn_params/signature/type").parse().unwrap();

    let caller = verify_transaction_signature(signature_type, &sender, message, &signature).unwrap();
    assert_eq!(caller.as_str(), text(login, "/authn_params/sender"));
    assert_eq!(holder(&file, signature_type).sign_transaction(message, [0; 32]), signature);

    // The last newline is part of what is signed.
    let trimmed = message.strip_suffix(b"\n").unwrap();
    assert!(verify_transaction_signature(signature_type, &sender, trimmed, &signature).is_err());
}

#[test]
fn the_private_mode_call_has_a_good_signature() {
    let file = vectors("kwil.json");
    let mut seen = 0;
    for row in file["vectors"].as_array().unwrap() {
        let Some(message) = row.get("private_message").and_then(Value::as_str) else {
            continue;
        };
        let sender = hex::decode(text(row, "/call_params/sender")).unwrap();
        let signature = STANDARD.decode(text(row, "/call_params/signature")).unwrap();
        let signature_type = text(row, "/call_params/auth_type").parse().unwrap();
        verify_transaction_signature(signature_type, &sender, message.as_bytes(), &signature).unwrap();
        seen += 1;
    }
    assert_eq!(seen, 1);
}

#[test]
fn the_sep53_vector_is_a_good_transaction_signature_of_the_g_address() {
    let file = vectors("kwil.json");
    let row = &file["wallet_proofs"]["stellar"];
    let (address, message) = (text(row, "/address"), text(row, "/message").as_bytes());
    let verify = |signature: &str| {
        let signature = hex::decode(signature).unwrap();
        verify_transaction_signature(SignatureType::Sep53, address.as_bytes(), message, &signature)
    };
    assert_eq!(verify(text(row, "/sep53_signature_hex")).unwrap().as_str(), address);
    // A plain signature will do for a proof, but not under this type.
    assert!(verify(text(row, "/raw_ed25519_signature_hex")).is_err());
    assert_eq!(
        holder(&file, SignatureType::Sep53).sign_transaction(message, [0; 32]),
        hex::decode(text(row, "/sep53_signature_hex")).unwrap()
    );
}

/// The 16 bytes of an XRPL family seed, `s…`: base58check with a version of one byte, or of three for Ed25519.
fn family_seed(encoded: &str) -> Vec<u8> {
    let decoded =
        bs58::decode(encoded).with_alphabet(bs58::Alphabet::RIPPLE).with_check(None).into_vec().unwrap();
    decoded[decoded.len() - 16..].to_vec()
}

fn half_sha512(bytes: &[u8]) -> [u8; 32] {
    Sha512::digest(bytes)[..32].try_into().unwrap()
}

/// The first account of a secp256k1 family, as `ripple-keypairs` derives it: the root scalar plus one that is
/// made of the root's public key.
fn family_secp256k1(entropy: &[u8]) -> [u8; 32] {
    use k256::elliptic_curve::PrimeField as _;
    let scalar = |parts: &[&[u8]]| {
        let hash = half_sha512(&[parts.concat(), 0u32.to_be_bytes().to_vec()].concat());
        k256::Scalar::from_repr(hash.into()).unwrap() // a hash that is no scalar would call for the next index
    };
    let root = scalar(&[entropy]);
    let root_public = (k256::ProjectivePoint::GENERATOR * root).to_encoded_point(true);
    let account = scalar(&[root_public.as_bytes(), &0u32.to_be_bytes()]);
    (root + account).to_repr().into()
}
