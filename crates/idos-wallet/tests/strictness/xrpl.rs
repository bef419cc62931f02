//! XRPL on secp256k1: DER, a low `s`, and key prefixes.

use crate::*;
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
