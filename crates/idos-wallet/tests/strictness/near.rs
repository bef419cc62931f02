//! NEAR: accounts, and what of a NEP-413 blob counts.

use crate::*;
use idos_wallet::NearKey;
use idos_wallet::nep413::{Payload, SignedPayload};

fn key() -> NearKey {
    NearKey::from_seed([7; 32])
}

fn at(address: &str) -> Result<(), InvalidProof> {
    Proof::by(&WalletKey::Near(key().with_account(address)), MESSAGE).verify()
}

#[test]
fn a_named_account_is_taken_on_trust_but_must_be_a_name() {
    for name in ["alice.near", "a-b_c.d9.testnet", "ok", "100", &"g".repeat(64), "0x12.near"] {
        assert_eq!(at(name), Ok(()), "{name}");
    }
    for name in [
        "",
        "a",
        "Alice.near",
        "alice..near",
        ".near",
        "near.",
        "alice-",
        "a_-b",
        "al ice",
        "álice",
        &"a".repeat(65),
    ] {
        assert!(malformed(Field::Address)(at(name).unwrap_err()), "{name}");
    }
}

#[test]
fn an_implicit_account_must_be_that_of_the_key() {
    let implicit = key().address();
    assert_eq!(at(&implicit), Ok(()));
    assert_eq!(at(&implicit.to_uppercase()), Ok(())); // as the SDK writes it
    let other = NearKey::from_seed([8; 32]).address();
    assert_eq!(at(&other), Err(InvalidProof::NotOfThisKey { field: Field::Address }));
}

/// `has_profile` compares addresses across types: this name would claim the profile of an EVM wallet.
#[test]
fn an_account_of_ethereums_kind_is_refused() {
    let evm = EvmKey::from_seed([7; 32]).address().to_lowercase();
    assert!(malformed(Field::Address)(at(&evm).unwrap_err()));
}

/// Takes the blob of a good proof apart and lets a test put it together differently.
fn rebuilt(change: impl Fn(&mut Payload<'_>)) -> Result<(), InvalidProof> {
    let good = Proof::by(&WalletKey::Near(key()), MESSAGE);
    let blob = hex::decode(&good.signature).unwrap();
    let mut signed = SignedPayload::decode(&blob).unwrap();
    change(&mut signed.payload);
    let signature = hex::encode(signed.encode().unwrap());
    Proof { signature, ..good }.verify()
}

#[test]
fn the_message_inside_the_blob_is_not_looked_at_and_everything_else_is_signed() {
    assert_eq!(rebuilt(|_| ()), Ok(()));
    assert_eq!(rebuilt(|payload| payload.message = b""), Ok(()));
    assert_eq!(rebuilt(|payload| payload.message = b"something else"), Ok(()));
    let wrong = Err(InvalidProof::WrongSignature);
    assert_eq!(rebuilt(|payload| payload.callback_url = Some("")), wrong); // none was signed
    assert_eq!(rebuilt(|payload| payload.callback_url = Some("https://example.org")), wrong);
    assert_eq!(rebuilt(|payload| payload.recipient = "idos-issuer"), wrong);
    assert_eq!(rebuilt(|payload| payload.nonce = [1; 32]), wrong);
}

/// The verdict on a blob that says `shown`, where SHA-256 of the bytes `signed` is what was signed.
fn shown_and_signed(shown: Payload<'_>, signed: &[u8]) -> Result<(), InvalidProof> {
    use ed25519_dalek::{Signer as _, SigningKey};
    use sha2::{Digest as _, Sha256};
    let signature = SigningKey::from_bytes(&[7; 32]).sign(&Sha256::digest(signed)).to_bytes();
    let blob = SignedPayload { payload: shown, signature }.encode().unwrap();
    let good = Proof::by(&WalletKey::Near(key()), MESSAGE);
    Proof { signature: hex::encode(blob), ..good }.verify()
}

/// The payload, written by hand: `callback` is all that follows the recipient.
fn bytes_of(recipient: &str, callback: &[u8]) -> Vec<u8> {
    let text = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text].concat();
    [&[0x9D, 1, 0, 0x80], &*text(MESSAGE.as_bytes()), &NONCE, &*text(recipient.as_bytes()), callback].concat()
}

#[test]
fn any_recipient_is_accepted_if_it_is_the_one_that_was_signed() {
    for recipient in ["idos-issuer", "idos.network", "", "some.where.else.near"] {
        let payload = Payload { message: MESSAGE.as_bytes(), nonce: NONCE, recipient, callback_url: None };
        assert_eq!(shown_and_signed(payload, &bytes_of(recipient, &[0])), Ok(()), "{recipient}");
        let other = bytes_of("idos.example", &[0]);
        assert_eq!(shown_and_signed(payload, &other), Err(InvalidProof::WrongSignature), "{recipient}");
    }
}

/// As the npm package `borsh` writes and reads options: absent, empty and filled are three payloads.
#[test]
fn a_callback_url_is_absent_empty_or_filled_and_counts_as_it_was_signed() {
    let urls: [(Option<&str>, &[u8]); 4] = [
        (None, &[0]),
        (Some(""), &[1, 0, 0, 0, 0]),
        (Some(" "), b"\x01\x01\0\0\0 "),
        (Some("\0"), &[1, 1, 0, 0, 0, 0]),
    ];
    for (shown, _) in urls {
        for (signed, bytes) in urls {
            let payload = Payload {
                message: MESSAGE.as_bytes(),
                nonce: NONCE,
                recipient: "idos.network",
                callback_url: shown,
            };
            let expected = if shown == signed { Ok(()) } else { Err(InvalidProof::WrongSignature) };
            let verdict = shown_and_signed(payload, &bytes_of("idos.network", bytes));
            assert_eq!(verdict, expected, "shown {shown:?}, signed {signed:?}");
        }
    }
}

#[test]
fn a_message_beyond_the_blobs_length_field_is_left_out_of_it() {
    let longest_inside = "x".repeat(usize::from(u16::MAX) - 57);
    for (text, is_inside) in [(longest_inside.clone(), true), (longest_inside + "x", false)] {
        let key = WalletKey::Near(key());
        let blob = key.sign_transaction(text.as_bytes(), NONCE);
        let inside = SignedPayload::decode(&blob).unwrap().payload.message;
        assert_eq!(inside, if is_inside { text.as_bytes() } else { b"" });
        verify_transaction_signature(SignatureType::Nep413, &key.sender(), text.as_bytes(), &blob).unwrap();
    }
}
