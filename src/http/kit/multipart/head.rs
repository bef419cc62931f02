//! The headers of a part: its name, and that it is sent as it is (RFC 7578, 4.2 to 4.8).

use std::borrow::Cow;

use super::grammar::{Typed, is_token};
use crate::http::kit::body::JSON;

/// The longest name of a part, in bytes.
const MAX_NAME_LEN: usize = 128;

/// The most that the headers of a part may have, in bytes. Names of files have 255 on most machines.
const MAX_HEAD_LEN: usize = 8192;

/// What the headers of a part say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head<'b> {
    /// The part's name.
    pub(super) name: &'b str,
    /// Whether it says that it is JSON.
    pub(super) is_json: bool,
}

/// Reads the headers of a part, each in its line, or says why not: a phrase that follows the part's number. Headers
/// that RFC 7578 does not know are not looked at, as it says (4.8).
pub(super) fn read(text: &[u8]) -> Result<Head<'_>, Cow<'static, str>> {
    if text.len() > MAX_HEAD_LEN {
        return Err(format!("has headers of more than {MAX_HEAD_LEN} bytes").into());
    }
    let (mut disposition, mut media, mut transfer, mut coding) = (None, None, None, None);
    for line in lines(text) {
        let (name, value) = header(line)?;
        let (known, place) = if name.eq_ignore_ascii_case(b"Content-Disposition") {
            ("Content-Disposition", &mut disposition)
        } else if name.eq_ignore_ascii_case(b"Content-Type") {
            ("Content-Type", &mut media)
        } else if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") {
            ("Content-Transfer-Encoding", &mut transfer)
        } else if name.eq_ignore_ascii_case(b"Content-Encoding") {
            ("Content-Encoding", &mut coding)
        } else {
            continue;
        };
        if place.replace(value).is_some() {
            return Err(format!("has two {known} headers").into());
        }
    }
    let disposition = disposition.ok_or("has no Content-Disposition")?;
    let name = name(disposition)?;
    let is_json = media.map(is_json).transpose()?.unwrap_or_default();

    // RFC 2045, 6.2. Other encodings are out of use (RFC 7578, 4.7), and would end up in the credential as they are.
    let is_one_of =
        |value: &[u8], known: &[&str]| known.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()));
    if transfer.is_some_and(|value| !is_one_of(value, &["7bit", "8bit", "binary"])) {
        return Err("has a Content-Transfer-Encoding that is not read: send its bytes as they are".into());
    }
    if coding.is_some_and(|value| !is_one_of(value, &["identity"])) {
        return Err("has a Content-Encoding, which is not read: send its bytes as they are".into());
    }
    Ok(Head { name, is_json })
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = (!text.is_empty()).then_some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(2).position(|two| two == b"\r\n");
        let (line, after) = end.and_then(|end| text.split_at_checked(end)).unzip();
        rest = after.and_then(|after| after.get(2..));
        Some(line.unwrap_or(text))
    })
}

/// The name and the value of a header.
fn header(line: &[u8]) -> Result<(&[u8], &[u8]), Cow<'static, str>> {
    if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(
            "has a control character in its headers, or a line of them that does not end with CR LF".into()
        );
    }
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err("has a header of more than one line".into());
    }
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or_default();
    let (name, value) = line.split_at(colon);
    if !is_token(name) {
        return Err("has a line among its headers that is none".into());
    }
    Ok((name, value.get(1..).unwrap_or_default().trim_ascii()))
}

/// The name of the part, by its `Content-Disposition`.
fn name(value: &[u8]) -> Result<&str, Cow<'static, str>> {
    let read = Typed::read(value).map_err(|reason| format!("has a Content-Disposition that {reason}"))?;
    if !read.is("form-data") {
        return Err("has a Content-Disposition that is not form-data".into());
    }
    // `filename*` is not to be sent (RFC 7578, 4.2), but .NET does, beside `filename`; names of files are not looked at.
    if read.has_extended("filename*") {
        return Err("has a Content-Disposition with an extended parameter, such as name*".into());
    }
    let name = read.parameter("name").ok_or("has a Content-Disposition without a name")?;
    // Clients differ in how they write anything else into a header (RFC 7578, 5.1).
    let plain = name
        .plain()
        .filter(|name| (1..=MAX_NAME_LEN).contains(&name.len()) && name.iter().all(|byte| is_plain(*byte)));
    plain.and_then(|name| std::str::from_utf8(name).ok()).ok_or_else(|| {
        format!("must have a name of 1 to {MAX_NAME_LEN} of A-Z, a-z, 0-9, . _ -, with no escapes").into()
    })
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// Whether a part is JSON, by its `Content-Type`.
fn is_json(value: &[u8]) -> Result<bool, Cow<'static, str>> {
    let read = Typed::read(value).map_err(|reason| format!("has a Content-Type that {reason}"))?;
    let (main, _) = read.media().ok_or("has a Content-Type that is no media type")?;
    // RFC 7578, 4.3: several files are several parts.
    if [&b"multipart"[..], b"message"].iter().any(|kind| main.eq_ignore_ascii_case(kind)) {
        return Err("has parts of its own (multipart or message), which are not read".into());
    }
    Ok(read.is(JSON))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Result<(String, bool), String> {
        let text = lines.join("\r\n");
        read(text.as_bytes()).map(|head| (head.name.to_owned(), head.is_json)).map_err(Cow::into_owned)
    }

    const NAMED: &str = r#"Content-Disposition: form-data; name="passport"; filename="x""#;

    #[test]
    fn a_part_is_known_by_its_name_alone() {
        for disposition in [
            NAMED,
            "content-disposition:FORM-DATA;name=passport",
            r#"Content-Disposition: form-data; filename="x; name=selfie"; name="passport""#,
            r#"Content-Disposition: form-data; filename="x\"; name=\"selfie"; name="passport""#,
            r#"Content-Disposition: form-data; filename="name=selfie"; name=passport"#,
            r#"Content-Disposition: form-data; name="passport"; filename="a%22; name=%22selfie""#,
            r#"Content-Disposition: form-data; filename-x="; name=selfie"; name="passport""#,
            "Content-Disposition: form-data; name=passport; filename=p.jpg; filename*=utf-8''p%3B%20name%3Dselfie.jpg",
        ] {
            assert_eq!(of(&[disposition]), Ok(("passport".to_owned(), false)), "{disposition}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (disposition, why) in [
            ("form-data", "without a name"),
            (r#"form-data; filename="name=selfie""#, "without a name"),
            (r#"attachment; name="passport""#, "not form-data"),
            (r#"file; name="passport""#, "not form-data"),
            (r#"form-data; name="passport"; name="selfie""#, "twice"),
            (r#"form-data; name="passport"; NAME="selfie""#, "twice"),
            (r#"form-data; filename="a"; filename="b"; name="passport""#, "twice"),
            ("form-data; name*=UTF-8''passport", "extended"),
            (r#"form-data; name="passport"; name*=UTF-8''selfie"#, "extended"),
            (r#"form-data; name*0="pass"; name*1="port""#, "extended"),
            (r#"form-data; name="passport"; filename*0="x""#, "extended"),
            (r#"form-data; name="pass\port""#, "no escapes"),
            (r#"form-data; name="pass%70ort""#, "must have a name"),
            (r#"form-data; name="passpört""#, "must have a name"),
            (r#"form-data; name=" passport""#, "must have a name"),
            (r#"form-data; name="""#, "must have a name"),
            ("form-data; name=pass port", "not held apart"),
            (r#"form-data; name="passport"; filename="x"#, "does not end"),
            (r#"form-data; name="passport"; filename="x\""#, "does not end"),
            (r#"form-data; name="passport"; filename="x"y"z""#, "not held apart"),
            (r#"form-data; name = "passport""#, "is not a name"),
        ] {
            let refused = of(&[&format!("Content-Disposition: {disposition}")]).unwrap_err();
            assert!(refused.contains(why), "{disposition}: {refused}");
        }
    }

    #[test]
    fn headers_stand_alone_and_in_one_line() {
        for (lines, why) in [
            (vec![], "no Content-Disposition"),
            (vec!["Content-Type: image/jpeg"], "no Content-Disposition"),
            (vec![NAMED, r#"content-disposition: form-data; name="selfie""#], "two Content-Disposition"),
            (vec![NAMED, "Content-Type: image/jpeg", "CONTENT-TYPE: image/jpeg"], "two Content-Type"),
            (
                vec![NAMED, "Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: base64"],
                "two Content-T",
            ),
            (vec!["Content-Disposition: form-data;", r#" name="passport""#], "more than one line"),
            (vec![NAMED, "\tname=selfie"], "more than one line"),
            (vec!["Content-Disposition : form-data; name=passport"], "that is none"),
            (vec!["Content-Disposition"], "that is none"),
            (vec![NAMED, ": x"], "that is none"),
            (vec![NAMED, "X: a\nContent-Disposition: form-data; name=selfie"], "control character"),
            (vec![NAMED, "X: a\rContent-Disposition: form-data; name=selfie"], "control character"),
            (vec!["Content-Disposition: form-data; name=\"pass\0port\""], "control character"),
        ] {
            let refused = of(&lines).unwrap_err();
            assert!(refused.contains(why), "{lines:?}: {refused}");
        }
    }

    #[test]
    fn headers_are_bounded() {
        let long = format!("X: {}", "x".repeat(MAX_HEAD_LEN - NAMED.len() - 5));
        assert!(of(&[NAMED, &long]).is_ok());
        assert!(of(&[NAMED, &long, ""]).unwrap_err().contains("8192"));
    }

    #[test]
    fn a_part_is_sent_as_it_is() {
        for plain in ["7bit", "8BIT", "Binary"] {
            assert!(of(&[NAMED, &format!("Content-Transfer-Encoding: {plain} ")]).is_ok());
        }
        assert!(of(&[NAMED, "Content-Encoding: identity", "MIME-Version: 1.0", "X: y", "X: z"]).is_ok());
        for encoded in
            ["base64", "BASE64", "quoted-printable", "x-uuencode", "base64; x=y", "binary (really)", ""]
        {
            let refused = of(&[NAMED, &format!("Content-Transfer-Encoding: {encoded}")]).unwrap_err();
            assert!(refused.contains("Content-Transfer-Encoding"), "{encoded}");
        }
        for coded in ["gzip", "br", "identity, gzip", ""] {
            assert!(of(&[NAMED, &format!("Content-Encoding: {coded}")]).is_err(), "{coded}");
        }
    }

    #[test]
    fn types_of_parts() {
        for (media, is_json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/jsonp", false),
            ("text/plain; x=\"application/json\"", false),
        ] {
            assert_eq!(of(&[NAMED, &format!("Content-Type: {media}")]), Ok(("passport".to_owned(), is_json)));
        }
        for media in [
            "multipart/mixed; boundary=y",
            "Multipart/Form-Data",
            "message/rfc822",
            "json",
            "a/b/c",
            "",
            "a/b; c",
        ] {
            assert!(of(&[NAMED, &format!("Content-Type: {media}")]).is_err(), "{media}");
        }
    }
}
