//! Where a service of `dev` or `demo` keeps everything.

use std::io;
use std::path::{Path, PathBuf};

use rand::RngCore;

/// A folder that only its owner may enter.
pub(super) struct Folder {
    root: PathBuf,
    /// Whether it outlives the service.
    is_kept: bool,
}

impl Folder {
    /// The folder `kept`, made if it is not there, or a fresh one that is gone at the end.
    pub(super) fn new(kept: Option<&Path>, rng: &mut dyn RngCore) -> io::Result<Self> {
        let root = match kept {
            Some(path) => std::path::absolute(path)?,
            None => std::env::temp_dir().join(format!("idos-issuer-{:016x}", rng.next_u64())),
        };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(kept.is_some());
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&root)?;
        Ok(Self { root, is_kept: kept.is_some() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The folder beside a kept one, with this ending. The database server of a local network may run as another user,
    /// who may not enter this one.
    pub(super) fn beside(&self, ending: &str) -> Option<PathBuf> {
        let mut name = self.root.clone().into_os_string();
        name.push(ending);
        self.is_kept.then_some(PathBuf::from(name))
    }

    /// Leaves it behind: kept, or gone.
    pub(super) fn leave(self) {
        drop(self);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = std::fs::remove_dir_all(&self.root)
        {
            tracing::warn!("{} is left behind: {error}", self.root.display());
        }
    }
}
