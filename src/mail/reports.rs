//! Reports of mails that came back: a folder into which something else puts them, one file each, such as `new` of a Maildir.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncReadExt as _;

/// The most that is read of a report, in bytes. What is cut off of a report is the mail that came back.
const MOST: u64 = 1024 * 1024;

/// A folder with reports.
#[derive(Clone, Debug)]
pub struct Reports(PathBuf);

impl Reports {
    /// The reports in a folder.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// At most `limit` files that are there. Those whose names begin with a dot are not there yet.
    pub async fn list(&self, limit: usize) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut entries = fs::read_dir(&self.0).await?;
        while let Some(entry) = entries.next_entry().await? {
            let is_hidden = entry.file_name().as_encoded_bytes().first() == Some(&b'.');
            // A link could lead to any file, which would then be deleted as read.
            if !is_hidden && entry.file_type().await?.is_file() {
                found.push(entry.path());
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// What a file holds; `None` if it is gone: somebody else has read it.
    pub async fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let file = match fs::File::open(path).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes).await?;
        Ok(Some(bytes))
    }

    /// Deletes a file that has been read.
    pub async fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
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
        let reports = Reports::of(&folder);
        let found = reports.list(10).await.unwrap();
        assert_eq!(found, [folder.join("one")]);
        assert_eq!(reports.read(&found[0]).await.unwrap().as_deref(), Some(&b"one"[..]));
        reports.remove(&found[0]).await.unwrap();
        reports.remove(&found[0]).await.unwrap();
        assert_eq!(reports.read(&found[0]).await.unwrap(), None);
        assert_eq!(reports.list(10).await.unwrap(), Vec::<PathBuf>::new());
        fs::remove_dir_all(&folder).await.unwrap();
        assert!(reports.list(10).await.is_err());
    }
}
