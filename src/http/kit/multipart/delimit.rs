//! Where the parts of a multipart body begin and end (RFC 2046, 5.1.1).

use memchr::memmem::{self, Finder};

const CRLF: &[u8] = b"\r\n";

/// What is said of a part whose headers have no end.
pub(super) const NO_EMPTY_LINE: &str = "has headers that do not end with an empty line";

/// Why a body has no parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Broken {
    /// No line begins with the boundary.
    NoBoundary,
    /// A line begins with the boundary, and is none that parts.
    OddBoundary,
    /// The line that ends the last part is missing.
    Unended,
    /// More parts than are wanted.
    TooMany,
}

/// The parts of `body`, at most `max`. What stands before the first and after the last is not looked at, as the
/// standard has it.
pub(super) fn parts<'b>(body: &'b [u8], boundary: &[u8], max: usize) -> Result<Vec<&'b [u8]>, Broken> {
    let delimiter = [b"\r\n--", boundary].concat();
    let finder = Finder::new(&delimiter);
    let cut = |text: &'b [u8]| {
        let (before, after) = text.split_at_checked(finder.find(text)?)?;
        Some((before, after.strip_prefix(delimiter.as_slice())?))
    };
    let at_once = delimiter.strip_prefix(CRLF).and_then(|first| body.strip_prefix(first));
    let mut rest = at_once.or_else(|| cut(body).map(|(_, after)| after)).ok_or(Broken::NoBoundary)?;

    let mut parts = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            let end = without_padding(end);
            let is_line = end.is_empty() || end.starts_with(CRLF);
            return if is_line { Ok(parts) } else { Err(Broken::OddBoundary) };
        }
        let line = without_padding(rest);
        let part = line.strip_prefix(CRLF).ok_or(if CRLF.starts_with(line) || line == b"-" {
            Broken::Unended
        } else {
            Broken::OddBoundary
        })?;
        if parts.len() == max {
            return Err(Broken::TooMany);
        }
        let (content, after) = cut(part).ok_or(Broken::Unended)?;
        parts.push(content);
        rest = after;
    }
}

/// The headers of a part, without the empty line at their end, and what the part holds.
pub(super) fn head(part: &[u8]) -> Option<(&[u8], &[u8])> {
    if let Some(content) = part.strip_prefix(CRLF) {
        return Some((&[], content));
    }
    let (head, rest) = part.split_at_checked(memmem::find(part, b"\r\n\r\n")?)?;
    Some((head, rest.strip_prefix(b"\r\n\r\n")?))
}

/// A line of the boundary may end with blanks.
fn without_padding(line: &[u8]) -> &[u8] {
    let padding = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    line.get(padding..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Result<Vec<&str>, Broken> {
        let parts = parts(body.as_bytes(), b"x", 3)?;
        Ok(parts.into_iter().map(|part| std::str::from_utf8(part).unwrap()).collect())
    }

    #[test]
    fn parts_lie_between_lines() {
        for (body, parts) in [
            ("--x--", vec![]),
            ("--x--\r\n", vec![]),
            ("--x\r\na\r\n--x--", vec!["a"]),
            ("before\r\n--x\r\na\r\n--x \t\r\nb\r\n--x-- \r\nafter\r\n--x\r\nc\r\n--x--", vec!["a", "b"]),
            // In the middle of a line it is content.
            ("--y--x\r\n--x\r\na--x\n--x\r--x\r\n\r\n--x--\r\n", vec!["a--x\n--x\r--x\r\n"]),
            ("--x\r\n\r\n\r\n--x--\r\n", vec!["\r\n"]),
        ] {
            assert_eq!(of(body).as_deref(), Ok(parts.as_slice()), "{body:?}");
        }
    }

    #[test]
    fn what_is_broken_is_told_apart() {
        for (body, broken) in [
            ("", Broken::NoBoundary),
            ("a--x\r\nb", Broken::NoBoundary),
            ("\n--x\na\n--x--\n", Broken::NoBoundary),
            ("--x", Broken::Unended),
            ("--x-", Broken::Unended),
            ("--x \r", Broken::Unended),
            ("--x\r\na", Broken::Unended),
            ("--x\r\na\r\n--x", Broken::Unended),
            ("--xy\r\na\r\n--xy--", Broken::OddBoundary),
            ("--x\r\na\r\n--xy\r\n--x--", Broken::OddBoundary),
            ("--x\r\na\r\n--x--y", Broken::OddBoundary),
            ("--x\n", Broken::OddBoundary),
            ("--x\r\na\r\n--x\r\na\r\n--x\r\na\r\n--x\r\na\r\n--x--", Broken::TooMany),
        ] {
            assert_eq!(of(body), Err(broken), "{body:?}");
        }
    }

    #[test]
    fn headers_end_with_an_empty_line() {
        assert_eq!(head(b"\r\nabc"), Some((&b""[..], &b"abc"[..])));
        assert_eq!(
            head(b"A: b\r\nC: d\r\n\r\n\r\nabc\r\n\r\n"),
            Some((&b"A: b\r\nC: d"[..], &b"\r\nabc\r\n\r\n"[..]))
        );
        assert_eq!(head(b"A: b\r\nC: d"), None);
        assert_eq!(head(b"A: b\n\nC"), None);
    }
}
