//! Files of results: where they are fetched from, and what is taken.

use identity_vendors::{Answer, Base, Fault, Finding, LARGEST_FILE, MediaReference, Outcome};
use serde_json::json;

use crate::recorded::{Conversation, NOW, all, patch};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";

fn media(conversation: &Conversation) -> Vec<MediaReference> {
    match conversation.run() {
        Ok(Finding { outcome: Outcome::Approved(person), .. }) => person.media.clone(),
        other => panic!("{}: {other:?}", conversation.name),
    }
}

/// As the vendor would answer with a file.
fn body(conversation: &Conversation, file: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    if conversation.vendor.name() == "complycube" {
        serde_json::to_vec(&json!({"id": "i", "data": STANDARD.encode(file)})).unwrap()
    } else {
        file.to_vec()
    }
}

#[test]
fn every_request_for_a_file_is_as_recorded() {
    for recorded in all() {
        let mut seen = 0;
        for conversation in recorded.approved() {
            let Some(expected) = conversation.expected["files"].as_object() else { continue };
            seen += 1;
            let media = media(&conversation);
            let shown: Vec<_> = media.iter().map(|media| media.shows.as_str()).collect();
            let mut wanted: Vec<_> = expected.keys().map(String::as_str).collect();
            let mut sorted = shown.clone();
            sorted.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(sorted, wanted, "{}", conversation.name);
            for media in &media {
                let request = recorded.vendor.media_request(&conversation.account, media, NOW).unwrap();
                let base = match request.base {
                    Base::Api => "api".to_owned(),
                    Base::Tokens => "tokens".to_owned(),
                    Base::Files(n) => conversation.account.files[n].as_url(),
                };
                let asked = format!("{} {base} {}", request.method.as_str(), *request.path);
                assert_eq!(json!(asked), expected[media.shows.as_str()], "{}", conversation.name);
                // No key goes to where files are; its address has a token in it and is not shown.
                let is_bare = matches!(request.base, Base::Files(_));
                assert!(!is_bare || request.headers.is_empty(), "{}", conversation.name);
                let shown = format!("{request:?} {media:?}");
                assert!(!is_bare || !shown.contains(request.path.as_str()), "{shown}");
            }
        }
        assert!(seen > 0, "{} has no files", recorded.vendor.name());
    }
}

#[test]
fn what_is_no_file_is_named() {
    for recorded in all() {
        let conversation = recorded.approved().swap_remove(0);
        let account = &conversation.account;
        for (n, media) in media(&conversation).into_iter().enumerate() {
            let take = |status: u16, body: &[u8]| {
                recorded.vendor.media(account, &media, &Answer { status, headers: &[], body })
            };
            let file = take(200, &body(&conversation, JPEG)).unwrap();
            assert_eq!((file.file_type, file.bytes.as_slice()), (identity_vendors::FileType::Jpeg, JPEG));
            assert!(!format!("{file:?}").contains("JFIF"));
            let page = body(&conversation, b"<!DOCTYPE html><html></html>");
            assert_eq!(take(200, &page).unwrap_err(), Fault::FileType);
            let empty = take(200, &body(&conversation, b"")).unwrap_err();
            assert!(matches!(empty, Fault::FileEmpty | Fault::Missing("data")), "{empty:?}");
            assert_eq!(take(302, JPEG).unwrap_err(), Fault::Redirected);
            assert_eq!(take(403, JPEG).unwrap_err(), Fault::Denied);
            assert_eq!(take(404, JPEG).unwrap_err(), Fault::NotFound);
            if n > 0 {
                continue;
            }
            let mut large = JPEG.to_vec();
            large.resize(LARGEST_FILE, 0);
            assert!(take(200, &body(&conversation, &large)).is_ok());
            large.push(0);
            assert_eq!(take(200, &body(&conversation, &large)).unwrap_err(), Fault::TooLarge);
        }
    }
}

#[test]
fn kinds_of_files_are_told_by_their_bytes() {
    use identity_vendors::FileType;
    let heic = |major: &[u8], compatible: &[u8]| {
        let size = u32::try_from(16 + compatible.len()).unwrap().to_be_bytes();
        [&size, b"ftyp".as_slice(), major, &[0; 4], compatible, b"\0\0\0\x08mdatheic"].concat()
    };
    for (file, kind) in [
        (b"\xff\xd8\xff\xe0".to_vec(), FileType::Jpeg),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), FileType::Png),
        (b"RIFF\x24\0\0\0WEBPVP8 ".to_vec(), FileType::WebP),
        (b"%PDF-1.7\n".to_vec(), FileType::Pdf),
        (heic(b"heic", b"mif1heic"), FileType::Heic),
        (heic(b"mif1", b"mif1heic"), FileType::Heic),
    ] {
        assert_eq!(FileType::of(&file), Some(kind), "{file:?}");
    }
    for file in [
        b"".as_slice(),
        b"\xff\xd8",
        b"GIF89a",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"<!DOCTYPE html>%PDF-1.4",
        b"{\"error\":\"not found\"}",
        b"PK\x03\x04",
        b"/9j/4AAQSkZJRg==",
        &heic(b"isom", b"isommp42"),
        &heic(b"avif", b"mif1avif"),
    ] {
        assert_eq!(FileType::of(file), None, "{file:?}");
    }
}

/// Links lead where the configuration says, or nowhere.
#[test]
fn no_link_leads_elsewhere() {
    for recorded in all() {
        for conversation in recorded.approved() {
            for (ask, answer) in &conversation.answers {
                let links = crate::recorded::leaves(answer);
                let links = links.into_iter().filter(|pointer| {
                    answer
                        .pointer(pointer)
                        .and_then(|value| value.as_str())
                        .is_some_and(|text| text.starts_with("https://"))
                });
                for pointer in links {
                    let link = answer.pointer(&pointer).unwrap().as_str().unwrap();
                    let host = link.trim_start_matches("https://").split('/').next().unwrap();
                    for evil in [
                        format!("https://evil.example/{host}"),
                        format!("https://{host}.evil.example/x"),
                        format!("https://{host}@evil.example/x"),
                        format!("https://user:pass@{host}/x"),
                        format!("https://{host}:8443/x"),
                        format!("http://{host}/x"),
                        format!("ftp://{host}/x"),
                        "https://169.254.169.254/latest/meta-data".to_owned(),
                        "file:///etc/passwd".to_owned(),
                        "//evil.example/x".to_owned(),
                        format!("https:\\\\evil.example\\{host}"),
                        "not a link".to_owned(),
                    ] {
                        let mut other = conversation.clone();
                        patch(other.answers.get_mut(ask).unwrap(), &pointer, json!(evil)).unwrap();
                        let Ok(Finding { outcome: Outcome::Approved(person), .. }) = other.run() else {
                            continue;
                        };
                        for media in &person.media {
                            let request = recorded.vendor.media_request(&other.account, media, NOW).unwrap();
                            assert!(
                                !request.path.contains("evil") && !request.path.contains("passwd"),
                                "{pointer}: {evil}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// What is put behind a base begins with a slash, so that it cannot change the host, and has no step upwards.
#[test]
fn every_path_stays_below_its_base() {
    for recorded in all() {
        for conversation in recorded.approved() {
            let mut requests = conversation.requests();
            for media in media(&conversation) {
                requests.push(recorded.vendor.media_request(&conversation.account, &media, NOW).unwrap());
            }
            for request in requests {
                assert!(
                    request.path.starts_with('/') && !request.path.starts_with("//"),
                    "{}",
                    *request.path
                );
                assert!(
                    !request.path.contains("/../")
                        && !request.path.contains('#')
                        && !request.path.contains(' ')
                );
                assert!(request.limit > 0);
            }
        }
    }
}
