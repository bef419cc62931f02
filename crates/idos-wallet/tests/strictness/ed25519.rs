//! Ed25519 under every wallet type: weak keys, second spellings, and malleable signatures.

use crate::*;

/// Every encoding of the eight points of low order, canonical or not.
const LOW_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn no_key_of_low_order_passes_under_any_wallet_type() {
    for key_hex in LOW_ORDER {
        let key = hex::decode(key_hex).unwrap();
        for r in LOW_ORDER {
            let signature = [hex::decode(r).unwrap(), vec![0; 32]].concat();
            assert_refused_everywhere(&key, &signature);
        }
    }
}

fn assert_refused_everywhere(key: &[u8], signature: &[u8]) {
    let key_hex = hex::encode(key);
    let refusal = Proof {
        wallet_type: WalletType::FaceSign,
        address: key_hex.clone(),
        public_key: Some(key_hex),
        message: MESSAGE.to_owned(),
        signature: hex::encode(signature),
    }
    .verify()
    .unwrap_err();
    assert_eq!(refusal.field(), Field::PublicKey, "{refusal}");

    let xrpl_key = [&[0xED], key].concat();
    let stellar = stellar_strkey::ed25519::PublicKey(key.try_into().unwrap()).to_string();
    let near = near_blob(signature);
    for (kind, sender, signature) in [
        (SignatureType::Ed25519, key, signature),
        (SignatureType::Xrpl, &xrpl_key, signature),
        (SignatureType::Sep53, stellar.as_bytes(), signature),
        (SignatureType::Nep413, key, &near),
    ] {
        let error = verify_transaction_signature(kind, sender, MESSAGE.as_bytes(), signature).unwrap_err();
        assert_eq!(error.field(), Field::Sender, "{kind}: {error}");
    }
}

fn near_blob(signature: &[u8]) -> Vec<u8> {
    use idos_wallet::nep413::{Payload, SignedPayload};
    let payload =
        Payload { message: MESSAGE.as_bytes(), nonce: NONCE, recipient: "idos.network", callback_url: None };
    SignedPayload { payload, signature: signature.try_into().unwrap() }.encode().unwrap()
}

/// The other way to spell a key would be another identity for the same wallet.
#[test]
fn a_key_is_read_in_its_canonical_spelling_only() {
    let mut seen = 0;
    for small in 2..19u8 {
        let mut canonical = [0; 32];
        canonical[0] = small;
        let mut spelled_otherwise = [0xFF; 32]; // 2^255 - 19 + small
        spelled_otherwise[0] = 0xED + small;
        spelled_otherwise[31] = 0x7F;
        let verify = |key: &[u8; 32]| {
            verify_transaction_signature(SignatureType::Ed25519, key, MESSAGE.as_bytes(), &[0; 64])
        };
        if verify(&canonical) == Err(InvalidSignature::Wrong) {
            assert_eq!(verify(&spelled_otherwise).unwrap_err().field(), Field::Sender, "{small}");
            seen += 1;
        }
    }
    assert!(seen > 3, "about half of these are points of the curve");
}

#[test]
fn a_signature_with_s_plus_the_group_order_is_refused_everywhere() {
    for key in wallets() {
        let kind = key.signature_type();
        let mut signature = key.sign_transaction(MESSAGE.as_bytes(), NONCE);
        if kind == SignatureType::Secp256k1Ep || matches!(signature[..], [0x30, ..]) {
            continue; // not Ed25519
        }
        let verify = |signature: &[u8]| {
            verify_transaction_signature(kind, &key.sender(), MESSAGE.as_bytes(), signature)
        };
        assert!(verify(&signature).is_ok());
        let s = signature.len() - 32;
        add_group_order(&mut signature[s..]);
        assert_eq!(
            verify(&signature),
            Err(InvalidSignature::Malformed { field: Field::Signature, expected: "in canonical form" }),
            "{kind}"
        );
    }
}

fn add_group_order(s: &mut [u8]) {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    for (byte, add) in s.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}
