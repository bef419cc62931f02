//! What an IMAP server says (RFC 3501, section 7), piece by piece and of bounded size.
//!
//! Pieces are told apart here, and what is in those that we ask for is read by imap-proto. Others are passed over unread: a server may
//! say anything at any time, and some of it makes that library panic.

use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status};

use super::super::error::ReportsError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was done.
    Ok,
    /// It was not.
    No,
    /// It is none that the server knows.
    Bad,
}

/// What is said, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The server waits for what comes next.
    GoOn,
    /// The end of the command with this tag.
    Done {
        /// The command's tag.
        tag: String,
        /// How it ended.
        verdict: Verdict,
        /// The folder that was opened may not be changed.
        is_read_only: bool,
        /// It is not for us that it was not done (RFC 5530).
        is_unavailable: bool,
    },
    /// All is well; the first one is the greeting.
    Fine,
    /// The greeting of a server that asks for no login.
    LetIn,
    /// The server goes.
    Bye,
    /// What the server can do, in capital letters.
    Able(Vec<String>),
    /// What the numbers of mails in the folder are true for.
    Validity(u32),
    /// Numbers of mails (UIDs) that were looked for.
    Found(Vec<u32>),
    /// A mail, or something about one.
    Mail {
        /// Its number (UID).
        uid: Option<u32>,
        /// Its bytes, from the first one on.
        bytes: Option<Vec<u8>>,
    },
    /// It was asked for, and cannot be read.
    Garbled,
    /// Anything else.
    Else,
}

/// Puts together what comes in.
#[derive(Default)]
pub(super) struct Framer {
    bytes: Vec<u8>,
    /// Where the last line that has begun begins.
    line: usize,
    /// Up to where no end of a line is.
    looked: usize,
}

impl Framer {
    /// Adds what has come.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing is left over.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next piece, if it is there to its end. None has more than `most` bytes.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<Vec<u8>>, ReportsError> {
        loop {
            let end = self.bytes.get(self.looked..).and_then(|rest| rest.iter().position(|&b| b == b'\n'));
            let Some(end) = end.map(|end| self.looked + end + 1) else {
                self.looked = self.looked.max(self.bytes.len());
                let size = self.looked;
                return if size > most { Err(ReportsError::TooMuch) } else { Ok(None) };
            };
            let line = self.bytes.get(self.line..end).unwrap_or_default();
            let literal = if may_have_literals(&self.bytes) { literal(line) } else { None };
            match literal {
                Some(size) if size > most => return Err(ReportsError::TooMuch),
                Some(size) => {
                    self.line = end + size;
                    self.looked = self.line;
                }
                None if end > most => return Err(ReportsError::TooMuch),
                None => {
                    let rest = self.bytes.split_off(end);
                    (self.line, self.looked) = (0, 0);
                    return Ok(Some(std::mem::replace(&mut self.bytes, rest)));
                }
            }
        }
    }
}

/// Whether so many bytes may follow a line of this piece. Words for people end as they like.
fn may_have_literals(piece: &[u8]) -> bool {
    let word = piece.strip_prefix(b"* ").map(|rest| rest.split(|b| b" \r\n".contains(b)).next());
    word.flatten().is_some_and(|word| {
        ![&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"].iter().any(|other| word.eq_ignore_ascii_case(other))
    })
}

/// How many bytes follow a line that ends with `{number}`.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let digits = line.get(line.iter().rposition(|&b| b == b'{')? + 1..)?;
    let is_number = !digits.is_empty() && digits.len() <= 10 && digits.iter().all(u8::is_ascii_digit);
    if is_number { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

/// What a piece says.
pub(super) fn understand(piece: &[u8]) -> Said {
    if piece.starts_with(b"+") {
        return Said::GoOn;
    }
    let mut words = piece.split(|b| b" \r\n".contains(b));
    let (first, second, third) = (words.next(), words.next(), words.next());
    let is =
        |word: Option<&[u8]>, name: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
    let is_asked_for = is(second, "SEARCH") || is(third, "FETCH");
    let is_known = is_asked_for
        || first != Some(b"*")
        || ["OK", "NO", "BAD", "BYE", "PREAUTH", "CAPABILITY"].iter().any(|name| is(second, name));
    if !is_known {
        return Said::Else;
    }
    match Response::parse(piece) {
        Ok((_, response)) => said(response, piece),
        Err(_) if is_asked_for => Said::Garbled,
        Err(_) => Said::Else,
    }
}

fn said(response: Response<'_>, piece: &[u8]) -> Said {
    match response {
        Response::Continue(_) => Said::GoOn,
        Response::Capabilities(all) => Said::Able(able(&all)),
        Response::Done { tag, status, outcome } => Said::Done {
            tag: tag.0,
            verdict: match status {
                Status::Ok => Verdict::Ok,
                Status::No => Verdict::No,
                _ => Verdict::Bad,
            },
            is_read_only: outcome.code == Some(ResponseCode::ReadOnly),
            is_unavailable: contains(piece, b"[UNAVAILABLE]"),
        },
        Response::Data { status: Status::Bye, .. } => Said::Bye,
        Response::Data { status: Status::PreAuth, .. } => Said::LetIn,
        Response::Data { status: Status::Ok, outcome } => match outcome.code {
            Some(ResponseCode::UidValidity(validity)) => Said::Validity(validity),
            _ => Said::Fine,
        },
        Response::MailboxData(MailboxDatum::Search(found)) => Said::Found(found),
        Response::Fetch(_, attributes) => {
            let (mut uid, mut bytes) = (None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(is) => uid = Some(is),
                    AttributeValue::BodySection { section: None, data: Some(data), .. } => {
                        bytes = Some(data.into_owned());
                    }
                    _ => {}
                }
            }
            Said::Mail { uid, bytes }
        }
        _ => Said::Else,
    }
}

fn able(all: &[Capability<'_>]) -> Vec<String> {
    let name = |capability: &Capability<'_>| match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(way) => format!("AUTH={}", way.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    };
    all.iter().map(name).collect()
}

fn contains(piece: &[u8], what: &[u8]) -> bool {
    piece.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what))
}

/// Reads whatever a server may say, for the fuzz target.
#[cfg(feature = "fuzzing")]
pub fn read_all(bytes: &[u8]) {
    let mut framer = Framer::default();
    for chunk in bytes.chunks(7) {
        framer.add(chunk);
        while let Ok(Some(piece)) = framer.next(64 * 1024) {
            let _ = understand(&piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that is said, however it comes in.
    fn read(bytes: &[u8], at_once: usize) -> Vec<Said> {
        let (mut framer, mut all) = (Framer::default(), Vec::new());
        for chunk in bytes.chunks(at_once) {
            framer.add(chunk);
            while let Some(piece) = framer.next(1000).unwrap() {
                all.push(understand(&piece));
            }
        }
        assert!(framer.is_empty(), "{all:?}");
        all
    }

    fn done(tag: &str, verdict: Verdict) -> Said {
        Said::Done { tag: tag.to_owned(), verdict, is_read_only: false, is_unavailable: false }
    }

    #[test]
    fn what_is_said_is_told_apart_in_any_pieces() {
        let text = b"* OK there {5}\r\n* CAPABILITY IMAP4rev1 auth=plain uidplus\r\n+ \r\n\
            * 3 EXISTS\r\n* OK [UIDVALIDITY 77] fine\r\n* METADATA \"\" (/private/\xff {3}\r\na\r\n)\r\n\
            * SEARCH 3 5 9\r\n* SEARCH\r\n\
            * 2 FETCH (UID 5 BODY[]<0> {12}\r\nA: b\r\n\r\ni1 O)\r\n* 2 FETCH (FLAGS (\\Seen))\r\n\
            * 9 FETCH (UID 9 BODY[]<0> {9999999999x}\r\n\
            i1 OK [READ-ONLY] done {3}\r\ni2 NO [UNAVAILABLE] later\r\ni3 BAD what?\r\n* BYE\r\n";
        let wanted = vec![
            Said::Fine,
            Said::Able(vec!["IMAP4REV1".to_owned(), "AUTH=PLAIN".to_owned(), "UIDPLUS".to_owned()]),
            Said::GoOn,
            Said::Else,
            Said::Validity(77),
            Said::Else,
            Said::Found(vec![3, 5, 9]),
            Said::Found(vec![]),
            Said::Mail { uid: Some(5), bytes: Some(b"A: b\r\n\r\ni1 O".to_vec()) },
            Said::Mail { uid: None, bytes: None },
            Said::Garbled,
            Said::Done {
                tag: "i1".to_owned(),
                verdict: Verdict::Ok,
                is_read_only: true,
                is_unavailable: false,
            },
            Said::Done {
                tag: "i2".to_owned(),
                verdict: Verdict::No,
                is_read_only: false,
                is_unavailable: true,
            },
            done("i3", Verdict::Bad),
            Said::Bye,
        ];
        for at_once in [1, 2, 3, 7, 64, 10_000] {
            assert_eq!(read(text, at_once), wanted, "{at_once}");
        }
    }

    #[test]
    fn nothing_is_kept_that_is_larger_than_what_is_read() {
        for text in [
            "* 1 FETCH (BODY[] {1001}\r\n".to_owned(),
            "* 1 FETCH (BODY[] {4000000000}\r\n".to_owned(),
            "a".repeat(1001),
        ] {
            let mut framer = Framer::default();
            framer.add(text.as_bytes());
            assert!(matches!(framer.next(1000), Err(ReportsError::TooMuch)), "{text}");
        }
    }
}
