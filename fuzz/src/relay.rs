//! What consumers of the relay send: tokens that they sign, and keys.

use idos_issuer::model::relay::{ConsumerKey, TokenFault, Unverified};

/// The key of `tests/vectors/relay.json`.
const KEY: &str = concat!(
    "0401b00ec5a73878aa23e496f0bfea30fc1270846abe02c7b416530f530076c1b6fe3ecadf0f21f3251fd63fbc91f9d0ef17",
    "5fd297fc3e7a70055664ffdc1440fb2272008e515a5b9985b8be7f0c04ceb40e770052c8273e5b1d2d8ebba48f41c4bf19d5",
    "d6180a6f836dcd65570d84bab119e9b8c2a523e67b02c507affe8bb7fa12d1cc8b",
);

/// When the tokens there are read.
const NOW: i64 = 1_790_000_000;

/// Tokens of a consumer, and its keys. What is believed has one spelling, one algorithm and a signature of the consumer's over all that is read;
/// a key is the same in whichever form it came.
///
/// # Panics
///
/// Where that does not hold.
pub fn relay_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = ConsumerKey::from_text(text) {
        assert!(ConsumerKey::from_hex(&key.to_hex()).is_ok_and(|same| same == key));
    }
    let Ok(token) = Unverified::read(text) else { return };
    assert_eq!(text.matches('.').count(), 2);
    assert!(text.starts_with(token.signed()));
    let Ok(key) = ConsumerKey::from_hex(KEY) else { panic!("the key is one") };
    match token.begins(&key, NOW) {
        Ok(begins) => {
            assert!(!begins.level.ends_with("+idos"));
            assert!(token.asks(&key, NOW).is_err(), "a token is good for one thing");
            assert_eq!(token.begins(&key, NOW + 10_000).err(), Some(TokenFault::Expired));
        }
        Err(TokenFault::Signature) => assert_eq!(token.asks(&key, NOW), Err(TokenFault::Signature)),
        Err(_) => {}
    }
    // Whatever it says, another key has not signed it.
    let altered = format!("{}A.{}", token.signed(), text.rsplit('.').next().unwrap_or_default());
    if let Ok(altered) = Unverified::read(&altered) {
        assert_eq!(altered.begins(&key, NOW).err(), Some(TokenFault::Signature));
    }
}
