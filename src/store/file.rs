//! The file of an SQLite database: whether it is there and can be used, found out at once and said in words that name it.
//!
//! A file that is missing is never made by the way: where a volume is not mounted, an empty database in its place would
//! take requests as if nothing had ever been issued.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use tokio::io::AsyncReadExt as _;

use super::StoreError;

/// The first bytes of every file of SQLite 3 (its documentation: Database File Format, 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How a connection is set up. What is deleted is overwritten, also inside pages that stay; nothing is put into other files
/// but the write-ahead log, which `forget_traces` empties.
pub(super) const SETUP: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; \
     PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000;";

/// Why the file of the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// Nothing is there.
    #[error(
        "there is no database at {0}. If there should be one, see whether its volume is mounted and database.url is right; a \
         new one is made by idos-issuer migrate --create"
    )]
    Missing(PathBuf),
    /// Nothing is in it.
    #[error(
        "the file {0} is empty, and no database. If there should be one, put it back from its backup; a new one is made by \
         idos-issuer migrate --create"
    )]
    Empty(PathBuf),
    /// Nor is its folder.
    #[error("there is no folder {0} for the database")]
    NoFolder(PathBuf),
    /// A folder, a socket or the like.
    #[error("{0} is no file, and so no database")]
    NotAFile(PathBuf),
    /// A file of something else, or a damaged one.
    #[error("{0} is no SQLite database, or a damaged one")]
    NotADatabase(PathBuf),
    /// Permissions of the file, or of a folder on the way to it.
    #[error("the database {0} cannot be opened for reading and writing")]
    Forbidden(PathBuf, #[source] io::Error),
    /// SQLite cannot write beside the file.
    #[error(
        "nothing can be written in the folder {0}, and SQLite keeps its log beside the database: it needs write \
         permission, on a file system that is not mounted read-only"
    )]
    ReadOnlyFolder(PathBuf),
    /// The file alone.
    #[error("the database {0} cannot be written to")]
    ReadOnly(PathBuf),
    /// No room, or a disk that fails.
    #[error("the disk on which {0} lies is full, or fails")]
    Disk(PathBuf),
}

/// The file that a URL names; `None` for a database in memory.
pub(super) fn path_of(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok()?;
    let path = options.get_filename();
    let is_in_memory = url.contains(":memory:") || url.contains("mode=memory");
    (!is_in_memory).then(|| path.to_owned())
}

/// Sees to it that the file is there and can be written to. With `create`, one that is missing is made, for its owner
/// alone; what SQLite makes beside it has the same mode.
pub(super) async fn prepare(url: &str, create: bool) -> Result<(), StoreError> {
    let Some(path) = path_of(url) else { return Ok(()) };
    look(&path, create).await?;
    let tried = try_writing(url).await;
    match tried {
        Err(error) => match fault(&path, &error).await {
            Some(fault) => Err(fault.into()),
            // Locked by others, for example: those who wait longer will see.
            None => Ok(()),
        },
        Ok(()) => Ok(()),
    }
}

async fn look(path: &Path, create: bool) -> Result<(), FileFault> {
    let folder = folder_of(path);
    let metadata = match tokio::fs::metadata(path).await {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match tokio::fs::metadata(&folder).await {
                Err(error) if error.kind() == ErrorKind::NotFound => Err(FileFault::NoFolder(folder)),
                _ if create => make(path).await,
                _ => Err(FileFault::Missing(path.to_owned())),
            };
        }
        Err(error) => return Err(FileFault::Forbidden(path.to_owned(), error)),
    };
    if !metadata.is_file() {
        return Err(FileFault::NotAFile(path.to_owned()));
    }
    if metadata.len() == 0 {
        return if create { Ok(()) } else { Err(FileFault::Empty(path.to_owned())) };
    }
    let mut first = [0; MAGIC.len()];
    let file = tokio::fs::File::open(path).await;
    let mut file = file.map_err(|error| FileFault::Forbidden(path.to_owned(), error))?;
    match file.read_exact(&mut first).await {
        Ok(_) if first == *MAGIC => Ok(()),
        _ => Err(FileFault::NotADatabase(path.to_owned())),
    }
}

async fn make(path: &Path) -> Result<(), FileFault> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    match options.open(path).await {
        Ok(_) => Ok(()),
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                FileFault::ReadOnlyFolder(folder_of(path))
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FileFault::Disk(path.to_owned()),
            _ => FileFault::Forbidden(path.to_owned(), error),
        }),
    }
}

/// One connection of its own: a pool would try for as long as it may wait, and then say only that it has waited.
async fn try_writing(url: &str) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect(url).await?;
    connection.execute(SETUP).await?;
    connection.execute("BEGIN IMMEDIATE").await?;
    connection.execute("ROLLBACK").await?;
    connection.close().await
}

/// What SQLite means (its documentation: Result and Error Codes); `None` where time may mend it.
async fn fault(path: &Path, error: &sqlx::Error) -> Option<FileFault> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    match code & 0xff {
        11 | 26 => Some(FileFault::NotADatabase(path.to_owned())), // CORRUPT, NOTADB
        10 | 13 => Some(FileFault::Disk(path.to_owned())),         // IOERR, FULL
        // PERM, READONLY, CANTOPEN: of the file itself, or of what lies beside it?
        3 | 8 | 14 => match tokio::fs::OpenOptions::new().read(true).write(true).open(path).await {
            Ok(_) => Some(FileFault::ReadOnlyFolder(folder_of(path))),
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                Some(FileFault::ReadOnlyFolder(folder_of(path)))
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Some(FileFault::ReadOnly(path.to_owned()))
            }
            Err(error) => Some(FileFault::Forbidden(path.to_owned(), error)),
        },
        _ => None, // such as BUSY and LOCKED
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
