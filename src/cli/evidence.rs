//! A result that is read from a file, with images beside it.

use std::io::Read as _;
use std::path::Path;

use idos_credential::Kind;
use idos_credential::claim::MAX_FILE_BYTES;
use uuid::Uuid;

use crate::model::evidence::Evidence;

/// Reads the result of `kind` about a user in the file `path`. Files that it names lie beside it.
pub(super) fn of_file(
    kind: Kind,
    path: &Path,
    user_id: Uuid,
) -> Result<Evidence, Box<dyn std::error::Error>> {
    let text = read(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut read_file = |name: &str| {
        // A name, not a path: a result must not reach into the rest of the disk.
        let is_name = Path::new(name).components().count() == 1 && Path::new(name).file_name().is_some();
        if !is_name {
            return Err("must name a file that lies beside the result");
        }
        let path = folder.join(name);
        // Neither a link to elsewhere nor a pipe that never ends.
        if !std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            return Err("names a file that is not there, or is no plain file");
        }
        read(&path).map_err(|_| "names a file that cannot be read, or is larger than 16 MiB")
    };
    Ok(Evidence::parse(kind, &text, &user_id.to_string(), &mut read_file)?)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = MAX_FILE_BYTES as u64;
    if std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)? as u64 > most {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "larger than 16 MiB"));
    }
    Ok(bytes)
}
