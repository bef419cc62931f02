//! The captured vectors.

use std::fs;
use std::sync::LazyLock;

use idos_client::Signer;
use idos_wallet::{EvmKey, NearKey, WalletKey, XrplKey};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha512};

/// What the real JavaScript client sent and received.
pub(crate) static KWIL: LazyLock<Json> = LazyLock::new(|| read("kwil.json"));

pub(crate) fn read(name: &str) -> Json {
    let path = format!("{}/../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The vectors of a kind, `execute` or `call`.
pub(crate) fn of_kind(kind: &str) -> impl Iterator<Item = &'static Json> {
    KWIL["vectors"].as_array().unwrap().iter().filter(move |vector| vector["kind"] == kind)
}

pub(crate) fn vector(id: &str) -> &'static Json {
    KWIL["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap()
}

pub(crate) fn text<'a>(json: &'a Json, member: &str) -> &'a str {
    json[member].as_str().unwrap_or_else(|| panic!("no text {member}"))
}

/// The key of the vectors' issuer.
pub(crate) fn issuer() -> Signer {
    Signer::from_seed(&bytes(text(&KWIL["keys"], "issuer_signing_seed_hex")))
}

/// The signer of a transaction vector.
pub(crate) fn signer_of(vector: &Json) -> Signer {
    match text(vector, "signature_type") {
        "ed25519" => issuer(),
        "secp256k1_ep" => {
            let key = text(&KWIL["wallet_proofs"]["evm"], "private_key");
            WalletKey::Evm(EvmKey::from_seed(bytes(key.trim_start_matches("0x")))).into()
        }
        "nep413" => {
            WalletKey::Near(NearKey::from_seed(bytes(text(&KWIL["keys"], "issuer_signing_seed_hex")))).into()
        }
        "xrpl" => {
            let seed = text(&KWIL["wallet_proofs"]["xrpl_ed25519"], "seed");
            WalletKey::Xrpl(XrplKey::ed25519_from_seed(xrpl_private_key(seed))).into()
        }
        other => panic!("no key for {other}"),
    }
}

pub(crate) fn bytes<const N: usize>(hex_digits: &str) -> [u8; N] {
    hex::decode(hex_digits).unwrap().try_into().unwrap()
}

/// An XRPL seed `sEd…`: three bytes of prefix, sixteen of entropy; the key is half of the entropy's SHA-512.
fn xrpl_private_key(seed: &str) -> [u8; 32] {
    let seed = bs58::decode(seed).with_alphabet(bs58::Alphabet::RIPPLE).with_check(None).into_vec().unwrap();
    assert_eq!(seed.len(), 19);
    Sha512::digest(&seed[3..])[..32].try_into().unwrap()
}
