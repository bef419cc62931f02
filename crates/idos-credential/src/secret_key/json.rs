//! JSON: a JSON Web Key, a key object with multibase in it, or a list of bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::text::{public_multibase, secret_multibase};
use super::{Curve, Encoding, SecretKeyError, Spelling, matching, of_bytes, wanted};

/// Members that say something about the key. Others (`kid`, `use`, `id`, `controller`, …) mean nothing here.
#[derive(Deserialize)]
struct Members {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    d: Option<Zeroizing<String>>,
    keys: Option<IgnoredAny>,
    #[serde(rename = "privateKeyMultibase")]
    private: Option<Zeroizing<String>>,
    /// The name in Multikey.
    #[serde(rename = "secretKeyMultibase")]
    secret: Option<Zeroizing<String>>,
    #[serde(rename = "publicKeyMultibase")]
    public: Option<String>,
}

pub(super) fn read(curve: Curve, text: &str) -> Result<(Zeroizing<[u8; 32]>, Spelling), SecretKeyError> {
    if text.starts_with('[') {
        let bytes: Zeroizing<Vec<u8>> = serde_json::from_str(text).map_err(|_| SecretKeyError::Json)?;
        return of_bytes(curve, &bytes, Encoding::List);
    }
    let members: Members = serde_json::from_str(text).map_err(|_| SecretKeyError::Json)?;
    match &members {
        Members { keys: Some(_), .. } => Err(SecretKeyError::JwkSet),
        Members { kty: Some(kty), private: None, secret: None, public: None, .. } => {
            Ok((jwk(curve, kty, &members)?, Spelling::Jwk))
        }
        Members { kty: None, private: Some(secret), secret: None, public, .. }
        | Members { kty: None, private: None, secret: Some(secret), public, .. } => {
            let (secret, _) = secret_multibase(curve, secret)?;
            if let Some(public) = public {
                matching(curve, &secret, &public_multibase(curve, public)?)?;
            }
            Ok((secret, Spelling::KeyObject { with_public: public.is_some() }))
        }
        Members { kty: None, private: None, secret: None, public: Some(_), .. } => {
            Err(SecretKeyError::PublicKey)
        }
        _ => Err(SecretKeyError::Json),
    }
}

/// RFC 8037, section 2.
fn jwk(curve: Curve, kty: &str, members: &Members) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    match kty {
        "OKP" => {}
        "EC" => return Err(SecretKeyError::OtherAlgorithm("EC")),
        "RSA" => return Err(SecretKeyError::OtherAlgorithm("RSA")),
        "oct" => return Err(SecretKeyError::OtherAlgorithm("symmetric")),
        _ => return Err(SecretKeyError::Json),
    }
    match members.crv.as_deref() {
        Some("Ed25519") => wanted(Curve::Ed25519, curve)?,
        Some("X25519") => wanted(Curve::X25519, curve)?,
        Some("Ed448") => return Err(SecretKeyError::OtherAlgorithm("Ed448")),
        Some("X448") => return Err(SecretKeyError::OtherAlgorithm("X448")),
        _ => return Err(SecretKeyError::Json),
    }
    let public = members.x.as_ref().ok_or(SecretKeyError::Json)?;
    let secret = members.d.as_ref().ok_or(SecretKeyError::PublicKey)?;
    let decode =
        |text: &str| URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| SecretKeyError::Json);
    // 32 bytes; but `@digitalbazaar/ed25519-multikey` writes the 64 of an nacl key.
    let (secret, _) = of_bytes(curve, &decode(secret)?, Encoding::Jwk)?;
    matching(curve, &secret, &decode(public)?)?;
    Ok(secret)
}
