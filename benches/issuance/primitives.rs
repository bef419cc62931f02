//! The bare primitives on bytes of the same lengths: what nobody can save who writes this format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::{PublicKey, SalsaBox, SecretKey};
use dryoc::classic::crypto_box::{crypto_box_beforenm, crypto_box_detached_afternm};
use ed25519_dalek::{Signer as _, SigningKey};
use idos_credential::base85;
use idos_credential::contents::BASE64;
use rand::RngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use std::hint::black_box;

use crate::work::Work;

pub(crate) struct Bare {
    files: Vec<Vec<u8>>,
    /// As long as the credential's text; the canonical document is about as long.
    text: Vec<u8>,
    /// As long as 64 bytes of signature and a sealed content.
    sealed: Vec<u8>,
    /// As long as the transaction's payload.
    payload: Vec<u8>,
    key: SigningKey,
    user: PublicKey,
    shared_key: [u8; 32],
}

impl Bare {
    pub(crate) fn of(work: &Work) -> Self {
        let signed = work.sign(work.evidence());
        let text = vec![b'x'; signed.text().len()];
        let prepared = work.transaction(&work.seal(signed));
        let json: serde_json::Value = serde_json::from_slice(prepared.transaction_json()).unwrap();
        let payload = STANDARD.decode(json.pointer("/body/payload").unwrap().as_str().unwrap()).unwrap();
        let user = SecretKey::generate(&mut OsRng).public_key();
        let secret = SecretKey::generate(&mut OsRng);
        Self {
            files: work.files().into_iter().map(<[u8]>::to_vec).collect(),
            sealed: vec![b'x'; 64 + 24 + 16 + text.len()],
            text,
            payload,
            key: SigningKey::from_bytes(&[7; 32]),
            shared_key: crypto_box_beforenm(user.as_bytes(), &secret.to_bytes()).unwrap(),
            user,
        }
    }

    /// Where contents are kept at a blob gateway: what the transaction holds is small.
    pub(crate) fn by_reference(work: &Work) -> Self {
        let (sealed, announcement) = work.whole_by_reference(work.evidence());
        let size = usize::try_from(sealed.original().content().reference().unwrap().size).unwrap();
        let (user, secret) = (SecretKey::generate(&mut OsRng).public_key(), SecretKey::generate(&mut OsRng));
        Self {
            files: work.files().into_iter().map(<[u8]>::to_vec).collect(),
            text: vec![b'x'; size - 40],
            sealed: vec![b'x'; size],
            payload: announcement.transaction_json().to_vec(),
            key: SigningKey::from_bytes(&[7; 32]),
            shared_key: crypto_box_beforenm(user.as_bytes(), &secret.to_bytes()).unwrap(),
            user,
        }
    }

    /// All primitives that the issue of a credential at a blob gateway cannot do without: no content is signed, or base64.
    pub(crate) fn run_by_reference(&self) {
        self.base85();
        self.sha256();
        self.identifiers();
        self.agreements();
        self.boxes();
        self.small_signatures();
        self.small_signatures();
    }

    /// The identifiers of both contents: SHA-256 of their leaves.
    pub(crate) fn identifiers(&self) {
        for _ in 0..2 {
            for leaf in black_box(&self.sealed).chunks(idos_content_id::LEAF) {
                black_box(Sha256::digest(leaf));
            }
        }
    }

    /// All primitives that the issue of a credential cannot do without.
    pub(crate) fn run(&self) {
        self.base85();
        self.sha256();
        self.signatures();
        self.agreements();
        self.boxes();
        self.base64();
    }

    /// The same with the four signatures over short texts: proof, two over public notes, transaction.
    pub(crate) fn run_with_small_signatures(&self) {
        self.run();
        self.small_signatures();
    }

    /// Each primitive by itself.
    #[expect(clippy::type_complexity, reason = "a list of names and functions")]
    pub(crate) fn parts() -> [(&'static str, fn(&Self)); 7] {
        [
            ("base85", Self::base85),
            ("sha256", Self::sha256),
            ("ed25519-content", Self::signatures),
            ("ed25519-small", Self::small_signatures),
            ("x25519", Self::agreements),
            ("xsalsa20poly1305", Self::boxes),
            ("base64", Self::base64),
        ]
    }

    fn base85(&self) {
        for file in &self.files {
            black_box(base85::encode(black_box(file)));
        }
    }

    /// The canonical document, the credential's text, the payload (for the signed text), the transaction (for its
    /// hash).
    fn sha256(&self) {
        for bytes in [&self.text, &self.text, &self.payload, &self.payload] {
            black_box(Sha256::digest(black_box(bytes)));
        }
    }

    fn signatures(&self) {
        for _ in 0..2 {
            black_box(self.key.sign(black_box(&self.sealed)));
        }
    }

    fn small_signatures(&self) {
        for _ in 0..4 {
            black_box(self.key.sign(black_box(&[7; 128])));
        }
    }

    /// Two ephemeral key pairs, their public halves and the agreements.
    fn agreements(&self) {
        for _ in 0..2 {
            let secret = SecretKey::generate(&mut OsRng);
            black_box(secret.public_key());
            black_box(SalsaBox::new(black_box(&self.user), &secret));
        }
    }

    /// By the fastest library: `candidates` has another one.
    pub(crate) fn boxes(&self) {
        for _ in 0..2 {
            let mut nonce = [0; 24];
            OsRng.fill_bytes(&mut nonce);
            let (mut out, mut tag) = (vec![0; self.text.len()], [0; 16]);
            crypto_box_detached_afternm(&mut out, &mut tag, black_box(&self.text), &nonce, &self.shared_key)
                .unwrap();
            black_box((out, tag));
        }
    }

    fn base64(&self) {
        for bytes in [&self.sealed, &self.sealed, &self.payload] {
            black_box(BASE64.encode(black_box(bytes)));
        }
    }
}
