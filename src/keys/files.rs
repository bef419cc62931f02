//! Secrets, written into files: whole or not at all, and for their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};

use rand::RngCore as _;
use rand::rngs::OsRng;

use super::KeysError;

/// What may be in the way of a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Nothing: what is there stays.
    Nothing,
    /// The file that is there. Where the path is a symbolic link, that is the file behind it.
    TheFile,
}

/// Stores a secret, as one line. Folders that are missing are made.
pub(super) fn write(path: &Path, secret: &str, over: Over) -> std::result::Result<(), KeysError> {
    place(path, secret, over).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists if over == Over::Nothing => KeysError::Exists(path.to_owned()),
        _ => KeysError::File(path.to_owned(), error),
    })
}

fn place(path: &Path, secret: &str, over: Over) -> Result<()> {
    let path = if over == Over::TheFile { path.canonicalize()? } else { path.to_owned() };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let beside = Temporary(folder.join(format!(".key-{:016x}", OsRng.next_u64())));
    fill(&beside.0, secret)?;
    match over {
        Over::TheFile => std::fs::rename(&beside.0, &path)?,
        // Unlike renaming, this fails where something is there.
        Over::Nothing => match std::fs::hard_link(&beside.0, &path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => fill(&path, secret)?, // a file system without links
            linked => linked?,
        },
    }
    drop(beside);
    // So that the name also outlives a power cut. Not every file system can do that for a folder.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Makes a file that was not there.
fn fill(path: &Path, secret: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// A file that is gone afterwards, unless it has become another one.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
