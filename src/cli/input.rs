//! What commands read: a file, or standard input for `-`.

use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

/// Longest input, in bytes: above any encrypted credential that a blob gateway takes, also in base64.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// An input that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error("{0} cannot be read")]
    Unreadable(String, #[source] std::io::Error),
    #[error("{0} is longer than 32 MiB")]
    TooLong(String),
}

/// Reads all of `path`. Wiped on drop: it may be about a person.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, InputError> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    match read {
        Err(error) => Err(InputError::Unreadable(name, error)),
        Ok(length) if length as u64 > MAX_BYTES => Err(InputError::TooLong(name)),
        Ok(_) => Ok(bytes),
    }
}
