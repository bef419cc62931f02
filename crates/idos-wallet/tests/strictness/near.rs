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
    assert_eq!(rebuilt(|payload| payload.callback_url = Some("")), Ok(())); // empty counts as none
    let wrong = Err(InvalidProof::WrongSignature);
    assert_eq!(rebuilt(|payload| payload.callback_url = Some("https://example.org")), wrong);
    assert_eq!(rebuilt(|payload| payload.recipient = "idos-issuer"), wrong);
    assert_eq!(rebuilt(|payload| payload.nonce = [1; 32]), wrong);
}

#[test]
fn any_recipient_is_accepted_if_it_is_the_one_that_was_signed() {
    use ed25519_dalek::{Signer as _, SigningKey};
    let payload =
        Payload { message: MESSAGE.as_bytes(), nonce: NONCE, recipient: "idos-issuer", callback_url: None };
    let signature = SigningKey::from_bytes(&[7; 32]).sign(&payload.digest()).to_bytes();
    let blob = SignedPayload { payload, signature }.encode().unwrap();
    let good = Proof::by(&WalletKey::Near(key()), MESSAGE);
    assert_eq!(Proof { signature: hex::encode(blob), ..good }.verify(), Ok(()));
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
