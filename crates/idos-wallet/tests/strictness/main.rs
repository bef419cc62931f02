//! The edges: what is one step beyond an honest proof is refused, and the error says which field it is.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod ed25519;
mod evm;
mod near;
mod secrets;
mod senders;
mod stellar;
mod xrpl;

use idos_wallet::{
    EvmKey, FaceSignKey, Field, InvalidProof, InvalidSignature, MAX_ADDRESS_LEN, MAX_MESSAGE_LEN,
    MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, OwnershipProof, SignatureType, StellarKey, UnusableSignatureType,
    UnusableWalletType, WalletKey, WalletType, XrplKey, caller_of, check_wallet, mnemonic_seed,
    verify_signed_by, verify_transaction_signature,
};

const MESSAGE: &str = "Sign this message to prove you own this wallet";
const NONCE: [u8; 32] = [9; 32];

/// A proof with its own text, to be changed by a test.
#[derive(Clone, Debug)]
struct Proof {
    wallet_type: WalletType,
    address: String,
    public_key: Option<String>,
    message: String,
    signature: String,
}

impl Proof {
    fn by(key: &WalletKey, message: &str) -> Proof {
        Proof {
            wallet_type: key.wallet_type(),
            address: key.address(),
            public_key: key.public_key(),
            message: message.to_owned(),
            signature: key.sign_message(message, NONCE),
        }
    }

    fn verify(&self) -> Result<(), InvalidProof> {
        OwnershipProof {
            wallet_type: self.wallet_type,
            address: &self.address,
            public_key: self.public_key.as_deref(),
            message: &self.message,
            signature: &self.signature,
        }
        .verify()
    }
}

fn wallets() -> Vec<WalletKey> {
    let mut wallets: Vec<_> = WalletType::ALL.map(|kind| WalletKey::from_seed(kind, [7; 32])).into();
    wallets.push(WalletKey::Xrpl(XrplKey::secp256k1_from_seed([7; 32])));
    wallets
}

/// Another wallet of the same type, with a key on the same curve.
fn another(key: &WalletKey) -> WalletKey {
    match key.sender()[..] {
        [2 | 3, ..] => WalletKey::Xrpl(XrplKey::secp256k1_from_seed([8; 32])),
        _ => WalletKey::from_seed(key.wallet_type(), [8; 32]),
    }
}

fn malformed(field: Field) -> impl Fn(InvalidProof) -> bool {
    move |error| matches!(error, InvalidProof::Malformed { field: at, .. } if at == field)
}

#[test]
fn names_are_case_sensitive_and_round_trip() {
    for kind in WalletType::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        let other_case = kind.as_str().chars().map(swap_case).collect::<String>();
        assert!(other_case.parse::<WalletType>().is_err());
    }
    for kind in SignatureType::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert!(kind.as_str().to_uppercase().parse::<SignatureType>().is_err());
    }
    // Kwil has it, idOS does not use it.
    assert_eq!("secp256k1".parse::<SignatureType>(), Err(UnusableSignatureType::Unknown));
}

#[test]
fn types_without_a_proof_are_told_apart_from_those_that_do_not_exist() {
    assert_eq!("MM".parse::<WalletType>(), Err(UnusableWalletType::NoProof));
    assert_eq!("mm_token".parse::<SignatureType>(), Err(UnusableSignatureType::NoProof));
    for text in ["mm", "Mm", "MM ", "MM_TOKEN", "", "Xyzzy"] {
        assert_eq!(text.parse::<WalletType>(), Err(UnusableWalletType::Unknown), "{text}");
        assert_eq!(text.parse::<SignatureType>(), Err(UnusableSignatureType::Unknown), "{text}");
    }
    let said = UnusableWalletType::NoProof.to_string();
    assert!(said.contains("no proof is defined") && !said.contains("none of"), "{said}");
}

fn swap_case(c: char) -> char {
    if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
}

#[test]
fn a_field_that_is_too_long_is_refused_by_name_before_it_is_read() {
    for key in wallets() {
        let good = Proof::by(&key, MESSAGE);
        for (field, max, long) in [
            (
                Field::Address,
                MAX_ADDRESS_LEN,
                Proof { address: "a".repeat(MAX_ADDRESS_LEN + 1), ..good.clone() },
            ),
            (
                Field::PublicKey,
                MAX_PUBLIC_KEY_LEN,
                Proof { public_key: Some("1".repeat(MAX_PUBLIC_KEY_LEN + 1)), ..good.clone() },
            ),
            (
                Field::Message,
                MAX_MESSAGE_LEN,
                Proof { message: "m".repeat(MAX_MESSAGE_LEN + 1), ..good.clone() },
            ),
            (
                Field::Signature,
                MAX_SIGNATURE_LEN,
                Proof { signature: "0".repeat(MAX_SIGNATURE_LEN + 1), ..good.clone() },
            ),
        ] {
            assert_eq!(long.verify(), Err(InvalidProof::TooLong { field, max }), "{key:?}");
        }
    }
}

#[test]
fn the_longest_message_is_verified_for_every_wallet() {
    for key in wallets() {
        let proof = Proof::by(&key, &"\u{1F600}".repeat(MAX_MESSAGE_LEN / 4));
        assert!(proof.message.len() == MAX_MESSAGE_LEN && proof.signature.len() <= MAX_SIGNATURE_LEN);
        assert_eq!(proof.verify(), Ok(()), "{key:?}");
    }
}

#[test]
fn what_no_node_can_keep_is_refused() {
    for key in wallets() {
        for message in ["\0", "a\0b", "a\0"] {
            assert!(Proof::by(&key, message).verify().is_err_and(malformed(Field::Message)), "{message:?}");
        }
        // All else that is Unicode can be kept.
        for message in ["\u{1}\u{7f}", "\u{fffe}\u{ffff}\u{10ffff}", "\u{fffd}", "\\u0000", "%00"] {
            assert_eq!(Proof::by(&key, message).verify(), Ok(()), "{message:?}");
        }
    }
    let evm = WalletKey::from_seed(WalletType::Evm, [7; 32]);
    for (public_key, is_fine) in [("", true), ("0x04", true), ("\0", false), ("a\0b", false)] {
        let proof = Proof { public_key: Some(public_key.to_owned()), ..Proof::by(&evm, MESSAGE) };
        assert_eq!(proof.verify().is_ok(), is_fine, "{public_key:?}");
        assert!(is_fine || proof.verify().is_err_and(malformed(Field::PublicKey)));
    }
}

#[test]
fn a_wallet_is_judged_without_a_signature() {
    for key in wallets() {
        let (wallet_type, address, public_key) = (key.wallet_type(), key.address(), key.public_key());
        let check = |address: &str, key: Option<&str>| check_wallet(wallet_type, address, key);
        assert_eq!(check(&address, public_key.as_deref()), Ok(()));
        assert!(check("", public_key.as_deref()).is_err());
        assert!(check(&format!("{address}\0"), public_key.as_deref()).is_err());
        let Some(public_key) = public_key else { continue };
        let missing = InvalidProof::Missing { field: Field::PublicKey };
        assert_eq!((check(&address, None), check(&address, Some(""))), (Err(missing), Err(missing)));
        assert!(check(&address, Some(&format!("{public_key}\0"))).is_err_and(malformed(Field::PublicKey)));
        let other = another(&key).public_key().unwrap();
        assert!(check(&address, Some(&other)).is_err(), "the address of another key");
    }
}

#[test]
fn an_empty_message_signature_or_key_counts_as_missing() {
    for key in wallets() {
        let empty = Proof::by(&key, "");
        assert_eq!(empty.verify(), Err(InvalidProof::Missing { field: Field::Message }));

        let good = Proof::by(&key, MESSAGE);
        let unsigned = Proof { signature: String::new(), ..good.clone() };
        assert_eq!(unsigned.verify(), Err(InvalidProof::Missing { field: Field::Signature }));

        for public_key in [None, Some(String::new())] {
            let expected = match good.wallet_type {
                WalletType::Evm => Ok(()),
                _ => Err(InvalidProof::Missing { field: Field::PublicKey }),
            };
            assert_eq!(Proof { public_key, ..good.clone() }.verify(), expected);
        }
    }
}

#[test]
fn the_address_of_another_wallet_is_refused_for_every_type() {
    for key in wallets() {
        let other = another(&key);
        let stolen = Proof { address: other.address(), ..Proof::by(&key, MESSAGE) };
        let expected = match key.wallet_type() {
            WalletType::Evm => InvalidProof::WrongSignature, // the signature is all there is to compare with
            _ => InvalidProof::NotOfThisKey { field: Field::Address },
        };
        assert_eq!(stolen.verify(), Err(expected));

        let with_both = Proof { public_key: other.public_key(), ..stolen };
        assert_eq!(with_both.verify(), Err(InvalidProof::WrongSignature));
    }
}

#[test]
fn a_known_wallet_is_checked_by_its_identifier_and_its_stored_key() {
    for key in wallets() {
        let kind = key.wallet_type();
        let other = another(&key);
        let (owner, public_key) = (key.owner_identifier(), key.public_key());
        let signature = key.sign_message(MESSAGE, NONCE);
        let verify = |owner: &str, public_key: Option<&str>| {
            verify_signed_by(kind, owner, public_key, MESSAGE, &signature)
        };
        assert_eq!(verify(&owner, public_key.as_deref()), Ok(()), "{key:?}");

        let other_owner = verify(&other.owner_identifier(), public_key.as_deref());
        let other_key = verify(&owner, other.public_key().as_deref());
        let no_key = verify(&owner, None);
        let not_its = Err(InvalidProof::NotOfThisKey { field: Field::Identifier });
        match kind {
            WalletType::Evm => {
                assert_eq!(other_owner, Err(InvalidProof::WrongSignature));
                assert_eq!((other_key, no_key), (Ok(()), Ok(())));
            }
            WalletType::Near | WalletType::FaceSign => {
                assert_eq!((other_owner, other_key, no_key), (not_its, not_its, Ok(())));
            }
            WalletType::Xrpl | WalletType::Stellar => {
                let missing = Err(InvalidProof::Missing { field: Field::PublicKey });
                assert_eq!((other_owner, other_key, no_key), (not_its, not_its, missing));
            }
        }
        let too_long = verify(&"x".repeat(MAX_ADDRESS_LEN + 1), public_key.as_deref());
        assert_eq!(too_long.unwrap_err().field(), Field::Identifier);
    }
}

#[test]
fn hexadecimal_may_be_of_either_case_but_nothing_may_surround_it() {
    for key in wallets() {
        let good = Proof::by(&key, MESSAGE);
        let prefix = if good.wallet_type == WalletType::Evm { "0x" } else { "" };
        let digits = good.signature.strip_prefix(prefix).unwrap();
        for cased in [digits.to_uppercase(), digits.to_lowercase()] {
            assert_eq!(Proof { signature: format!("{prefix}{cased}"), ..good.clone() }.verify(), Ok(()));
        }
        let wrong_prefix = if prefix.is_empty() { format!("0x{digits}") } else { digits.to_owned() };
        for signature in [
            format!("{}00", good.signature),
            format!("{}zz", good.signature),
            format!("{} ", good.signature),
            format!(" {}", good.signature),
            format!("{}\n", good.signature),
            wrong_prefix,
            good.signature[..good.signature.len() - 1].to_owned(),
        ] {
            let changed = Proof { signature, ..good.clone() };
            assert!(malformed(Field::Signature)(changed.verify().unwrap_err()), "{changed:?}");
        }
    }
}
