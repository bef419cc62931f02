//! Messages in the form in which they are signed: relaxed (RFC 6376, 3.4.2 and 3.4.4).

/// The headers, with their ends of line, and the body.
pub(super) fn split(message: &[u8]) -> Option<(&str, &[u8])> {
    let at = message.windows(4).position(|window| window == b"\r\n\r\n")?;
    let headers = std::str::from_utf8(message.get(..at + 2)?).ok()?;
    Some((headers, message.get(at + 4..)?))
}

/// A header that is there once, in canonical form, with its end of line. `name` is in lower case.
pub(super) fn header(headers: &str, name: &str) -> Option<String> {
    let mut lines = headers.split_inclusive("\r\n").peekable();
    while let Some(line) = lines.next() {
        let mut whole = line.to_owned();
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            whole.push_str(more);
        }
        if let Some((found, value)) = whole.split_once(':')
            && found.trim_end().eq_ignore_ascii_case(name)
        {
            return Some(relaxed(name, value));
        }
    }
    None
}

/// A header of this name and value.
pub(super) fn relaxed(name: &str, value: &str) -> String {
    let words: Vec<_> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{name}:{}\r\n", words.join(" "))
}

/// A body: no blanks at the ends of lines, one where several are, and no empty lines at its end.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut canonical = Vec::with_capacity(body.len());
    // How much of it stays if nothing but empty lines follows.
    let mut kept = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut was_blank = false;
        let start = canonical.len();
        for byte in line {
            if is_blank(byte) {
                was_blank = true;
                continue;
            }
            if was_blank {
                canonical.push(b' ');
            }
            was_blank = false;
            canonical.push(*byte);
        }
        let is_empty = canonical.len() == start;
        canonical.extend_from_slice(b"\r\n");
        if !is_empty {
            kept = canonical.len();
        }
    }
    canonical.truncate(kept);
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6376, 3.4.5.
    #[test]
    fn the_example_of_the_rfc() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (headers, rest) = split(message).unwrap();
        assert_eq!(header(headers, "a").unwrap(), "a:X\r\n");
        assert_eq!(header(headers, "b").unwrap(), "b:Y Z\r\n");
        assert_eq!(header(headers, "c"), None);
        assert_eq!(body(rest), b" C\r\nD E\r\n");
    }

    #[test]
    fn bodies_of_nothing_are_nothing() {
        for (given, canonical) in [
            (b"".as_slice(), b"".as_slice()),
            (b"\r\n", b""),
            (b" \t\r\n\r\n", b""),
            (b"a", b"a\r\n"),
            (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
            (b"a  \r\n \r\n", b"a\r\n"),
        ] {
            assert_eq!(body(given), canonical, "{given:?}");
        }
    }
}
