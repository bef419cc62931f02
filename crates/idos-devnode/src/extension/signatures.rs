//! `assert_credential_signatures`: the two signatures that a credential is written with. In the next schema, the second one
//! is over the content's URI.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

/// What the two signatures are over, and by whom, as the actions take it.
#[derive(Clone, Copy)]
pub(crate) struct SignedContent<'a> {
    /// Hexadecimal of the Ed25519 key.
    pub(crate) issuer_auth_public_key: Option<&'a str>,
    /// Empty for copies.
    pub(crate) public_notes: Option<&'a str>,
    /// Base64 of 64 bytes, over the notes.
    pub(crate) public_notes_signature: Option<&'a str>,
    pub(crate) covered: Covered<'a>,
    /// Base64 of 64 bytes, over the 64 raw bytes of the notes' signature and what it covers.
    pub(crate) broader_signature: Option<&'a str>,
}

/// What the broader signature covers besides the notes' signature.
#[derive(Clone, Copy)]
pub(crate) enum Covered<'a> {
    /// The raw bytes of the content, which is given in base64.
    Content(Option<&'a str>),
    /// The URI of the content, as UTF-8.
    Uri(Option<&'a str>),
}

impl SignedContent<'_> {
    /// Whether both signatures hold. Whether a real node answers false or fails on malformed input is not
    /// known; here it is false.
    pub(crate) fn is_genuine(&self) -> bool {
        self.check().is_some()
    }

    fn check(&self) -> Option<()> {
        let mut key = [0; 32];
        hex::decode_to_slice(self.issuer_auth_public_key?, &mut key).ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        let notes_signature = signature(self.public_notes_signature?)?;
        let broader_signature = signature(self.broader_signature?)?;
        key.verify_strict(self.public_notes?.as_bytes(), &notes_signature).ok()?;

        let covered = match self.covered {
            Covered::Content(content) => STANDARD.decode(content?).ok()?,
            Covered::Uri(uri) => uri?.as_bytes().to_vec(),
        };
        let message = [&notes_signature.to_bytes(), covered.as_slice()].concat();
        key.verify_strict(&message, &broader_signature).ok()
    }
}

fn signature(base64: &str) -> Option<Signature> {
    Signature::from_slice(&STANDARD.decode(base64).ok()?).ok()
}
