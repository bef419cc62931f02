//! PKCS#8 in PEM.

use pkcs8::der::Decode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::{ObjectIdentifier, PrivateKeyInfo, SecretDocument};
use zeroize::Zeroizing;

use super::{Curve, SecretKeyError, Spelling, matching, wanted};

/// RFC 8410, section 3.
const CURVES: [(ObjectIdentifier, Curve); 2] = [
    (ObjectIdentifier::new_unwrap("1.3.101.112"), Curve::Ed25519),
    (ObjectIdentifier::new_unwrap("1.3.101.110"), Curve::X25519),
];

/// Keys that people have besides: RFC 8017, RFC 5480, RFC 8410.
const OTHERS: [(ObjectIdentifier, &str); 4] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"), "RSA"),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"), "EC"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "Ed448"),
    (ObjectIdentifier::new_unwrap("1.3.101.111"), "X448"),
];

pub(super) const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

pub(super) fn read(curve: Curve, text: &str) -> Result<(Zeroizing<[u8; 32]>, Spelling), SecretKeyError> {
    let text = Zeroizing::new(text.replace("\\r", "").replace("\\n", "\n"));
    if text.matches(BEGIN).count() > 1 {
        return Err(SecretKeyError::Several);
    }
    let block = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(DASHES));
    let (label, rest) = block.ok_or(SecretKeyError::Pem)?;
    match label {
        "PRIVATE KEY" => {}
        "ENCRYPTED PRIVATE KEY" => return Err(SecretKeyError::Encrypted),
        "OPENSSH PRIVATE KEY" => return Err(SecretKeyError::OpenSsh),
        "RSA PRIVATE KEY" => return Err(SecretKeyError::OtherAlgorithm("RSA")),
        "EC PRIVATE KEY" => return Err(SecretKeyError::OtherAlgorithm("EC")),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(SecretKeyError::PublicKey),
        _ => return Err(SecretKeyError::NotAKey),
    }
    let (body, end) = rest.split_once(DASHES).ok_or(SecretKeyError::Pem)?;
    if !end.starts_with("END PRIVATE KEY-----") {
        return Err(SecretKeyError::Pem);
    }
    let (_, document) = SecretDocument::from_pem(&wrapped(body)).map_err(|_| SecretKeyError::Pem)?;
    of_document(curve, &document)
}

/// The block with lines of 64 characters, as RFC 7468 wants it: on its way through a setting or a form, it may have
/// lost its line breaks, or found others.
fn wrapped(body: &str) -> Zeroizing<String> {
    let mut block = Zeroizing::new(String::with_capacity(body.len() * 2 + 64));
    block.push_str("-----BEGIN PRIVATE KEY-----\n");
    for (n, c) in body.chars().filter(|c| !c.is_ascii_whitespace()).enumerate() {
        if n > 0 && n % 64 == 0 {
            block.push('\n');
        }
        block.push(c);
    }
    block.push_str("\n-----END PRIVATE KEY-----\n");
    block
}

fn of_document(
    curve: Curve,
    document: &SecretDocument,
) -> Result<(Zeroizing<[u8; 32]>, Spelling), SecretKeyError> {
    let info: PrivateKeyInfo<'_> = document.decode_msg().map_err(|_| SecretKeyError::Pem)?;
    let oid = info.algorithm.oid;
    let Some((_, found)) = CURVES.iter().find(|(of, _)| *of == oid) else {
        let name =
            OTHERS.iter().find(|(of, _)| *of == oid).map_or("none that is known here", |(_, name)| name);
        return Err(SecretKeyError::OtherAlgorithm(name));
    };
    wanted(*found, curve)?;
    // Section 3: no parameters; section 7: the secret is an OCTET STRING inside the OCTET STRING.
    if info.algorithm.parameters.is_some() {
        return Err(SecretKeyError::Pem);
    }
    let secret = OctetStringRef::from_der(info.private_key).map_err(|_| SecretKeyError::Pem)?;
    let secret: [u8; 32] = secret.as_bytes().try_into().map_err(|_| SecretKeyError::Pem)?;
    let secret = Zeroizing::new(secret);
    if let Some(public) = info.public_key {
        matching(curve, &secret, public)?;
    }
    Ok((secret, Spelling::Pkcs8 { with_public: info.public_key.is_some() }))
}
