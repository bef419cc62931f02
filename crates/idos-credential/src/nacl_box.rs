//! The cipher of contents, NaCl's `crypto_box`: the key that two X25519 keys agree on, and XSalsa20-Poly1305 under it.
//!
//! Two libraries carry it out, and give the same bytes (docs/decisions/0027-large-contents.md). `RustCrypto`'s, which descends from
//! the one that was audited, agrees on keys, opens everything, and seals what is small. It computes one block of key stream after
//! the other, so that a megabyte takes six times as long as it has to; from [`LARGE`] bytes on, dryoc seals, with vector
//! instructions, once it has shown on this processor that it gives what the other one gives.

use std::sync::OnceLock;

use crypto_box::{PublicKey, SecretKey};
use crypto_secretbox::XSalsa20Poly1305;
use crypto_secretbox::aead::{AeadInPlace as _, KeyInit as _};
use curve25519_dalek::MontgomeryPoint;
use dryoc::classic::crypto_box::crypto_box_detached_afternm;
use salsa20::cipher::consts::U10;
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub(crate) const NONCE: usize = 24;

/// Bytes of the tag, which stands before the ciphertext.
pub(crate) const TAG: usize = 16;

/// From so many bytes on, vector instructions are worth a second library.
const LARGE: usize = 16 * 1024;

/// The key that the owners of two X25519 keys agree on (`crypto_box_beforenm`). Wiped on drop.
pub(crate) struct BoxKey(Zeroizing<[u8; 32]>);

impl BoxKey {
    /// Of `ours` with `theirs`, which is not of low order.
    ///
    /// The secret is multiplied as RFC 7748 (section 5) has it, for every point. `crypto_box::SalsaBox` reduces it first, which
    /// is the same only where `theirs` is a multiple of the base point: another box than the official SDK would make.
    pub(crate) fn agreed(theirs: &PublicKey, ours: &SecretKey) -> Self {
        let ours = Zeroizing::new(ours.to_bytes());
        let shared = Zeroizing::new(MontgomeryPoint(theirs.to_bytes()).mul_clamped(*ours).to_bytes());
        let key = salsa20::hsalsa::<U10>(shared.as_slice().into(), &[0; 16].into());
        Self(Zeroizing::new(key.into()))
    }

    /// Encrypts `plaintext` into `ciphertext`, which is as long, and gives the tag. `None` if it is too long for the cipher.
    pub(crate) fn encrypt(
        &self,
        nonce: &[u8; NONCE],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Option<[u8; TAG]> {
        if plaintext.len() >= LARGE && by_vectors_is_sound() {
            by_vectors(&self.0, nonce, plaintext, ciphertext)
        } else {
            by_blocks(&self.0, nonce, plaintext, ciphertext)
        }
    }

    /// Decrypts in place, if the tag is that of the ciphertext; otherwise nothing is changed.
    pub(crate) fn decrypt(&self, nonce: &[u8; NONCE], tag: &[u8; TAG], ciphertext: &mut [u8]) -> Option<()> {
        let cipher = XSalsa20Poly1305::new(self.0.as_slice().into());
        cipher.decrypt_in_place_detached(nonce.into(), b"", ciphertext, tag.into()).ok()
    }
}

type Key = Zeroizing<[u8; 32]>;

fn by_blocks(key: &Key, nonce: &[u8; NONCE], plaintext: &[u8], ciphertext: &mut [u8]) -> Option<[u8; TAG]> {
    ciphertext.copy_from_slice(plaintext);
    let cipher = XSalsa20Poly1305::new(key.as_slice().into());
    cipher.encrypt_in_place_detached(nonce.into(), b"", ciphertext).ok().map(Into::into)
}

fn by_vectors(key: &Key, nonce: &[u8; NONCE], plaintext: &[u8], ciphertext: &mut [u8]) -> Option<[u8; TAG]> {
    let mut tag = [0; TAG];
    crypto_box_detached_afternm(ciphertext, &mut tag, plaintext, nonce, key).ok()?;
    Some(tag)
}

/// Whether [`by_vectors`] gives on this processor what [`by_blocks`] gives. Found out once, in some two milliseconds.
fn by_vectors_is_sound() -> bool {
    static IS_SOUND: OnceLock<bool> = OnceLock::new();
    *IS_SOUND.get_or_init(|| agrees(by_vectors))
}

type Encrypt = fn(&Key, &[u8; NONCE], &[u8], &mut [u8]) -> Option<[u8; TAG]>;

/// Whether it gives what [`by_blocks`] gives, for lengths that end at many places of the longest run of blocks that a kernel makes
/// at a time (1024 bytes).
fn agrees(candidate: Encrypt) -> bool {
    let (mut key, mut nonce) = (Zeroizing::new([0; 32]), [0; NONCE]);
    (0..48_u8).all(|turn| {
        for (place, byte) in (0_u8..).zip(key.iter_mut().chain(&mut nonce)) {
            *byte = turn.wrapping_mul(167).wrapping_add(place.wrapping_mul(59));
        }
        let length = LARGE + 67 * usize::from(turn);
        let plaintext: Vec<u8> = (0..=u8::MAX).map(|byte| byte ^ turn).cycle().take(length).collect();
        let (mut wanted, mut given) = (vec![0; length], vec![0; length]);
        let tag = by_blocks(&key, &nonce, &plaintext, &mut wanted);
        tag.is_some() && candidate(&key, &nonce, &plaintext, &mut given) == tag && given == wanted
    })
}

#[cfg(test)]
mod tests {
    use crypto_box::SalsaBox;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::{EdwardsPoint, Scalar};
    use dryoc::classic::crypto_box::crypto_box_beforenm;
    use proptest::prelude::*;

    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    fn agreed(theirs: [u8; 32], ours: [u8; 32]) -> [u8; 32] {
        *BoxKey::agreed(&PublicKey::from_bytes(theirs), &SecretKey::from_bytes(ours)).0
    }

    /// "Cryptography in NaCl", sections 4 and 5: the secret keys of Alice and Bob, and `firstkey`.
    #[test]
    fn the_key_is_that_of_nacl() {
        let alice = bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        let public = |secret| SecretKey::from_bytes(secret).public_key().to_bytes();
        let first_key = bytes("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
        assert_eq!(agreed(public(bob), alice), first_key);
        assert_eq!(agreed(public(alice), bob), first_key);
    }

    /// Keys that nobody draws, and that anybody may send: with a part of low order, on the twist, not reduced, with the top bit.
    /// Each is multiplied as RFC 7748 has it.
    #[test]
    fn odd_keys_agree_as_x25519_has_it() {
        let secret = [0xa5; 32];
        let mut keys: Vec<[u8; 32]> = EIGHT_TORSION
            .iter()
            .map(|low| EdwardsPoint::mul_base(&Scalar::from(7_u8)) + low)
            .map(|point| point.to_montgomery().to_bytes())
            .collect();
        let mixed = keys.clone();
        keys.extend((2..40_u8).map(|u| std::array::from_fn(|at| if at == 0 { u } else { 0 })));
        // 2^255 - 19 + 9, and 2^255 - 1.
        keys.extend([0xf6, 0xff].map(|low| {
            std::array::from_fn(|at| match at {
                0 => low,
                31 => 0x7f,
                _ => 0xff,
            })
        }));
        keys.extend(keys.clone().into_iter().map(|mut key| {
            key[31] |= 0x80;
            key
        }));
        for key in &keys {
            let wanted = crypto_box_beforenm(key, &secret).unwrap();
            assert_eq!(agreed(*key, secret), wanted, "{}", hex::encode(key));
        }
        // All of these are the point of the first with a part that the clamped secret takes away.
        assert!(mixed.iter().all(|key| agreed(*key, secret) == agreed(mixed[0], secret)));
    }

    #[test]
    fn what_gives_something_else_is_found() {
        assert!(by_vectors_is_sound());
        assert!(agrees(by_blocks));
        let late: Encrypt = |key, nonce, plaintext, ciphertext| {
            let tag = by_blocks(key, nonce, plaintext, ciphertext);
            if let Some(last) = ciphertext.get_mut(LARGE + 67 * 40) {
                *last ^= 1;
            }
            tag
        };
        let other_tag: Encrypt = |key, nonce, plaintext, ciphertext| {
            by_blocks(key, nonce, plaintext, ciphertext).map(|tag| tag.map(|byte| byte ^ 1))
        };
        let none: Encrypt = |_, _, _, _| None;
        assert!([late, other_tag, none].into_iter().all(|wrong| !agrees(wrong)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

        /// The new way against the old one, at every length and around the place where the libraries change.
        #[test]
        fn boxes_are_those_of_crypto_box(
            secrets in any::<[[u8; 32]; 2]>(),
            nonce in any::<[u8; NONCE]>(),
            length in prop_oneof![0..4096_usize, LARGE - 2..LARGE + 4096, 0..300_000_usize],
            seed in any::<u8>(),
        ) {
            let [theirs, ours] = secrets.map(SecretKey::from_bytes);
            let plaintext: Vec<u8> = (0..=u8::MAX).map(|byte| byte.wrapping_mul(3) ^ seed).cycle().take(length).collect();
            let mut wanted = plaintext.clone();
            let old = SalsaBox::new(&theirs.public_key(), &ours);
            let wanted_tag = old.encrypt_in_place_detached(&nonce.into(), b"", &mut wanted).unwrap();

            let key = BoxKey::agreed(&theirs.public_key(), &ours);
            let mut given = vec![0; length];
            let tag = key.encrypt(&nonce, &plaintext, &mut given).unwrap();
            prop_assert_eq!(tag.as_slice(), wanted_tag.as_slice());
            prop_assert!(given == wanted);
            let mut by_other = vec![0; length];
            prop_assert_eq!(by_vectors(&key.0, &nonce, &plaintext, &mut by_other), Some(tag));
            prop_assert!(by_other == given);

            prop_assert!(BoxKey::agreed(&ours.public_key(), &theirs).decrypt(&nonce, &tag, &mut given).is_some());
            prop_assert!(given == plaintext);
            let mut changed = tag;
            changed[usize::from(seed % 16)] ^= 1 << (seed % 8);
            prop_assert!(key.decrypt(&nonce, &changed, &mut wanted).is_none());
            prop_assert!(wanted == by_other);
        }
    }
}
