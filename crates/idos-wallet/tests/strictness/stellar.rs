//! Stellar: addresses, base64, and the two digests.

use crate::*;

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
        for signature in [STANDARD_NO_PAD.encode(&bytes), format!("{standard}\n"), URL_SAFE.encode(&bytes)] {
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
