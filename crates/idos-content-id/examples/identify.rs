//! The identifier of a content, at once and piece by piece.

use std::error::Error;

use idos_content_id::{ContentId, Hasher};

fn main() -> Result<(), Box<dyn Error>> {
    let id = ContentId::of(b"hi")?;
    assert_eq!(id.uri(), "ipfs://bafkreiepinbumzepnoln7co5vea4kf3lcctnqolb3u6bvsellgznymt2uq");
    assert_eq!(ContentId::from_uri(&id.uri())?, id);

    // As the bytes come in: it keeps 32 bytes for each leaf, and no content.
    let mut hasher = Hasher::new();
    hasher.update(b"h");
    hasher.update(b"i");
    assert_eq!(hasher.finish()?, (id, 2));
    Ok(())
}
