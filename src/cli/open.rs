//! `open`: a sealed content, opened.

use std::path::PathBuf;

use clap::Args;

use idos_credential::sealing::SealError;

use super::{Outcome, input, output};
use crate::keys::load_encryption_secret;

/// Opens the `content` of a row. What is in it goes to standard output, byte for byte, and nothing else does. Exit
/// code 0 where it opens; 1 where it is well formed but does not open with this key, or was changed; 2 where the
/// content or a key cannot be read.
#[derive(Args)]
pub(super) struct Open {
    /// The content: base64 of nonce and box, as it stands in idOS. `-` reads standard input.
    file: PathBuf,
    /// A file with the reader's X25519 secret, in any spelling that `keys import` reads; for its owner alone.
    #[arg(long, value_name = "FILE")]
    secret_key_file: PathBuf,
    /// The row's `encryptor_public_key`, in base64.
    #[arg(long, value_name = "KEY")]
    encryptor_public_key: String,
}

impl Open {
    pub(super) fn run(self) -> Outcome {
        let content = input::read(&self.file)?;
        let content = std::str::from_utf8(&content).map_err(|_| "the content must be base64")?;
        let secret = load_encryption_secret(&self.secret_key_file)?;
        match secret.open(content.trim(), self.encryptor_public_key.trim()) {
            Ok(plaintext) => {
                output::bytes(&plaintext)?;
                Ok(true)
            }
            Err(SealError::DoesNotOpen) => {
                output::hint(
                    "not opened: the content does not open with this key. It was sealed for another reader or by \
                     another encryptor, or it was changed; the cipher does not tell which.",
                );
                Ok(false)
            }
            Err(unreadable) => Err(unreadable.into()),
        }
    }
}
