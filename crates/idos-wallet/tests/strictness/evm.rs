//! EVM: recovery, `v`, and the spelling of addresses.

use crate::*;
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
