//! `open`: a sealed content, opened.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use idos_content_id::ContentId;
use idos_credential::sealing::SealError;

use super::{Outcome, input, output};
use crate::keys::load_encryption_secret;

/// Opens the `content` of a row, or what a blob gateway gives for the `content_uri` of one. What is in it goes to standard
/// output, byte for byte, and nothing else does. Exit code 0 where it opens; 1 where it is well formed but does not open with
/// this key, was changed, or is not what `--content-uri` names; 2 where the content or a key cannot be read.
#[derive(Args)]
pub(super) struct Open {
    /// The content: base64 of nonce and box, as it stands in a row, or the bytes themselves, as a blob gateway has them. `-` reads
    /// standard input.
    file: PathBuf,
    /// A file with the reader's X25519 secret, in any spelling that `keys import` reads; for its owner alone.
    #[arg(long, value_name = "FILE")]
    secret_key_file: PathBuf,
    /// The row's `encryptor_public_key`, in base64.
    #[arg(long, value_name = "KEY")]
    encryptor_public_key: String,
    /// The row's `content_uri`, which the bytes have to be those of.
    #[arg(long, value_name = "URI")]
    content_uri: Option<String>,
}

impl Open {
    pub(super) fn run(self) -> Outcome {
        let read = input::read(&self.file)?;
        // Bytes of a cipher are no text: the shortest content has 40 of them.
        let content = match std::str::from_utf8(&read) {
            Ok(text) => STANDARD.decode(text.trim()).map_err(|_| SealError::Content)?,
            Err(_) => read.to_vec(),
        };
        if let Some(uri) = &self.content_uri {
            let wanted = ContentId::from_uri(uri).map_err(|error| format!("--content-uri {error}"))?;
            if ContentId::of(&content) != Ok(wanted) {
                output::hint("not opened: the content is not the one that --content-uri names.");
                return Ok(false);
            }
        }
        let secret = load_encryption_secret(&self.secret_key_file)?;
        match secret.open_bytes(content, self.encryptor_public_key.trim()) {
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
