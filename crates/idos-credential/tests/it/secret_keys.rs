//! Secret keys in every spelling that people have them in, and what is refused, each for its own reason.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use idos_credential::EncryptionSecret;
use idos_credential::key::{seed_to_jwk, seed_to_multibase};
use idos_credential::secret_key::{Curve, Encoding, SecretKey, SecretKeyError, Spelling, read_bytes};

use Curve::{Ed25519, X25519};
use Encoding::{Base64, Hex, List, Multibase};

/// RFC 8410, section 10.3: the key, and what else it may stand in.
const RFC_8410_V1: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
const RFC_8410_V2: &str = "-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
";
const RFC_8410_SEED: &str = "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842";
const RFC_8410_PUBLIC: &str = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

/// RFC 8037, appendix A.1.
const RFC_8037: &str = r#"{"kty":"OKP","crv":"Ed25519",
"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7748, section 6.1: Alice's.
const ALICE_SECRET: &str = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const ALICE_PUBLIC: &str = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";

fn seed(n: u8) -> [u8; 32] {
    let mut seed = [0; 32];
    for (place, byte) in seed.iter_mut().enumerate() {
        *byte = n.wrapping_mul(31).wrapping_add(u8::try_from(place).unwrap().wrapping_mul(7)) ^ 0x5a;
    }
    seed
}

fn pair(seed: &[u8; 32]) -> Vec<u8> {
    [seed.as_slice(), &Ed25519.public(seed)].concat()
}

fn z(prefix: [u8; 2], bytes: &[u8]) -> String {
    format!("z{}", bs58::encode([&prefix, bytes].concat()).into_string())
}

fn u(prefix: [u8; 2], bytes: &[u8]) -> String {
    format!("u{}", URL_SAFE_NO_PAD.encode([&prefix, bytes].concat()))
}

/// PKCS#8, written by hand so that reader and writer cannot agree on a mistake.
fn pem(oid: u8, secret: &[u8], public: Option<&[u8]>) -> String {
    let version = u8::from(public.is_some());
    let mut inside = vec![2, 1, version, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 4];
    inside.extend([u8::try_from(secret.len() + 2).unwrap(), 4, u8::try_from(secret.len()).unwrap()]);
    inside.extend(secret);
    if let Some(public) = public {
        inside.extend([0x81, u8::try_from(public.len() + 1).unwrap(), 0]);
        inside.extend(public);
    }
    let der = [&[0x30, u8::try_from(inside.len()).unwrap()], inside.as_slice()].concat();
    let mut text = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        writeln!(text, "{}", std::str::from_utf8(line).unwrap()).unwrap();
    }
    text + "-----END PRIVATE KEY-----\n"
}

fn jwk(crv: &str, secret: Option<&[u8]>, public: &[u8]) -> String {
    let d = secret.map(|secret| format!(r#","d":"{}""#, URL_SAFE_NO_PAD.encode(secret))).unwrap_or_default();
    format!(
        r#"{{"kty":"OKP","kid":"1","crv":"{crv}","x":"{}"{d},"use":"any"}}"#,
        URL_SAFE_NO_PAD.encode(public)
    )
}

#[track_caller]
fn good(curve: Curve, text: &str, bytes: &[u8; 32], spelling: Spelling) {
    let key = SecretKey::read(curve, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((key.bytes(), key.spelling()), (bytes, spelling), "{text}");
    let shown = format!("{key} {key:?}");
    for part in [hex::encode(bytes), STANDARD.encode(bytes)] {
        assert!(!shown.contains(&part[4..20]), "{shown}");
    }
}

#[track_caller]
fn bad(curve: Curve, text: &str, error: SecretKeyError) {
    let found = SecretKey::read(curve, text);
    assert_eq!(found.as_ref().err(), Some(&error), "{text}");
    let said = error.to_string();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 19);
    for word in words {
        assert!(!said.contains(word), "{said}");
    }
}

#[test]
fn an_ed25519_key_in_every_spelling() {
    for n in 0..40 {
        let seed = seed(n);
        let both = pair(&seed);
        let public = Ed25519.public(&seed);
        let list = |bytes: &[u8]| serde_json::to_string(bytes).unwrap();
        let v2 = Some(public.as_slice());
        let object = |private: &str| {
            format!(
                r#"{{"issuer":"https://a.example","publicKeyMultibase":"{}","{private}":"{}"}}"#,
                z([0xed, 1], &public),
                *seed_to_multibase(&seed)
            )
        };
        let alone_object = format!(r#"{{"privateKeyMultibase":"{}"}}"#, z([0x80, 0x26], &seed));
        for (text, spelling) in [
            (hex::encode(seed), Spelling::Alone(Hex)),
            (hex::encode_upper(seed), Spelling::Alone(Hex)),
            (format!("0x{}", hex::encode(seed)), Spelling::Alone(Hex)),
            (hex::encode(&both), Spelling::Nacl(Hex)),
            (format!("0X{}", hex::encode_upper(&both)), Spelling::Nacl(Hex)),
            (STANDARD.encode(seed), Spelling::Alone(Base64)),
            (STANDARD_NO_PAD.encode(seed), Spelling::Alone(Base64)),
            (URL_SAFE_NO_PAD.encode(seed), Spelling::Alone(Base64)),
            (STANDARD.encode(&both), Spelling::Nacl(Base64)),
            (URL_SAFE.encode(&both), Spelling::Nacl(Base64)),
            (STANDARD_NO_PAD.encode(&both), Spelling::Nacl(Base64)),
            (list(&seed), Spelling::Alone(List)),
            (list(&both), Spelling::Nacl(List)),
            (z([0x80, 0x26], &both), Spelling::Nacl(Multibase)),
            (z([0x80, 0x26], &seed), Spelling::Alone(Multibase)),
            (u([0x80, 0x26], &both), Spelling::Nacl(Multibase)),
            (u([0x80, 0x26], &seed), Spelling::Alone(Multibase)),
            (seed_to_multibase(&seed).to_string(), Spelling::Nacl(Multibase)),
            (pem(112, &seed, None), Spelling::Pkcs8 { with_public: false }),
            (pem(112, &seed, v2), Spelling::Pkcs8 { with_public: true }),
            (jwk("Ed25519", Some(&seed), &public), Spelling::Jwk),
            (jwk("Ed25519", Some(&both), &public), Spelling::Jwk),
            (seed_to_jwk(&seed).to_string(), Spelling::Jwk),
            (object("privateKeyMultibase"), Spelling::KeyObject { with_public: true }),
            (object("secretKeyMultibase"), Spelling::KeyObject { with_public: true }),
            (alone_object, Spelling::KeyObject { with_public: false }),
        ] {
            good(Ed25519, &text, &seed, spelling);
        }
    }
}

#[test]
fn an_x25519_key_in_every_spelling() {
    for n in 0..40 {
        let secret = seed(n);
        let public = X25519.public(&secret);
        assert_eq!(EncryptionSecret::from_bytes(secret).public().to_base64(), STANDARD.encode(public));
        let object = format!(
            r#"{{"type":"X25519KeyAgreementKey2020","publicKeyMultibase":"{}","privateKeyMultibase":"{}"}}"#,
            z([0xec, 1], &public),
            z([0x82, 0x26], &secret)
        );
        for (text, spelling) in [
            (hex::encode(secret), Spelling::Alone(Hex)),
            (format!("0x{}", hex::encode_upper(secret)), Spelling::Alone(Hex)),
            (STANDARD.encode(secret), Spelling::Alone(Base64)),
            (URL_SAFE_NO_PAD.encode(secret), Spelling::Alone(Base64)),
            (serde_json::to_string(&secret).unwrap(), Spelling::Alone(List)),
            (z([0x82, 0x26], &secret), Spelling::Alone(Multibase)),
            (u([0x82, 0x26], &secret), Spelling::Alone(Multibase)),
            (pem(110, &secret, None), Spelling::Pkcs8 { with_public: false }),
            (pem(110, &secret, Some(&public)), Spelling::Pkcs8 { with_public: true }),
            (jwk("X25519", Some(&secret), &public), Spelling::Jwk),
            (object, Spelling::KeyObject { with_public: true }),
        ] {
            good(X25519, &text, &secret, spelling);
        }
    }
}

/// A seed in base64 may begin with the letter that is also multibase's: the length decides.
#[test]
fn base64_that_begins_like_multibase() {
    for first in [0xcc_u8, 0xcf, 0xb8, 0xbb] {
        let mut seed = seed(1);
        seed[0] = first;
        for (text, spelling) in [
            (STANDARD.encode(seed), Spelling::Alone(Base64)),
            (STANDARD_NO_PAD.encode(seed), Spelling::Alone(Base64)),
            (STANDARD.encode(pair(&seed)), Spelling::Nacl(Base64)),
        ] {
            assert!(text.starts_with(['z', 'u']), "{text}");
            good(Ed25519, &text, &seed, spelling);
        }
        good(X25519, &STANDARD.encode(seed), &seed, Spelling::Alone(Base64));
    }
}

#[test]
fn base64_that_begins_like_hex() {
    let mut bytes = seed(7);
    bytes[..2].copy_from_slice(&[0xd3, 0x1a]);
    let text = STANDARD.encode(bytes);
    assert!(text.starts_with("0x"), "{text}");
    good(X25519, &text, &bytes, Spelling::Alone(Base64));
    good(X25519, text.trim_end_matches('='), &bytes, Spelling::Alone(Base64));
}

#[test]
fn examples_of_the_standards() {
    let seed: [u8; 32] = hex::decode(RFC_8410_SEED).unwrap().try_into().unwrap();
    good(Ed25519, RFC_8410_V1, &seed, Spelling::Pkcs8 { with_public: false });
    good(Ed25519, RFC_8410_V2, &seed, Spelling::Pkcs8 { with_public: true });
    assert_eq!(STANDARD.encode(Ed25519.public(&seed)), RFC_8410_PUBLIC);
    let key = SecretKey::read(Ed25519, RFC_8037).unwrap();
    assert_eq!(hex::encode(key.bytes()), "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    assert_eq!(hex::encode(key.public()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let alice = SecretKey::read(X25519, ALICE_SECRET).unwrap();
    assert_eq!(hex::encode(alice.public()), ALICE_PUBLIC);
}

#[test]
fn what_editors_shells_and_settings_add_means_nothing() {
    let seed = seed(3);
    let both = pair(&seed);
    let wrapped = |text: &str, width: usize, end: &str| {
        let lines: Vec<_> =
            text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join(end)
    };
    let texts = [
        (hex::encode(&both), Spelling::Nacl(Hex)),
        (STANDARD.encode(&both), Spelling::Nacl(Base64)),
        (STANDARD.encode(seed), Spelling::Alone(Base64)),
        (seed_to_multibase(&seed).to_string(), Spelling::Nacl(Multibase)),
        (pem(112, &seed, Some(&Ed25519.public(&seed))), Spelling::Pkcs8 { with_public: true }),
        (jwk("Ed25519", Some(&seed), &Ed25519.public(&seed)), Spelling::Jwk),
    ];
    for (text, spelling) in &texts {
        for dressed in [
            format!("\u{feff}{text}"),
            format!("\u{feff}  {text}\r\n"),
            format!("\r\n\t {text} \r\n\r\n"),
            format!("\"{text}\"\n"),
            format!("'{text}'"),
            format!("\u{feff}' {text} '\r\n"),
            text.replace('\n', "\r\n"),
        ] {
            good(Ed25519, &dressed, &seed, *spelling);
        }
    }
    // As `xxd -p` and `base64` break lines.
    good(Ed25519, &wrapped(&hex::encode(&both), 60, "\n"), &seed, Spelling::Nacl(Hex));
    good(Ed25519, &wrapped(&STANDARD.encode(&both), 76, "\r\n"), &seed, Spelling::Nacl(Base64));
    // As PEM stands in an environment variable, and what becomes of it in a form with one line.
    let pem = pem(112, &seed, Some(&Ed25519.public(&seed)));
    for escaped in [
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\\r\\n"),
        format!("\"{}\"", pem.replace('\n', "\\n")),
        pem.replace('\n', " "),
        format!("Bag Attributes\n    localKeyID: 01\n{pem}"),
    ] {
        good(Ed25519, &escaped, &seed, Spelling::Pkcs8 { with_public: true });
    }
}

#[test]
fn a_public_half_that_is_not_its_own() {
    let (own, other) = (seed(4), seed(5));
    let mixed = [own.as_slice(), &Ed25519.public(&other)].concat();
    let mut damaged = pair(&own);
    damaged[40] ^= 1;
    let reversed = [&Ed25519.public(&own), own.as_slice()].concat();
    for bytes in [&mixed, &damaged, &reversed, &vec![0x0b; 64]] {
        for text in [
            hex::encode(bytes),
            STANDARD.encode(bytes),
            z([0x80, 0x26], bytes),
            serde_json::to_string(bytes).unwrap(),
        ] {
            bad(Ed25519, &text, SecretKeyError::SecondHalf);
        }
    }
    for (curve, crv, oid) in [(Ed25519, "Ed25519", 112), (X25519, "X25519", 110)] {
        let wrong = curve.public(&other);
        bad(curve, &jwk(crv, Some(&own), &wrong), SecretKeyError::PublicHalf);
        bad(curve, &jwk(crv, Some(&own), &wrong[..31]), SecretKeyError::PublicHalf);
        bad(curve, &pem(oid, &own, Some(&wrong)), SecretKeyError::PublicHalf);
    }
    bad(Ed25519, &jwk("Ed25519", Some(&mixed), &Ed25519.public(&other)), SecretKeyError::SecondHalf);
    bad(
        X25519,
        &jwk("X25519", Some(&mixed), &X25519.public(&own)),
        SecretKeyError::Length { encoding: Encoding::Jwk, bytes: 64 },
    );
    let object = format!(
        r#"{{"publicKeyMultibase":"{}","privateKeyMultibase":"{}"}}"#,
        z([0xed, 1], &Ed25519.public(&other)),
        *seed_to_multibase(&own)
    );
    bad(Ed25519, &object, SecretKeyError::PublicHalf);
}

#[test]
fn the_other_curve_is_named() {
    let secret = seed(6);
    for (found, wanted, crv, oid, prefix) in
        [(Ed25519, X25519, "Ed25519", 112, 0x80), (X25519, Ed25519, "X25519", 110, 0x82)]
    {
        let error = SecretKeyError::OtherCurve { found, wanted };
        let public = found.public(&secret);
        bad(wanted, &pem(oid, &secret, None), error);
        bad(wanted, &pem(oid, &secret, Some(&public)), error);
        bad(wanted, &jwk(crv, Some(&secret), &public), error);
        bad(wanted, &z([prefix, 0x26], &secret), error);
        bad(wanted, &u([prefix, 0x26], &secret), error);
        bad(wanted, &format!(r#"{{"secretKeyMultibase":"{}"}}"#, z([prefix, 0x26], &secret)), error);
        assert!(error.to_string().starts_with(&format!("is an {found} key, and an {wanted} key is wanted")));
    }
    // 64 bytes of which the second half belongs to the first can be nothing else.
    let error = SecretKeyError::OtherCurve { found: Ed25519, wanted: X25519 };
    bad(X25519, &hex::encode(pair(&secret)), error);
    bad(X25519, &STANDARD.encode(pair(&secret)), error);
    bad(X25519, &seed_to_multibase(&secret), error);
    // Any others are simply too many.
    bad(X25519, &hex::encode([9; 64]), SecretKeyError::Length { encoding: Hex, bytes: 64 });
}

#[test]
fn public_keys_are_no_secrets() {
    let secret = seed(7);
    for (curve, crv, prefix) in [(Ed25519, "Ed25519", 0xed), (X25519, "X25519", 0xec)] {
        let public = curve.public(&secret);
        bad(curve, &z([prefix, 1], &public), SecretKeyError::PublicKey);
        bad(curve, &u([prefix, 1], &public), SecretKeyError::PublicKey);
        bad(curve, &jwk(crv, None, &public), SecretKeyError::PublicKey);
        let object = format!(r#"{{"publicKeyMultibase":"{}"}}"#, z([prefix, 1], &public));
        bad(curve, &object, SecretKeyError::PublicKey);
        bad(curve, ED25519_PUBLIC_PEM, SecretKeyError::PublicKey);
    }
}

#[test]
fn pem_of_something_else() {
    for (text, error) in [
        (EC_PKCS8, SecretKeyError::OtherAlgorithm("EC")),
        (EC_SEC1, SecretKeyError::OtherAlgorithm("EC")),
        (ED448, SecretKeyError::OtherAlgorithm("Ed448")),
        (X448, SecretKeyError::OtherAlgorithm("X448")),
        (ENCRYPTED, SecretKeyError::Encrypted),
    ] {
        bad(Ed25519, text, error);
        bad(X25519, text, error);
    }
    let relabelled = |label: &str| RFC_8410_V1.replace("PRIVATE KEY", label);
    for (label, error) in [
        ("RSA PRIVATE KEY", SecretKeyError::OtherAlgorithm("RSA")),
        ("OPENSSH PRIVATE KEY", SecretKeyError::OpenSsh),
        ("RSA PUBLIC KEY", SecretKeyError::PublicKey),
        ("CERTIFICATE", SecretKeyError::NotAKey),
        ("SOMETHING", SecretKeyError::NotAKey),
    ] {
        bad(Ed25519, &relabelled(label), error);
    }
    bad(Ed25519, &format!("{RFC_8410_V1}{RFC_8410_V2}"), SecretKeyError::Several);
    bad(Ed25519, &format!("{RFC_8410_V1}{ED25519_PUBLIC_PEM}"), SecretKeyError::Several);
    let secret = seed(8);
    for text in [
        RFC_8410_V1.replace("MC4C", "MC5C"),
        RFC_8410_V1.replace("NTuct", "NT*ct"),
        RFC_8410_V1.replace("VhC\n", "Vh\n"),
        RFC_8410_V1.replace("-----END PRIVATE KEY-----", ""),
        RFC_8410_V1.replace("END PRIVATE", "END PUBLIC"),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_owned(),
        "-----BEGIN PRIVATE KEY".to_owned(),
        pem(112, &secret[..31], None),
        pem(112, &pair(&secret), None),
    ] {
        bad(Ed25519, &text, SecretKeyError::Pem);
    }
    // A public half of a wrong length is not its own.
    bad(Ed25519, &pem(112, &secret, Some(&[1; 31])), SecretKeyError::PublicHalf);
}

#[test]
fn json_of_something_else() {
    let secret = seed(9);
    let public = Ed25519.public(&secret);
    let jwk = jwk("Ed25519", Some(&secret), &public);
    for (text, error) in [
        (jwk.replace("OKP", "EC"), SecretKeyError::OtherAlgorithm("EC")),
        (jwk.replace("OKP", "RSA"), SecretKeyError::OtherAlgorithm("RSA")),
        (jwk.replace("OKP", "oct"), SecretKeyError::OtherAlgorithm("symmetric")),
        (jwk.replace("Ed25519", "Ed448"), SecretKeyError::OtherAlgorithm("Ed448")),
        (jwk.replace("Ed25519", "P-256"), SecretKeyError::Json),
        (jwk.replace("\"kty\":\"OKP\",", ""), SecretKeyError::Json),
        (jwk.replace("\"crv\":\"Ed25519\",", ""), SecretKeyError::Json),
        (jwk.replace("\"x\"", "\"y\""), SecretKeyError::Json),
        (jwk.replace("\"kid\"", "\"kty\""), SecretKeyError::Json),
        (jwk.replace("\"kid\"", "\"privateKeyMultibase\""), SecretKeyError::Json),
        (
            jwk.replace(&URL_SAFE_NO_PAD.encode(secret), "AAAA"),
            SecretKeyError::Length { encoding: Encoding::Jwk, bytes: 3 },
        ),
        (jwk.replace(&URL_SAFE_NO_PAD.encode(secret), "????"), SecretKeyError::Json),
        (format!("{{\"keys\":[{jwk}]}}"), SecretKeyError::JwkSet),
        ("{}".to_owned(), SecretKeyError::Json),
        ("{".to_owned(), SecretKeyError::Json),
        (format!("{jwk}{jwk}"), SecretKeyError::Json),
        ("[1,2,3]".to_owned(), SecretKeyError::Length { encoding: List, bytes: 3 }),
        ("[1,256]".to_owned(), SecretKeyError::Json),
        ("[\"a\"]".to_owned(), SecretKeyError::Json),
        (r#"{"privateKeyMultibase":"zzz"}"#.to_owned(), SecretKeyError::Multibase),
    ] {
        bad(Ed25519, &text, error);
    }
}

#[test]
fn what_is_no_key_says_how() {
    let length = |encoding, bytes| SecretKeyError::Length { encoding, bytes };
    for curve in [Ed25519, X25519] {
        for (text, error) in [
            (String::new(), SecretKeyError::Empty),
            (" \r\n".to_owned(), SecretKeyError::Empty),
            ("\u{feff}".to_owned(), SecretKeyError::Empty),
            ("\"\"".to_owned(), SecretKeyError::Empty),
            ("0".repeat(64), SecretKeyError::Zero),
            (STANDARD.encode([0; 32]), SecretKeyError::Zero),
            (format!("0x{}", "0".repeat(64)), SecretKeyError::Zero),
            ("ab".repeat(31), length(Hex, 31)),
            ("ab".repeat(33), length(Hex, 33)),
            ("ab".repeat(48), length(Hex, 48)),
            ("ab".repeat(65), length(Hex, 65)),
            ("12".to_owned(), length(Hex, 1)),
            ("ab".repeat(31) + "a", SecretKeyError::OddHex),
            ("a".repeat(43), SecretKeyError::OddHex),
            ("ab".repeat(31) + "ag", SecretKeyError::NotHex),
            ("ab".repeat(63) + "a.", SecretKeyError::NotHex),
            ("0x".to_owned(), SecretKeyError::NotHex),
            ("0xyz".to_owned(), SecretKeyError::NotHex),
            ("0x\"".to_owned() + &"ab".repeat(32), SecretKeyError::NotHex),
            (STANDARD.encode([7; 16]), length(Base64, 16)),
            (STANDARD.encode([7; 31]), length(Base64, 31)),
            (STANDARD.encode([7; 33]), length(Base64, 33)),
            // The last character stands for bits that are not there.
            (STANDARD.encode([7; 32]).replace("c=", "d="), SecretKeyError::Unknown),
            (STANDARD.encode([7; 32]) + &STANDARD.encode([8; 32]), SecretKeyError::Unknown),
            ("correct horse battery staple!".to_owned(), SecretKeyError::Unknown),
            ("schlüssel".to_owned(), SecretKeyError::Unknown),
            ("z".to_owned(), SecretKeyError::Multibase),
            ("z0OIl".to_owned(), SecretKeyError::Multibase),
            (format!("z{}", "1".repeat(4000)), SecretKeyError::Multibase),
            (z([0x12, 0x20], &[7; 32]), SecretKeyError::Multibase),
        ] {
            bad(curve, &text, error);
        }
    }
    bad(Ed25519, &z([0x80, 0x26], &[7; 33]), length(Multibase, 33));
}

#[test]
fn a_secret_of_no_curve() {
    let secret = seed(2);
    for text in [
        hex::encode(secret),
        format!("\u{feff}0x{}\r\n", hex::encode_upper(secret)),
        format!("\"{}\"", STANDARD.encode(secret)),
        URL_SAFE_NO_PAD.encode(secret),
    ] {
        assert_eq!(*read_bytes(&text).unwrap(), secret, "{text}");
    }
    for (text, error) in [
        ("", SecretKeyError::Empty),
        ("00", SecretKeyError::Length { encoding: Hex, bytes: 1 }),
        (&*"00".repeat(32), SecretKeyError::Zero),
        (&*"ab".repeat(64), SecretKeyError::Length { encoding: Hex, bytes: 64 }),
        (RFC_8410_V1, SecretKeyError::Unknown),
        // 43 characters of base64url, by the letters.
        ("-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SecretKeyError::Unknown),
    ] {
        assert_eq!(read_bytes(text), Err(error), "{text}");
    }
}

const ED25519_PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";
const ED448: &str = "-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEOSGRPvgLBULJ2ca8cYALaga7CSI9QV0dku/mgoJDAxJc
yrun9gx8ZYe4krf7Bo2ZsbMEhyJSvz4KDA==
-----END PRIVATE KEY-----
";
const X448: &str = "-----BEGIN PRIVATE KEY-----
MEYCAQAwBQYDK2VvBDoEOBjT3DTgGWOurgKX9O4gpyOH9NJW6hUVrlaPex0czBdR
f9hQQiA2ZWC95hsYZEr512wSa0HobGLR
-----END PRIVATE KEY-----
";
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgsb+84LRDQ/wICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJB/4O/KypltxUy7PdpV/1IEQKZm
n6ynVMQOLfuH4HPstBjnf8NKckPA7CYLVDIudUS0aQ5Acf0Wo18jTKSevt28pyS/
lnxthrdqdynWDxzRXtQ=
-----END ENCRYPTED PRIVATE KEY-----
";
const EC_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRY0I9M7ZbagNkAaH
sWSBQr5CqnOzSayzNsaxxsPvP0yhRANCAATa2jt0PoUFKk5fGwg9udbt9efHxngp
wrJHxfgJgdL4OmFqyxc2zgMOL5qU51ZJF82ez4oFzlsrlnBywqhzXecB
-----END PRIVATE KEY-----
";
const EC_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIEbAbE2vcXg16tTn5eiYyPKIEsRxTVB0wrYvjfiDH8DHoAoGCCqGSM49
AwEHoUQDQgAEA41jGDwoWnBcsSu2HNTLdeqpofWONt2zjFMeuIqMImcyxPAWT3RS
E8ROwL38ku3EO7+jM7nzl/GmV3jkLy87ig==
-----END EC PRIVATE KEY-----
";
