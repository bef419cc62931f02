//! Who signs, as nodes name them: the forms of `@caller`, and so of a grantee.

use crate::encoding::hex_array;
use crate::{evm, near, stellar};

/// Whether `text` is written as a node writes the `@caller` of a transaction: 64 hexadecimal digits for `ed25519`
/// (also of `FaceSign`), `0x…` for `secp256k1_ep`, `r…` for `xrpl`, `ed25519:…` for `nep413`, `G…` for `sep53`.
/// Checksums are checked, EIP-55 aside.
///
/// Nodes compare grantees without letter case, so hexadecimal may be of either case. A NEAR *account* is no caller: a
/// node knows who signs by the key alone, and a copy that is granted to a name could be read by nobody.
#[must_use]
pub fn is_caller(text: &str) -> bool {
    hex_array::<32>(text).is_some()
        || evm::parse_address(text).is_some()
        || is_xrpl_address(text)
        || near::parse_public_key(text).is_some()
        || stellar::parse_address(text).is_some()
}

/// A classic address: base58check, in Ripple's alphabet, of 00 and 20 bytes.
fn is_xrpl_address(text: &str) -> bool {
    let mut bytes = [0; 25];
    let decoded =
        bs58::decode(text).with_alphabet(bs58::Alphabet::RIPPLE).with_check(Some(0)).onto(&mut bytes);
    decoded.is_ok_and(|len| len == 21)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvmKey, FaceSignKey, NearKey, StellarKey, WalletKey, XrplKey};

    #[test]
    fn whoever_signs_is_written_so() {
        for byte in 1..40 {
            let seed = [byte; 32];
            for key in [
                WalletKey::Evm(EvmKey::from_seed(seed)),
                WalletKey::Near(NearKey::from_seed(seed)),
                WalletKey::Xrpl(XrplKey::ed25519_from_seed(seed)),
                WalletKey::Xrpl(XrplKey::secp256k1_from_seed(seed)),
                WalletKey::Stellar(StellarKey::from_seed(seed)),
                WalletKey::FaceSign(FaceSignKey::from_seed(seed)),
            ] {
                let caller = key.caller();
                assert!(is_caller(caller.as_str()), "{caller}");
            }
        }
        let key = hex::encode([7; 32]);
        assert!(is_caller(&key) && is_caller(&key.to_uppercase()));
    }

    #[test]
    fn what_is_written_otherwise_is_nobody() {
        let xrpl = XrplKey::ed25519_from_seed([1; 32]).address();
        let near = NearKey::from_seed([1; 32]).public_key();
        let stellar = StellarKey::from_seed([1; 32]).address();
        let mistyped = |text: &str| {
            let last = if text.ends_with('A') { "B" } else { "A" };
            format!("{}{last}", &text[..text.len() - 1])
        };
        for text in [
            "",
            "r",
            "G",
            "alice.near",
            "ed25519:",
            "ed25519:abc",
            "0x00",
            "\0",
            &mistyped(&xrpl),
            &xrpl.to_lowercase(),
            &format!("{xrpl} "),
            &mistyped(&stellar),
            &stellar.to_lowercase(),
            &near[8..],
            &near.replace("ed25519", "secp256k1"),
            &format!("{near}1"),
            &"0".repeat(63),
            &format!("0x{}", "g".repeat(40)),
            // A family seed and an X-address of XRPL, a secret key of Stellar.
            "sEd7BpLCVJPuJj9S7tfp8igyA54oiZW",
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ",
            "SCZANGBA5YHTNYVVV4C3U252E2B6P6F5T3U6MM63WBSBZATAQI3EBTQ4",
        ] {
            assert!(!is_caller(text), "{text}");
        }
    }
}
