//! Keys that an issuer has already, put into its key files.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::VerificationKey;
use idos_credential::key::seed_to_multibase;
use idos_credential::secret_key::{Curve, SecretKey};
use zeroize::Zeroizing;

use super::files::{self, Over};
use super::{KeysError, load_key};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Signs credentials.
    Signing,
    /// Writes to the node.
    Write,
    /// Opens the issuer's own copies.
    Encryption,
}

impl Use {
    /// Which kind of key does that.
    #[must_use]
    pub fn curve(self) -> Curve {
        match self {
            Self::Signing | Self::Write => Curve::Ed25519,
            Self::Encryption => Curve::X25519,
        }
    }

    /// The setting's name: `signing`, `write` or `encryption`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Write => "write",
            Self::Encryption => "encryption",
        }
    }

    /// The public half, as others ask for it: multibase (`z6Mk…`), hex, base64.
    #[must_use]
    pub fn public(self, key: &SecretKey) -> String {
        let public = key.public();
        match self {
            Self::Signing => match VerificationKey::from_bytes(&public) {
                Ok(key) => key.to_multibase(),
                Err(_) => hex::encode(public), // no secret has such a public half
            },
            Self::Write => hex::encode(public),
            Self::Encryption => STANDARD.encode(public),
        }
    }

    /// Whether a text names the public half in any spelling that `keys show` prints.
    fn names(self, key: &SecretKey, text: &str) -> bool {
        let names = [Use::Signing, Use::Write, Use::Encryption].map(|name| name.public(key));
        match self.curve() {
            Curve::Ed25519 => {
                let text = text.strip_prefix("did:key:").unwrap_or(text);
                let [multibase, hex, _] = names;
                text == multibase || text.eq_ignore_ascii_case(&hex)
            }
            Curve::X25519 => {
                let [_, hex, base64] = names;
                text == base64 || text.eq_ignore_ascii_case(&hex)
            }
        }
    }
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The file was made.
    Made,
    /// It took the place of the key with this public half.
    Replaced(String),
    /// The file holds this key already: nothing was written.
    WasThere,
}

/// Puts a key into a file for its owner alone. A key that is there is given up only if `replace` names it by its public
/// half.
pub fn import(what: Use, key: &SecretKey, file: &Path, replace: Option<&str>) -> Result<Imported, KeysError> {
    let text = match what.curve() {
        Curve::Ed25519 => seed_to_multibase(key.bytes()),
        Curve::X25519 => Zeroizing::new(STANDARD.encode(key.bytes())),
    };
    // Also a symbolic link that leads nowhere is there.
    if file.symlink_metadata().is_err() {
        return match replace {
            Some(_) => Err(KeysError::OtherThanNamed(file.to_owned())),
            None => files::write(file, &text, Over::Nothing).map(|()| Imported::Made),
        };
    }
    let there = load_key(what.curve(), file)
        .map_err(|error| KeysError::InTheWay(file.to_owned(), Box::new(error)))?;
    let public = what.public(&there);
    match replace {
        _ if there.bytes() == key.bytes() => Ok(Imported::WasThere),
        None => Err(KeysError::Occupied { file: file.to_owned(), public }),
        Some(named) if what.names(&there, named) => {
            files::write(file, &text, Over::TheFile).map(|()| Imported::Replaced(public))
        }
        Some(_) => Err(KeysError::OtherThanNamed(file.to_owned())),
    }
}
