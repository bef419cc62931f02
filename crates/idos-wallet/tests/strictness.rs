//! The edges: what is one step beyond an honest proof is refused, and the error says which field it is.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use idos_wallet::{
    EvmKey, FaceSignKey, Field, InvalidProof, InvalidSignature, MAX_ADDRESS_LEN, MAX_MESSAGE_LEN,
    MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN, OwnershipProof, SignatureType, StellarKey, WalletKey, WalletType,
    XrplKey, caller_of, mnemonic_seed, verify_signed_by, verify_transaction_signature,
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
    assert!("secp256k1".parse::<SignatureType>().is_err()); // Kwil has it, idOS does not use it
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

mod evm {
    use super::*;
    use k256::ecdsa::Signature;

    /// (r, n - s) with the other parity recovers the same address, and `ecrecover` takes it.
    #[test]
    fn a_high_s_is_accepted_with_the_parity_that_belongs_to_it() {
        let good = Proof::by(&WalletKey::from_seed(WalletType::Evm, [7; 32]), MESSAGE);
        let bytes = hex::decode(&good.signature[2..]).unwrap();
        let low = Signature::from_slice(&bytes[..64]).unwrap();
        let high = Signature::from_scalars(low.r(), -*low.s()).unwrap();
        assert!(low.normalize_s().is_none() && high.normalize_s().is_some());
        let with = |signature: &Signature, v: u8| {
            let signature = format!("0x{}{v:02x}", hex::encode(signature.to_bytes()));
            Proof { signature, ..good.clone() }.verify()
        };
        let v = bytes[64];
        let other_v = 55 - v;
        assert_eq!((with(&low, v), with(&high, other_v)), (Ok(()), Ok(())));
        let wrong = Err(InvalidProof::WrongSignature);
        assert_eq!((with(&low, other_v), with(&high, v)), (wrong, wrong));
    }

    #[test]
    fn of_all_values_of_v_only_two_verify() {
        let good = Proof::by(&WalletKey::from_seed(WalletType::Evm, [7; 32]), MESSAGE);
        let v = u8::from_str_radix(&good.signature[130..], 16).unwrap();
        let accepted: Vec<u8> = (0..=255)
            .filter(|v| {
                let signature = format!("{}{v:02x}", &good.signature[..130]);
                Proof { signature, ..good.clone() }.verify().is_ok()
            })
            .collect();
        assert_eq!(accepted, [v - 27, v]);
    }

    #[test]
    fn addresses_are_written_with_the_checksum_of_eip_55_and_read_in_any_case() {
        // The examples of the EIP.
        for address in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
        ] {
            let sender = hex::decode(&address[2..]).unwrap();
            assert_eq!(caller_of(SignatureType::Secp256k1Ep, &sender).unwrap().as_str(), address);
        }
        let good = Proof::by(&WalletKey::from_seed(WalletType::Evm, [7; 32]), MESSAGE);
        let digits = good.address[2..].to_owned();
        for digits in [digits.to_lowercase(), digits.to_uppercase()] {
            assert_eq!(Proof { address: format!("0x{digits}"), ..good.clone() }.verify(), Ok(()));
        }
        for address in [digits.clone(), format!("0X{digits}"), format!("0x{digits}0"), "0x".to_owned()] {
            assert!(malformed(Field::Address)(Proof { address, ..good.clone() }.verify().unwrap_err()));
        }
    }

    #[test]
    fn seeds_that_are_no_private_key_still_give_a_working_wallet() {
        let (zero, beyond) = (EvmKey::from_seed([0; 32]), EvmKey::from_seed([0xFF; 32]));
        assert_ne!(zero.address(), beyond.address());
        for key in [zero, beyond] {
            assert_eq!(Proof::by(&WalletKey::Evm(key), MESSAGE).verify(), Ok(()));
        }
    }
}

mod ed25519 {
    use super::*;

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
            let error =
                verify_transaction_signature(kind, sender, MESSAGE.as_bytes(), signature).unwrap_err();
            assert_eq!(error.field(), Field::Sender, "{kind}: {error}");
        }
    }

    fn near_blob(signature: &[u8]) -> Vec<u8> {
        use idos_wallet::nep413::{Payload, SignedPayload};
        let payload = Payload {
            message: MESSAGE.as_bytes(),
            nonce: NONCE,
            recipient: "idos.network",
            callback_url: None,
        };
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
}

mod near {
    use super::*;
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
        let payload = Payload {
            message: MESSAGE.as_bytes(),
            nonce: NONCE,
            recipient: "idos-issuer",
            callback_url: None,
        };
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
            verify_transaction_signature(SignatureType::Nep413, &key.sender(), text.as_bytes(), &blob)
                .unwrap();
        }
    }
}

mod xrpl {
    use super::*;
    use k256::ecdsa::Signature;

    fn with_signature(signature: &[u8]) -> Result<(), InvalidProof> {
        let good = Proof::by(&WalletKey::Xrpl(XrplKey::secp256k1_from_seed([7; 32])), MESSAGE);
        Proof { signature: hex::encode_upper(signature), ..good }.verify()
    }

    fn der() -> Vec<u8> {
        XrplKey::secp256k1_from_seed([7; 32]).sign_transaction(MESSAGE.as_bytes())
    }

    #[test]
    fn der_has_one_spelling() {
        let good = der();
        assert_eq!(with_signature(&good), Ok(()));
        let body = &good[2..];
        let body_len = good[1];
        let r_len = usize::from(good[3]);
        let (r, s) = (&good[4..4 + r_len], &good[4 + r_len + 2..]);
        let (r_len, s_len) = (good[3], u8::try_from(s.len()).unwrap());

        let long_length = [&[0x30, 0x81, body_len], body].concat();
        let padded = [&[0x30, body_len + 1, 2, r_len + 1, 0], r, &[2, s_len], s].concat();
        let other_tag = [&[0x31], &good[1..]].concat();
        let trailing = [&good[..], &[0]].concat();
        let trailing_inside = [&[0x30, body_len + 1], body, &[0]].concat();
        let zero_r = [&[0x30, s_len + 5, 2, 1, 0, 2, s_len], s].concat();
        let negative = [&[0x30, s_len + 5, 2, 1, 0x80, 2, s_len], s].concat();
        let empty: &[u8] = &[0x30, 0];
        for bad in [&long_length, &padded, &other_tag, &trailing, &trailing_inside, &zero_r, &negative]
            .map(Vec::as_slice)
        {
            assert!(malformed(Field::Signature)(with_signature(bad).unwrap_err()), "{}", hex::encode(bad));
        }
        assert!(malformed(Field::Signature)(with_signature(empty).unwrap_err()));
    }

    /// The ledger and `ripple-keypairs` demand the low one.
    #[test]
    fn a_high_s_is_refused() {
        let low = Signature::from_der(&der()).unwrap();
        let high = Signature::from_scalars(low.r(), -*low.s()).unwrap();
        assert_eq!(with_signature(high.to_der().as_bytes()), Err(InvalidProof::WrongSignature));
    }

    #[test]
    fn keys_with_another_prefix_or_off_the_curve_are_refused() {
        let good = Proof::by(&WalletKey::Xrpl(XrplKey::secp256k1_from_seed([7; 32])), MESSAGE);
        let digits = good.public_key.clone().unwrap();
        for prefix in ["00", "04", "EC", "EE"] {
            let public_key = Some(format!("{prefix}{}", &digits[2..]));
            assert!(malformed(Field::PublicKey)(Proof { public_key, ..good.clone() }.verify().unwrap_err()));
        }
        // x = 5 is on no point of secp256k1.
        let mut off = [0; 33];
        (off[0], off[32]) = (2, 5);
        let error = verify_transaction_signature(SignatureType::Xrpl, &off, b"text", &der()).unwrap_err();
        assert_eq!(error.field(), Field::Sender);
    }
}

mod stellar {
    use super::*;

    #[test]
    fn only_a_g_address_is_an_address() {
        let good = Proof::by(&WalletKey::from_seed(WalletType::Stellar, [7; 32]), MESSAGE);
        let hex_key = good.public_key.clone().unwrap();
        let key: [u8; 32] = hex::decode(&hex_key).unwrap().try_into().unwrap();
        let muxed = stellar_strkey::ed25519::MuxedAccount { ed25519: key, id: 1 }.to_string();
        let secret = stellar_strkey::ed25519::PrivateKey(key).to_string();
        let mut bad_checksum = good.address.clone();
        bad_checksum.replace_range(55.., if good.address.ends_with('A') { "B" } else { "A" });
        for address in [hex_key, muxed, secret, bad_checksum, good.address.to_lowercase()] {
            assert!(malformed(Field::Address)(Proof { address, ..good.clone() }.verify().unwrap_err()));
        }
    }

    #[test]
    fn base64_is_the_standard_alphabet_with_its_padding() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
        let key = WalletKey::from_seed(WalletType::Stellar, [7; 32]);
        let mut seen_special = false;
        for n in 0..8 {
            let good = Proof::by(&key, &format!("{MESSAGE} {n}"));
            let bytes = hex::decode(&good.signature).unwrap();
            let standard = STANDARD.encode(&bytes);
            seen_special |= standard.contains(['+', '/']);
            assert_eq!(Proof { signature: standard.clone(), ..good.clone() }.verify(), Ok(()));
            for signature in
                [STANDARD_NO_PAD.encode(&bytes), format!("{standard}\n"), URL_SAFE.encode(&bytes)]
            {
                if signature != standard {
                    assert!(Proof { signature, ..good.clone() }.verify().is_err());
                }
            }
        }
        assert!(seen_special, "no signature held a character that the alphabets write differently");
    }

    #[test]
    fn both_digests_prove_ownership() {
        let key = StellarKey::from_seed([7; 32]);
        let good = Proof::by(&WalletKey::Stellar(key.clone()), MESSAGE);
        assert_eq!(good.verify(), Ok(()));
        assert_eq!(Proof { signature: key.sign_message_sep53(MESSAGE), ..good }.verify(), Ok(()));
    }
}

mod senders {
    use super::*;

    #[test]
    fn a_sender_of_another_form_is_refused_by_name() {
        for key in wallets() {
            let (kind, sender) = (key.signature_type(), key.sender());
            assert_eq!(caller_of(kind, &sender), Ok(key.caller()));
            let longer = [&sender[..], &[0]].concat();
            for bad in [&[], &sender[1..], &sender[..sender.len() - 1], &longer[..], &[b'G'; 56], &[0xFF; 56]]
            {
                assert_eq!(caller_of(kind, bad).unwrap_err().field(), Field::Sender, "{kind}");
                let error = verify_transaction_signature(kind, bad, b"text", &[0; 64]).unwrap_err();
                assert_eq!(error.field(), Field::Sender, "{kind}");
            }
        }
    }

    #[test]
    fn a_signature_of_another_type_is_refused() {
        let text = MESSAGE.as_bytes();
        for key in wallets() {
            let (kind, sender) = (key.signature_type(), key.sender());
            for other in wallets() {
                let signature = other.sign_transaction(text, NONCE);
                let is_good = verify_transaction_signature(kind, &sender, text, &signature).is_ok();
                // FaceSign and XRPL keys of one seed are one key, and both sign plainly.
                let is_same = key.sender() == other.sender() && kind == other.signature_type();
                let is_plain_twin = [kind, other.signature_type()]
                    .iter()
                    .all(|kind| matches!(kind, SignatureType::Ed25519 | SignatureType::Xrpl))
                    && signature.len() == 64
                    && sender[..2] != XrplKey::secp256k1_from_seed([7; 32]).sender()[..2];
                assert_eq!(is_good, is_same || is_plain_twin, "{kind} by {}", other.signature_type());
            }
        }
    }
}

mod secrets {
    use super::*;

    #[test]
    fn a_key_does_not_print_its_secret() {
        let seed = [0xA7; 32];
        for kind in WalletType::ALL {
            let printed = format!("{:?}", WalletKey::from_seed(kind, seed)).to_lowercase();
            assert!(!printed.contains("a7a7a7") && !printed.contains("167, 167"), "{kind}");
        }
    }

    #[test]
    fn a_mnemonic_is_normalised_and_its_words_counted() {
        let latin =
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        assert!(mnemonic_seed(latin).is_ok());
        for bad in
            ["", "abandon", &latin.replace(" about", ""), &format!("{latin} "), &latin.replacen(' ', "  ", 1)]
        {
            assert!(mnemonic_seed(bad).is_err());
        }
        assert!(mnemonic_seed(&"a".repeat(2000)).is_err());

        // BIP-39 asks for NFKD: the composed and the decomposed spelling, and the Japanese wide space, are one.
        let composed = "é ".repeat(12);
        let decomposed = "e\u{301}\u{3000}".repeat(12);
        let seed = mnemonic_seed(composed.trim_end()).unwrap();
        assert_eq!(*seed, *mnemonic_seed(decomposed.trim_end_matches('\u{3000}')).unwrap());
        assert_eq!(
            FaceSignKey::from_mnemonic(composed.trim_end()).unwrap().address(),
            FaceSignKey::from_seed(*seed).address()
        );
    }
}
