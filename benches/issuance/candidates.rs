//! Libraries beside those that are used, on the same bytes, for whoever looks again at what hashes, signs, encrypts and writes large
//! contents (docs/decisions/0027-large-contents.md). All of them give the same bytes, which is checked before they are measured.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::{PAD, STANDARD};
use crypto_box::aead::AeadInPlace as _;
use crypto_box::{SalsaBox, SecretKey};
use dryoc::classic::crypto_box::{crypto_box_beforenm, crypto_box_detached_afternm};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::Digest as _;

/// A library's function, by the name of what it does and of the library.
pub(crate) type Candidate = (&'static str, Box<dyn FnMut()>);

/// Bytes of a content: those of a credential with 1 MB of files, and with the most that a blob gateway takes.
pub(crate) const LENGTHS: [usize; 2] = [1_310_000, 16_000_000];

/// All, on `length` bytes.
pub(crate) fn all(length: usize) -> Vec<Candidate> {
    let bytes: &'static [u8] = (0..=u8::MAX).cycle().take(length).collect::<Vec<_>>().leak();
    let mut all = hashes(bytes);
    all.extend(signatures(bytes));
    all.extend(ciphers(bytes));
    all.extend(texts(bytes));
    all
}

fn hashes(bytes: &'static [u8]) -> Vec<Candidate> {
    use ring::digest::{SHA256, SHA512, digest};
    assert_eq!(sha2::Sha512::digest(bytes).as_slice(), digest(&SHA512, bytes).as_ref());
    vec![
        (
            "sha256/sha2",
            Box::new(move || {
                black_box(sha2::Sha256::digest(black_box(bytes)));
            }),
        ),
        (
            "sha256/ring",
            Box::new(move || {
                black_box(digest(&SHA256, black_box(bytes)));
            }),
        ),
        (
            "sha512/sha2",
            Box::new(move || {
                black_box(sha2::Sha512::digest(black_box(bytes)));
            }),
        ),
        (
            "sha512/ring",
            Box::new(move || {
                black_box(digest(&SHA512, black_box(bytes)));
            }),
        ),
    ]
}

fn signatures(bytes: &'static [u8]) -> Vec<Candidate> {
    let dalek = SigningKey::from_bytes(&[7; 32]);
    let ring = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let (public, signature) = (dalek.verifying_key(), dalek.sign(bytes));
    assert_eq!(ring.sign(bytes).as_ref(), signature.to_bytes());
    vec![
        (
            "ed25519/dalek",
            Box::new(move || {
                black_box(dalek.sign(black_box(bytes)));
            }),
        ),
        (
            "ed25519/ring",
            Box::new(move || {
                black_box(ring.sign(black_box(bytes)));
            }),
        ),
        (
            "ed25519-check/dalek",
            Box::new(move || public.verify_strict(black_box(bytes), &signature).unwrap()),
        ),
    ]
}

fn ciphers(bytes: &'static [u8]) -> Vec<Candidate> {
    let (user, secret) = (SecretKey::from([9; 32]).public_key(), SecretKey::from([10; 32]));
    let (key, nonce) = (crypto_box_beforenm(user.as_bytes(), &secret.to_bytes()).unwrap(), [1; 24]);
    let slow = SalsaBox::new(&user, &secret);
    let (mut of_slow, mut of_fast, mut tag) = (bytes.to_vec(), bytes.to_vec(), [0; 16]);
    let slow_tag = slow.encrypt_in_place_detached(&nonce.into(), b"", &mut of_slow).unwrap();
    crypto_box_detached_afternm(&mut of_fast, &mut tag, bytes, &nonce, &key).unwrap();
    assert!(of_slow == of_fast && slow_tag.as_slice() == tag);
    vec![
        (
            "xsalsa20poly1305/crypto_box",
            Box::new(move || {
                black_box(slow.encrypt_in_place_detached(&nonce.into(), b"", &mut of_slow)).unwrap();
            }),
        ),
        (
            "xsalsa20poly1305/dryoc",
            Box::new(move || {
                let plaintext = black_box(bytes);
                crypto_box_detached_afternm(&mut of_fast, &mut tag, plaintext, &nonce, &key).unwrap();
            }),
        ),
    ]
}

fn texts(bytes: &'static [u8]) -> Vec<Candidate> {
    let vectors = Simd::standard(PAD);
    let text: &'static str = STANDARD.encode(bytes).leak();
    assert_eq!(vectors.encode(bytes), text);
    let read_by = vectors.clone();
    vec![
        (
            "base64/general",
            Box::new(move || {
                black_box(STANDARD.encode(black_box(bytes)));
            }),
        ),
        (
            "base64/simd",
            Box::new(move || {
                black_box(vectors.encode(black_box(bytes)));
            }),
        ),
        (
            "base64-read/general",
            Box::new(move || {
                let _ = black_box(STANDARD.decode(black_box(text)));
            }),
        ),
        (
            "base64-read/simd",
            Box::new(move || {
                let _ = black_box(read_by.decode(black_box(text)));
            }),
        ),
    ]
}
