//! What a file is.

use idos_file_type::FileType;

fn main() {
    let photo = b"\xff\xd8\xff\xe0 and so on";
    assert_eq!(FileType::of(photo).map(FileType::media_type), Some("image/jpeg"));
    assert_eq!(FileType::of(b"<html>"), None);
}
