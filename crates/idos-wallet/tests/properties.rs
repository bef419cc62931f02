//! For any key and message: what is signed verifies, what is changed does not, and nothing panics.

#![expect(clippy::indexing_slicing, reason = "a test fails loudly")]

use std::ops::Range;

use idos_wallet::nep413::{Payload, SignedPayload};
use idos_wallet::{
    Field, InvalidProof, NearKey, OwnershipProof, SignatureType, WalletKey, WalletType, XrplKey, caller_of,
    mnemonic_seed, verify_signed_by, verify_transaction_signature,
};
use proptest::prelude::*;
use proptest::sample::Index;

fn any_wallet() -> impl Strategy<Value = WalletKey> {
    (0..7usize, any::<[u8; 32]>()).prop_map(|(which, seed)| match which {
        5 => WalletKey::Xrpl(XrplKey::secp256k1_from_seed(seed)),
        6 => WalletKey::Near(NearKey::from_seed(seed).with_account("alice.near")),
        n => WalletKey::from_seed(WalletType::ALL[n], seed),
    })
}

fn any_wallet_type() -> impl Strategy<Value = WalletType> {
    proptest::sample::select(WalletType::ALL.to_vec())
}

fn any_signature_type() -> impl Strategy<Value = SignatureType> {
    proptest::sample::select(SignatureType::ALL.to_vec())
}

fn any_message() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 1..200).prop_map(String::from_iter)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Address,
    PublicKey,
    Message,
    Signature,
}

fn any_part() -> impl Strategy<Value = Part> {
    proptest::sample::select(vec![Part::Address, Part::PublicKey, Part::Message, Part::Signature])
}

proptest! {
    #[test]
    fn what_a_wallet_signs_verifies(key in any_wallet(), message in any_message(), nonce: [u8; 32]) {
        let (address, public_key) = (key.address(), key.public_key());
        let signature = key.sign_message(&message, nonce);
        let wallet_type = key.wallet_type();
        let proof = OwnershipProof {
            wallet_type,
            address: &address,
            public_key: public_key.as_deref(),
            message: &message,
            signature: &signature,
        };
        // Nodes cannot keep a NUL.
        if message.contains('\0') {
            let refused = matches!(proof.verify(), Err(InvalidProof::Malformed { field: Field::Message, .. }));
            prop_assert!(refused);
        } else {
            prop_assert_eq!(proof.verify(), Ok(()));
        }

        let owner = key.owner_identifier();
        prop_assert_eq!(verify_signed_by(wallet_type, &owner, public_key.as_deref(), &message, &signature), Ok(()));
    }

    #[test]
    fn what_a_wallet_sends_verifies_and_names_its_caller(key in any_wallet(), text: Vec<u8>, nonce: [u8; 32]) {
        // NEAR's payload holds text, and is read as such.
        let text = match key.wallet_type() {
            WalletType::Near => String::from_utf8_lossy(&text).into_owned().into_bytes(),
            _ => text,
        };
        let signature = key.sign_transaction(&text, nonce);
        let caller = verify_transaction_signature(key.signature_type(), &key.sender(), &text, &signature);
        prop_assert_eq!(caller, Ok(key.caller()));
    }

    #[test]
    fn any_changed_bit_of_a_proof_is_noticed(
        key in any_wallet(), message in any_message(), nonce: [u8; 32], part in any_part(), at: Index, bit in 0..8u8,
    ) {
        let good = [key.address(), key.public_key().unwrap_or_default(), message.clone(), key.sign_message(&message, nonce)];
        let mut bad = good.clone();
        let changed = &mut bad[part as usize];
        if changed.is_empty() {
            return Ok(()); // EVM wallets have no public key
        }
        let mut bytes = changed.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) }; // no longer a string: nobody can send it
        *changed = text;

        if says_the_same(&key, part, &good[part as usize], &bad[part as usize], at, message.len()) {
            return Ok(());
        }
        let [address, public_key, message, signature] = &bad;
        let public_key = (!public_key.is_empty()).then_some(public_key.as_str());
        let proof = OwnershipProof { wallet_type: key.wallet_type(), address, public_key, message, signature };
        prop_assert!(proof.verify().is_err(), "{part:?} at {at}: {} -> {}", good[part as usize], bad[part as usize]);
    }

    #[test]
    fn any_changed_bit_of_a_transaction_is_noticed(
        key in any_wallet(), text in any_message(), nonce: [u8; 32], part in 0..3usize, at: Index, bit in 0..8u8,
    ) {
        let text = text.into_bytes();
        let mut parts = [key.sender(), text.clone(), key.sign_transaction(&text, nonce)];
        let at = at.index(parts[part].len());
        parts[part][at] ^= 1 << bit;
        let in_unread_message =
            key.wallet_type() == WalletType::Near && part == 2 && near_message(text.len()).contains(&at);
        if in_unread_message {
            return Ok(());
        }

        let [sender, text, signature] = &parts;
        prop_assert!(verify_transaction_signature(key.signature_type(), sender, text, signature).is_err());
    }

    #[test]
    fn arbitrary_texts_are_refused_without_a_panic(
        wallet_type in any_wallet_type(), address: String, public_key: Option<String>, message: String, signature: String,
    ) {
        let public_key = public_key.as_deref();
        let proof = OwnershipProof { wallet_type, address: &address, public_key, message: &message, signature: &signature };
        prop_assert!(proof.verify().is_err());
        prop_assert!(verify_signed_by(wallet_type, &address, public_key, &message, &signature).is_err());
        let _ = mnemonic_seed(&message);
    }

    #[test]
    fn arbitrary_signatures_of_a_real_wallet_are_refused_without_a_panic(
        key in any_wallet(), bytes in proptest::collection::vec(any::<u8>(), 0..200), starts_like_der: bool, length: u8,
    ) {
        let mut bytes = bytes;
        if starts_like_der {
            bytes.splice(0..0, [0x30, length, 2]);
        }
        let (address, public_key) = (key.address(), key.public_key());
        for signature in [hex::encode(&bytes), format!("0x{}", hex::encode(&bytes))] {
            let proof = OwnershipProof {
                wallet_type: key.wallet_type(),
                address: &address,
                public_key: public_key.as_deref(),
                message: "message",
                signature: &signature,
            };
            prop_assert!(proof.verify().is_err());
        }
        let verified = verify_transaction_signature(key.signature_type(), &key.sender(), b"text", &bytes);
        prop_assert!(verified.is_err());
    }

    #[test]
    fn arbitrary_senders_are_read_without_a_panic(
        signature_type in any_signature_type(), sender: Vec<u8>, sized: [u8; 33], take in 0..34usize, signature: Vec<u8>,
    ) {
        for sender in [&sender[..], &sized[..take]] {
            let _ = caller_of(signature_type, sender);
            prop_assert!(verify_transaction_signature(signature_type, sender, b"text", &signature).is_err());
        }
    }

    #[test]
    fn names_never_panic(text: String) {
        let _ = text.parse::<WalletType>();
        let _ = text.parse::<SignatureType>();
    }

    #[test]
    fn a_nep413_blob_comes_back_as_it_was(
        message in any_message(), nonce: [u8; 32], recipient: String, callback_url: Option<String>, low: [u8; 32],
        high: [u8; 32],
    ) {
        let payload = Payload {
            message: message.as_bytes(),
            nonce,
            recipient: &recipient,
            callback_url: callback_url.as_deref(),
        };
        let signature: [u8; 64] = [low, high].concat().try_into().unwrap();
        let signed = SignedPayload { payload, signature };
        let blob = signed.encode().unwrap();
        prop_assert_eq!(SignedPayload::decode(&blob), Ok(signed));
        for cut in 0..blob.len() {
            prop_assert!(SignedPayload::decode(&blob[..cut]).is_err());
        }
    }

    /// There is one spelling for each blob.
    #[test]
    fn whatever_is_read_as_a_nep413_blob_is_written_alike(
        tail in proptest::collection::vec(0..8u8, 0..200), length: u16, is_tagged: bool,
    ) {
        let head = if is_tagged { [0x9D, 1, 0, 0x80] } else { [0; 4] };
        let lengths = [length, u16::try_from(tail.len()).unwrap().saturating_sub(60)];
        for length in lengths {
            let blob = [&length.to_be_bytes()[..], &head, &tail].concat();
            if let Ok(signed) = SignedPayload::decode(&blob) {
                prop_assert_eq!(signed.encode(), Some(blob));
            }
        }
    }
}

/// Whether the change is one that is meant to make no difference.
fn says_the_same(key: &WalletKey, part: Part, good: &str, bad: &str, at: usize, message_len: usize) -> bool {
    let is_other_case = good.eq_ignore_ascii_case(bad);
    match (key, part) {
        (_, Part::Message) => false,
        // Hexadecimal.
        (WalletKey::Evm(_) | WalletKey::FaceSign(_), _)
        | (WalletKey::Xrpl(_) | WalletKey::Stellar(_), Part::PublicKey | Part::Signature)
        | (WalletKey::Near(_), Part::Signature)
            if is_other_case =>
        {
            true
        }
        // Two hexadecimal digits for each byte.
        (WalletKey::Near(_), Part::Signature) => near_message(message_len).contains(&(at / 2)),
        // A name can be anybody's, and one letter beyond `f` makes a name of an implicit account.
        (WalletKey::Near(_), Part::Address) => bad.len() != 64 || hex::decode(bad).is_err() || is_other_case,
        _ => false,
    }
}

/// Where a blob holds the message: after the length, the tag and the message's own length.
fn near_message(message_len: usize) -> Range<usize> {
    10..10 + message_len
}
