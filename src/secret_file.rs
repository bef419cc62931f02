//! Files that hold secrets: who may read and write them, and how they are read.
//!
//! The rule is PostgreSQL's for the key of a server (documentation of `ssl_key_file`), since platforms mount secrets so
//! that it holds: a file that belongs to the process's user is for that user alone (0600 or stricter); one that belongs
//! to root may also be read by a group (0640 or stricter), which must be one of the process's own. So it is in a volume
//! that Kubernetes makes of a Secret with `fsGroup`, whose files are `root:fsGroup` and 0440. Symbolic links, of which
//! such a volume consists, are followed; what counts is the file behind them.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Longest secret that is read, in bytes: no key, URL or token comes near it.
pub const MAX_BYTES: u64 = 16 * 1024;

/// Why a secret file was not read. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// Not there.
    #[error("{0} is not there")]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{0} cannot be read")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// Not a file, but a folder, pipe or device.
    #[error("{0} is not a file")]
    NotAFile(PathBuf),
    /// Somebody could read or change it who should not, or the process cannot.
    #[error("{path} {exposure} ({})", .exposure.cure(path))]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Whose it is, and who may do what.
        exposure: Exposure,
    },
    /// Too long for a secret.
    #[error("{0} is longer than 16 KiB, which no secret is")]
    TooLong(PathBuf),
    /// Bytes that are no text.
    #[error("{0} {1}")]
    NotText(PathBuf, NotText),
}

/// Bytes that are no text in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// As some shells and editors of Windows write it.
    #[error("is a text in UTF-16: save it as UTF-8")]
    Utf16,
    /// Such as a key in DER.
    #[error("is not a text in UTF-8")]
    Binary,
}

impl NotText {
    /// The text that the bytes are.
    pub fn refuse(bytes: &[u8]) -> Result<&str, Self> {
        let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        std::str::from_utf8(bytes).map_err(|_| if is_utf16 { Self::Utf16 } else { Self::Binary })
    }
}

impl SecretFileError {
    /// What to do about it, in one line.
    #[must_use]
    pub fn cure(&self) -> String {
        match self {
            Self::Missing(path) => format!("put {} there", path.display()),
            Self::Unreadable(path, _) => {
                format!("let the service's user read {}, and enter its folders", path.display())
            }
            Self::Exposed { path, exposure } => exposure.cure(path),
            Self::NotAFile(path) | Self::TooLong(path) | Self::NotText(path, _) => {
                format!("put the right file at {}, from your backup", path.display())
            }
        }
    }
}

/// How a file's owner, group and mode break the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// What is wrong.
    pub fault: Fault,
    /// The file's owner, group and permissions.
    pub file: Ownership,
    /// The effective user of the process.
    pub user: u32,
}

/// Whose a file is, and who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The owner's number.
    pub owner: u32,
    /// The group's number.
    pub group: u32,
    /// The permissions: the last nine bits of the mode.
    pub mode: u32,
}

/// Which part of the rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Everybody may do something.
    Others,
    /// It belongs to the process's user, and its group may do something.
    Group,
    /// It belongs to root, and its group may write or execute it.
    GroupWrites,
    /// It belongs to root, and a group may read it that the process is not in.
    ForeignGroup,
    /// It belongs to somebody else.
    ForeignOwner,
    /// It belongs to root, who alone may read it.
    RootAlone,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ownership { owner, group, mode } = self.file;
        match self.fault {
            Fault::Others => write!(f, "can be read by others than its owner: its mode is {mode:04o}"),
            Fault::Group => {
                write!(
                    f,
                    "can be read by others than its owner: its mode is {mode:04o}, and it belongs to "
                )?;
                write!(f, "the user of this process ({owner}), who alone may read it then")
            }
            Fault::GroupWrites => {
                write!(f, "can be changed by others than its owner, those of group {group}: ")?;
                write!(f, "its mode is {mode:04o}")
            }
            Fault::ForeignGroup => {
                write!(
                    f,
                    "can be read by group {group} (its mode is {mode:04o}), of which this process is no "
                )?;
                write!(f, "member; it belongs to root, and its group must be one of this process's")
            }
            Fault::ForeignOwner => {
                write!(
                    f,
                    "belongs to user {owner}, who is neither root nor the user of this process ({})",
                    self.user
                )
            }
            Fault::RootAlone => {
                write!(f, "belongs to root, who alone may read it (its mode is {mode:04o}); ")?;
                write!(f, "this process is user {}", self.user)
            }
        }
    }
}

impl Exposure {
    /// What to do about it, in one line.
    #[must_use]
    pub fn cure(&self, path: &Path) -> String {
        const KUBERNETES: &str =
            "in Kubernetes: the Secret volume's defaultMode: 0440, and the pod's fsGroup";
        let path = path.display();
        match self.fault {
            Fault::Others | Fault::GroupWrites if self.is_mounted() => {
                format!("chmod 440 {path}; {KUBERNETES}")
            }
            Fault::Others | Fault::Group | Fault::GroupWrites => format!("chmod 600 {path}"),
            Fault::ForeignGroup | Fault::RootAlone if self.user != 0 => {
                format!("give {path} a group of this process, and mode 0440; {KUBERNETES}")
            }
            Fault::ForeignGroup | Fault::RootAlone => {
                format!("run this as the service's user, or chmod 600 {path}")
            }
            Fault::ForeignOwner => {
                format!(
                    "run this as the file's owner, or chown {path} to the user of this process and chmod 600 it"
                )
            }
        }
    }

    /// Whether it looks like a file that a platform has put there for the process.
    fn is_mounted(&self) -> bool {
        self.file.owner == 0 && self.user != 0
    }
}

/// Who the process is.
#[cfg(any(unix, test))]
struct Process {
    user: u32,
    groups: Vec<u32>,
}

#[cfg(any(unix, test))]
impl Process {
    /// Whether this process may use a secret of such a file.
    fn judge(&self, file: Ownership) -> Result<(), Exposure> {
        let Ownership { owner, group, mode } = file;
        let broken = |fault| Err(Exposure { fault, file, user: self.user });
        if mode & 0o007 != 0 {
            broken(Fault::Others)
        } else if owner == 0 {
            match mode & 0o070 {
                0 => Ok(()),
                0o040 if self.groups.contains(&group) => Ok(()),
                0o040 => broken(Fault::ForeignGroup),
                _ => broken(Fault::GroupWrites),
            }
        } else if owner == self.user {
            if mode & 0o070 == 0 { Ok(()) } else { broken(Fault::Group) }
        } else if self.user == 0 && mode & 0o070 == 0 {
            // Root looks at what is the service's, such as by `sudo idos-issuer doctor`.
            Ok(())
        } else {
            broken(Fault::ForeignOwner)
        }
    }
}

/// Reads a secret: a text, without a byte order mark and white space around it. Wiped on drop.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => SecretFileError::Missing(path.to_owned()),
        _ => SecretFileError::Unreadable(path.to_owned(), error),
    };
    // Opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(SecretFileError::NotAFile(path.to_owned()));
    }
    // Before it is opened, since the rule tells more than the kernel's refusal, and on the file that was opened.
    judge(path, &metadata)?;
    let file = File::open(path).map_err(|error| refused(path, &metadata).unwrap_or_else(|| failed(error)))?;
    judge(path, &file.metadata().map_err(failed)?)?;
    // Room enough beforehand, or growing would leave copies behind.
    let room = usize::try_from(metadata.len().min(MAX_BYTES)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SecretFileError::TooLong(path.to_owned()));
    }
    let text = NotText::refuse(&bytes).map_err(|error| SecretFileError::NotText(path.to_owned(), error))?;
    Ok(Zeroizing::new(text.trim_start_matches('\u{feff}').trim().to_owned()))
}

#[cfg(unix)]
fn judge(path: &Path, metadata: &Metadata) -> Result<(), SecretFileError> {
    let judged = Process::this().judge(Ownership::of(metadata));
    judged.map_err(|exposure| SecretFileError::Exposed { path: path.to_owned(), exposure })
}

/// Why the kernel does not let us read what the rule would: only root may.
#[cfg(unix)]
fn refused(path: &Path, metadata: &Metadata) -> Option<SecretFileError> {
    let (user, file) = (Process::this().user, Ownership::of(metadata));
    let is_roots = file.owner == 0 && user != 0 && file.mode & 0o040 == 0;
    let exposure = Exposure { fault: Fault::RootAlone, file, user };
    is_roots.then(|| SecretFileError::Exposed { path: path.to_owned(), exposure })
}

#[cfg(unix)]
impl Process {
    fn this() -> Self {
        use rustix::process::{Gid, getegid, geteuid, getgroups};

        let mut groups: Vec<u32> = getgroups().unwrap_or_default().into_iter().map(Gid::as_raw).collect();
        // It need not be among the supplementary ones.
        groups.push(getegid().as_raw());
        Self { user: geteuid().as_raw(), groups }
    }
}

#[cfg(unix)]
impl Ownership {
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self { owner: metadata.uid(), group: metadata.gid(), mode: metadata.mode() & 0o777 }
    }
}

// Elsewhere who may read a file is not said by numbers.
#[cfg(not(unix))]
fn judge(_: &Path, _: &Metadata) -> Result<(), SecretFileError> {
    Ok(())
}

#[cfg(not(unix))]
fn refused(_: &Path, _: &Metadata) -> Option<SecretFileError> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(user: u32, groups: &[u32], owner: u32, group: u32, mode: u32) -> Option<Fault> {
        let process = Process { user, groups: groups.to_vec() };
        process.judge(Ownership { owner, group, mode }).err().map(|exposure| exposure.fault)
    }

    #[test]
    fn secrets_as_platforms_mount_them() {
        // Kubernetes with fsGroup: the group is a supplementary one, or also the primary one.
        for groups in [&[65532][..], &[0, 65532], &[1000, 7, 65532]] {
            for mode in [0o440, 0o640, 0o400, 0o600] {
                assert_eq!(fault(65532, groups, 0, 65532, mode), None, "{groups:?} {mode:o}");
            }
        }
        // OpenShift: any user, in the group 0, with and without an fsGroup.
        for mode in [0o440, 0o640] {
            assert_eq!(fault(1_000_650_000, &[0, 1_000_650_000], 0, 0, mode), None);
            assert_eq!(fault(1_000_650_000, &[0, 1_000_650_000], 0, 1_000_650_000, mode), None);
        }
        // A container that runs as root.
        assert_eq!(fault(0, &[0, 65532], 0, 65532, 0o440), None);
        assert_eq!(fault(0, &[0], 0, 0, 0o600), None);
    }

    #[test]
    fn whatever_else_is_refused_by_its_own_name() {
        for mode in [0o444, 0o644, 0o604, 0o601, 0o602, 0o666, 0o777, 0o447] {
            for owner in [0, 65532, 1000] {
                assert_eq!(fault(65532, &[65532], owner, 65532, mode), Some(Fault::Others), "{mode:o}");
            }
        }
        for mode in [0o440, 0o640, 0o660, 0o620, 0o610] {
            assert_eq!(fault(65532, &[65532], 65532, 65532, mode), Some(Fault::Group), "{mode:o}");
        }
        for mode in [0o460, 0o660, 0o450, 0o420, 0o410, 0o470] {
            assert_eq!(fault(65532, &[65532], 0, 65532, mode), Some(Fault::GroupWrites), "{mode:o}");
        }
        for mode in [0o440, 0o640] {
            assert_eq!(fault(65532, &[65532], 0, 0, mode), Some(Fault::ForeignGroup));
            assert_eq!(fault(65532, &[65532], 0, 1000, mode), Some(Fault::ForeignGroup));
            assert_eq!(fault(0, &[0], 0, 65532, mode), Some(Fault::ForeignGroup));
        }
        for mode in [0o400, 0o600, 0o440, 0o640, 0o660] {
            assert_eq!(fault(65532, &[65532], 1000, 65532, mode), Some(Fault::ForeignOwner), "{mode:o}");
        }
        // Root looks at what is the service's, and at nothing that a group can read besides.
        assert_eq!(fault(0, &[0], 65532, 65532, 0o600), None);
        assert_eq!(fault(0, &[0], 65532, 0, 0o640), Some(Fault::ForeignOwner));
    }

    #[test]
    fn each_fault_has_its_words_and_its_cure() {
        let file = |owner, mode| Ownership { owner, group: 7, mode };
        for (fault, owner, user, mode, said, cure) in [
            (
                Fault::Others,
                65532,
                65532,
                0o644,
                "read by others than its owner: its mode is 0644",
                "chmod 600 a.key",
            ),
            (Fault::Others, 0, 65532, 0o644, "its mode is 0644", "chmod 440 a.key; in Kubernetes"),
            (Fault::Group, 65532, 65532, 0o640, "the user of this process (65532)", "chmod 600 a.key"),
            (
                Fault::GroupWrites,
                0,
                65532,
                0o660,
                "changed by others than its owner, those of group 7",
                "chmod 440 a.key",
            ),
            (Fault::ForeignGroup, 0, 65532, 0o440, "read by group 7", "fsGroup"),
            (
                Fault::ForeignGroup,
                0,
                0,
                0o440,
                "of which this process is no member",
                "run this as the service's user",
            ),
            (Fault::ForeignOwner, 1000, 65532, 0o600, "belongs to user 1000", "chown a.key"),
            (Fault::RootAlone, 0, 65532, 0o400, "this process is user 65532", "fsGroup"),
        ] {
            let exposure = Exposure { fault, file: file(owner, mode), user };
            assert!(exposure.to_string().contains(said), "{exposure}");
            assert!(
                exposure.cure(Path::new("a.key")).contains(cure),
                "{}",
                exposure.cure(Path::new("a.key"))
            );
        }
    }
}
