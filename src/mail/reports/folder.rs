//! Reports in a folder into which something else puts them, one file each, such as `new` of a Maildir.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncReadExt as _;

use super::MOST;
use super::error::ReportsError;

/// A folder with reports.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// At most `limit` files that are there.
    pub(super) async fn open(&self, limit: usize) -> Result<Reading, ReportsError> {
        let waiting = self.list(limit).await.map_err(ReportsError::Folder)?;
        Ok(Reading { waiting, current: None })
    }

    /// Those whose names begin with a dot are not there yet.
    async fn list(&self, limit: usize) -> io::Result<VecDeque<PathBuf>> {
        let mut found = VecDeque::new();
        let mut entries = fs::read_dir(&self.0).await?;
        while let Some(entry) = entries.next_entry().await? {
            let is_hidden = entry.file_name().as_encoded_bytes().first() == Some(&b'.');
            // A link could lead to any file, which would then be deleted as read.
            if !is_hidden && entry.file_type().await?.is_file() {
                found.push_back(entry.path());
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}

/// What is read in one go.
pub(super) struct Reading {
    waiting: VecDeque<PathBuf>,
    current: Option<PathBuf>,
}

impl Reading {
    /// What the next file holds. One that is gone was read by somebody else.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, ReportsError> {
        while let Some(path) = self.waiting.pop_front() {
            match read(&path).await {
                Ok(bytes) => {
                    self.current = Some(path);
                    return Ok(Some(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(ReportsError::Unreadable(Some(error))),
            }
        }
        Ok(None)
    }

    /// Deletes the file that was read last.
    pub(super) async fn settle(&mut self) -> Result<(), ReportsError> {
        let Some(path) = self.current.take() else { return Ok(()) };
        match fs::remove_file(path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ReportsError::Unmarkable(Some(error)))
            }
            _ => Ok(()),
        }
    }
}

async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path).await?.take(MOST as u64).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reports_are_files_that_are_whole() {
        let folder = std::env::temp_dir().join(format!("idos-issuer-reports-{:016x}", rand::random::<u64>()));
        fs::create_dir_all(folder.join("folder")).await.unwrap();
        for name in ["one", ".two.part"] {
            fs::write(folder.join(name), name).await.unwrap();
        }
        std::os::unix::fs::symlink(folder.join(".two.part"), folder.join("link")).unwrap();
        let reports = Folder::of(&folder);
        let (mut first, mut second) = (reports.open(10).await.unwrap(), reports.open(10).await.unwrap());
        assert_eq!(first.waiting, [folder.join("one")]);
        assert_eq!(first.next().await.unwrap().as_deref(), Some(&b"one"[..]));
        first.settle().await.unwrap();
        first.settle().await.unwrap();
        assert_eq!(first.next().await.unwrap(), None);
        assert_eq!(second.next().await.unwrap(), None, "somebody else has read it");
        assert!(reports.open(10).await.unwrap().waiting.is_empty());
        fs::remove_dir_all(&folder).await.unwrap();
        assert!(matches!(reports.open(10).await, Err(ReportsError::Folder(_))));
    }
}
