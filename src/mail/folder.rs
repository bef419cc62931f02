//! Mails as files of a folder, which something else picks up.

use std::io;
use std::path::PathBuf;

use notice_mail::MessageId;
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use super::outcome::{Cause, Outcome, Stage};

/// A folder.
pub struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// One file for each mail, named after its id, for the process's user alone. It is there whole or not at all, and a mail that
    /// is sent again is the same file.
    pub(super) async fn send(&self, id: &MessageId, bytes: &[u8]) -> Outcome {
        match self.write(id, bytes).await {
            Ok(()) => Outcome::Sent { code: None, enhanced: None },
            Err(_) => Outcome::NotSent { stage: Stage::Message, cause: Cause::Local },
        }
    }

    async fn write(&self, id: &MessageId, bytes: &[u8]) -> io::Result<()> {
        // Not the name that others look for, until all is there.
        let (beside, path) =
            (self.0.join(format!(".{}.part", id.as_str())), self.0.join(format!("{}.eml", id.as_str())));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&beside).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&beside, &path).await?;
        fs::File::open(&self.0).await?.sync_all().await
    }

    /// Whether there is a folder.
    pub(super) async fn test(&self) -> Result<(), Outcome> {
        match fs::metadata(&self.0).await {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            _ => Err(Outcome::NotSent { stage: Stage::Connect, cause: Cause::Local }),
        }
    }
}
