//! What can be an address, of which types, and why not.

use idos_wallet::{
    Field, InvalidProof, NotAnAddress, OwnershipProof, WalletKey, WalletType, XrplKey, address_types,
    check_address,
};

const EVM: &str = "0x5309E35ff22052bD3290dA9799ae7B1B17Cf74Ff";
const XRPL: &str = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
const STELLAR: &str = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
const KEY: &str = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";

#[test]
fn addresses_of_all_types_are_taken() {
    use WalletType::{Evm, FaceSign, Near, Stellar, Xrpl};
    for (text, types) in [
        (EVM, vec![Evm]),
        (&EVM.to_lowercase(), vec![Evm]),
        (&EVM.to_uppercase(), vec![Evm]),
        ("0x5309e35ff22052bD3290dA9799ae7B1B17Cf74Ff", vec![Evm]), // no checksum is this
        (XRPL, vec![Xrpl]),
        (STELLAR, vec![Stellar]),
        (KEY, vec![Near, FaceSign]),
        (&KEY.to_uppercase(), vec![Near, FaceSign]),
        ("alice.near", vec![Near]),
        ("hello", vec![Near]),
        ("cafe", vec![Near]),
        ("a-b_c.d1.tg", vec![Near]),
        ("0s00112233445566778899aabbccddeeff00112233", vec![Near]),
        ("0x00.near", vec![Near]),
        (&format!("{}.near", "a".repeat(59)), vec![Near]),
        // In another case a node finds it all the same.
        (&XRPL.to_lowercase(), vec![Near]),
    ] {
        assert_eq!(address_types(text).as_deref(), Ok(types.as_slice()), "{text}");
    }
    for wallet_type in WalletType::ALL {
        for seed in 0..8 {
            let address = WalletKey::from_seed(wallet_type, [seed; 32]).address();
            assert!(address_types(&address).unwrap().contains(&wallet_type), "{address}");
            assert_eq!(check_address(wallet_type, &address), Ok(()));
        }
    }
    assert_eq!(check_address(Xrpl, &XrplKey::secp256k1_from_seed([7; 32]).address()), Ok(()));
}

#[test]
fn what_can_be_none_is_told_why() {
    let long = "a".repeat(257);
    for (text, no) in [
        ("", NotAnAddress::Length),
        (&long, NotAnAddress::Length),
        (&format!(" {EVM}"), NotAnAddress::Blanks),
        (&format!("{EVM}\n"), NotAnAddress::Blanks),
        ("alice.near\t", NotAnAddress::Blanks),
        ("alice\0.near", NotAnAddress::Blanks),
        ("alice\u{7f}.near", NotAnAddress::Blanks),
        ("alice\u{a0}.near", NotAnAddress::Blanks),
        ("hello world", NotAnAddress::Blanks),
        (&format!("eip155:1:{EVM}"), NotAnAddress::Chain),
        (&format!("did:pkh:eip155:1:{EVM}"), NotAnAddress::Chain),
        ("near:mainnet:alice.near", NotAnAddress::Chain),
        (&format!("xrpl:0:{XRPL}"), NotAnAddress::Chain),
        (&format!("stellar:pubnet:{STELLAR}"), NotAnAddress::Chain),
        ("ed25519:DcA2MzgpJbrUATQLLceocVckhhAqrkingax4oJ9kZ847", NotAnAddress::PublicKey),
        (
            "secp256k1:qMoRgcoXai4mBPsdbHi1wfyxF9TdbPCF4qSDQTRP3TfescSRoUdSx6nmeQoN3aiwGzwMyGXAb1gUjBTv5AY8DXj",
            NotAnAddress::PublicKey,
        ),
        (&format!("ED{}", KEY.to_uppercase()), NotAnAddress::PublicKey),
        (&format!("02{KEY}"), NotAnAddress::PublicKey),
        (&format!("0x03{KEY}"), NotAnAddress::PublicKey),
        (&EVM[2..], NotAnAddress::Digits),
        (&EVM[2..].to_lowercase(), NotAnAddress::Digits),
        (&EVM[..41], NotAnAddress::Digits),
        (&EVM[..41].to_lowercase(), NotAnAddress::Digits),
        (&format!("{EVM}0"), NotAnAddress::Digits),
        (&format!("{EVM}0").to_lowercase(), NotAnAddress::Digits),
        (&EVM.replace('E', "G"), NotAnAddress::Digits),
        ("0x", NotAnAddress::Digits),
        ("0X", NotAnAddress::Digits),
        (&format!("0x{KEY}"), NotAnAddress::Digits),
        (&KEY[1..], NotAnAddress::Digits),
        ("0s00112233445566778899aabbccddeeff0011223", NotAnAddress::Digits),
        ("XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8yuPT7y4xaEHi", NotAnAddress::XAddress),
        ("TVE26TYGhfLC7tQDno7G8dGtxSkYQn49b3qD26PK7FcGSKE", NotAnAddress::XAddress),
        ("MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ", NotAnAddress::OtherStellar),
        ("CA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUWDA", NotAnAddress::OtherStellar),
        ("SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR", NotAnAddress::SecretKey),
        ("sEdTM1uX8pu2do5XvTnutH6HsouMaM2", NotAnAddress::SecretKey),
        (&XRPL.replace("Th", "Ti"), NotAnAddress::Checksum),
        (&XRPL.replace("9C", "9c"), NotAnAddress::Checksum),
        (&STELLAR.replace("GA7", "GA6"), NotAnAddress::Checksum),
        ("Alice.near", NotAnAddress::Other),
        ("a", NotAnAddress::Other),
        ("alice..near", NotAnAddress::Other),
        (".near", NotAnAddress::Other),
        ("alice@near", NotAnAddress::Other),
        ("ana@example.com", NotAnAddress::Other),
        ("älice.near", NotAnAddress::Other),
        (&format!("{}.near", "g".repeat(60)), NotAnAddress::Other),
        (&STELLAR[..55], NotAnAddress::Other),
    ] {
        assert_eq!(address_types(text), Err(no), "{text}");
        let said = no.to_string();
        assert!(said.contains("40 hexadecimal digits (EVM)"), "it says what addresses look like: {said}");
        assert!(text.len() < 3 || !said.contains(text), "it repeats nothing: {said}");
    }
}

#[test]
fn a_malformed_address_is_named_before_its_key_and_signature() {
    for (wallet_type, bad) in [
        (WalletType::Evm, &EVM[..41]),
        (WalletType::Evm, &EVM[2..]),
        (WalletType::Near, "Alice.near"),
        (WalletType::Near, EVM),
        (WalletType::Xrpl, "XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8yuPT7y4xaEHi"),
        (WalletType::Xrpl, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi"),
        (WalletType::Stellar, "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ"),
        (WalletType::Stellar, KEY),
        (WalletType::FaceSign, &KEY[1..]),
    ] {
        let is_address =
            |error: InvalidProof| matches!(error, InvalidProof::Malformed { field: Field::Address, .. });
        assert!(is_address(check_address(wallet_type, bad).unwrap_err()), "{wallet_type} {bad}");
        let proof = OwnershipProof {
            wallet_type,
            address: bad,
            public_key: Some("no key"),
            message: "",
            signature: "no signature",
        };
        assert!(is_address(proof.verify().unwrap_err()), "{wallet_type} {bad}");
    }
    let error = check_address(WalletType::Near, &"a".repeat(300)).unwrap_err();
    assert_eq!(error, InvalidProof::TooLong { field: Field::Address, max: 256 });
}
