//! What keys do not print, and mnemonics.

use crate::*;

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
