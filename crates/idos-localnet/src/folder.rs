//! Where a network's files are.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rand::Rng;

/// Removes a temporary folder when its input ends, which happens however the process at the other end of it ends. The
/// database server is told to stop in that moment too, and is given ten seconds.
const CARETAKER: &str = r#"
cat >/dev/null
tick=0
while ls "$1"/postgres*/data/postmaster.pid >/dev/null 2>&1 && [ $tick -lt 100 ]; do
  sleep 0.1
  tick=$((tick + 1))
done
rm -rf -- "$1"
"#;

/// A folder: a kept one, or a temporary one that is removed when this is dropped, or when this process dies.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// There for a temporary folder.
    caretaker: Option<Child>,
}

impl Folder {
    /// A folder that stays; made if absent.
    pub(crate) fn kept(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let folder = Self { path: path.canonicalize()?, caretaker: None };
        folder.let_others_through()?;
        Ok(folder)
    }

    /// A new folder among the system's temporary ones.
    pub(crate) fn temporary() -> io::Result<Self> {
        let name = format!("idos-localnet.{}", hex::encode(rand::thread_rng().r#gen::<[u8; 8]>()));
        let path = std::env::temp_dir().canonicalize()?.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        let mut folder = Self { path, caretaker: None };
        let caretaker = Command::new("sh")
            .args(["-c", CARETAKER, "sh"])
            .arg(&folder.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // A ctrl-c at the terminal is not meant for it.
            .process_group_of_its_own()
            .spawn()?;
        folder.caretaker = Some(caretaker);
        folder.let_others_through()?;
        Ok(folder)
    }

    /// The path, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database server of a root process runs as another user, who must get to its folder. What lies beside it has
    /// permissions of its own.
    fn let_others_through(&self) -> io::Result<()> {
        if rustix::process::geteuid().is_root() {
            fs::set_permissions(&self.path, Permissions::from_mode(0o711))?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let Some(mut caretaker) = self.caretaker.take() else { return };
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::debug!(%error, "The temporary folder is left to its caretaker");
        }
        drop(caretaker.stdin.take());
        if let Err(error) = caretaker.wait() {
            tracing::debug!(%error, "The caretaker of the temporary folder is gone");
        }
    }
}

/// [`std::os::unix::process::CommandExt::process_group`] with its meaning in its name.
pub(crate) trait OwnGroup {
    /// Signals that are sent to our process group do not reach the process.
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        std::os::unix::process::CommandExt::process_group(self, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_and_a_kept_one_stays() {
        let temporary = Folder::temporary().unwrap();
        let path = temporary.path().to_owned();
        fs::write(path.join("file"), "").unwrap();
        drop(temporary);
        assert!(!path.exists());

        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("a/b");
        drop(Folder::kept(&path).unwrap());
        assert!(path.exists());
    }
}
