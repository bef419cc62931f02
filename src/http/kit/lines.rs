//! A body as lines, however long it is: one line in memory at a time, and each that is given on with a permit for the memory that it takes.
//!
//! Lines end with LF or CR LF; the last one may have no end. They are counted from 1 as editors count them, empty ones too, which are
//! not given. A byte order mark before the first one is nothing. What comes behind it in a line that is too long is thrown away.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use futures_util::StreamExt as _;
use memchr::memchr;
use zeroize::Zeroizing;

use super::body;
use super::limits::RateKey;
use super::problem::Problem;
use super::shares::BodyPermit;
use super::state::Api;

/// What a line may have before memory is taken for the longest that it may become, in bytes. Lines without pictures have less.
const SMALL: usize = 128 * 1024;

/// A byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a body.
pub(crate) struct Lines {
    api: Api,
    whose: (RateKey, RateKey),
    stream: BodyDataStream,
    chunk: Bytes,
    splitter: Splitter,
    /// For the line that is being read, if it is no small one.
    permit: Option<BodyPermit>,
    /// How long nothing may come, in seconds.
    pause: u64,
}

/// A line that is not empty.
pub(crate) struct Line {
    /// Which one.
    pub(crate) number: u64,
    /// What is in it; nothing if it is too long.
    pub(crate) content: Option<(Zeroizing<Vec<u8>>, BodyPermit)>,
}

impl Lines {
    /// The lines of `stream`, of which the first has the number `from`, each at most `max` bytes; sent by this client from this address.
    pub(crate) fn new(api: &Api, whose: (RateKey, RateKey), stream: BodyDataStream, from: u64) -> Self {
        let splitter = Splitter::new(api.app.http.max_body, from);
        let pause = api.app.http.import_pause;
        Self { api: api.clone(), whose, stream, chunk: Bytes::new(), splitter, permit: None, pause }
    }

    /// Waits until something has come, or it is clear that nothing will.
    pub(crate) async fn wait_for_first(&mut self) -> Result<(), Problem> {
        self.fetch().await.map(|_| ())
    }

    /// The number of the line that is given next.
    pub(crate) fn next_number(&self) -> u64 {
        self.splitter.number
    }

    /// The next line that is not empty; `None` at the end of the body.
    pub(crate) async fn next(&mut self) -> Result<Option<Line>, Problem> {
        loop {
            let piece = self.splitter.take(&mut self.chunk);
            if self.splitter.line.len() > SMALL && self.permit.is_none() {
                // For what it had so far nothing was held, or many that read at once could wait for each other.
                self.permit = Some(acquire(&self.api, &self.whose, self.splitter.max).await);
            }
            if piece.is_none() && self.fetch().await? {
                continue;
            }
            let Some(piece) = piece.or_else(|| self.splitter.end()) else { return Ok(None) };
            let held = self.permit.take();
            match piece {
                Piece::Empty => {}
                Piece::TooLong(number) => return Ok(Some(Line { number, content: None })),
                Piece::Line(number, bytes) => {
                    let permit = match held {
                        Some(mut permit) => {
                            permit.shrink(bytes.len());
                            permit
                        }
                        None => acquire(&self.api, &self.whose, bytes.len()).await,
                    };
                    return Ok(Some(Line { number, content: Some((bytes, permit)) }));
                }
            }
        }
    }

    /// Gets further bytes. Whether there are any.
    async fn fetch(&mut self) -> Result<bool, Problem> {
        while self.chunk.is_empty() {
            let next = tokio::time::timeout(Duration::from_secs(self.pause), self.stream.next()).await;
            match next.map_err(|_| body::stalled(self.pause))? {
                Some(chunk) => self.chunk = chunk.map_err(|_| body::broken_off())?,
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

async fn acquire(api: &Api, (client, address): &(RateKey, RateKey), bytes: usize) -> BodyPermit {
    api.body_budget.acquire_for_line((client, address), bytes).await
}

/// What bytes are cut into.
#[derive(Debug, PartialEq)]
enum Piece {
    Line(u64, Zeroizing<Vec<u8>>),
    TooLong(u64),
    Empty,
}

/// Cuts bytes into lines.
struct Splitter {
    max: usize,
    /// Which line is being read.
    number: u64,
    is_first: bool,
    line: Zeroizing<Vec<u8>>,
    is_too_long: bool,
}

impl Splitter {
    fn new(max: usize, from: u64) -> Self {
        Self { max, number: from, is_first: true, line: Zeroizing::default(), is_too_long: false }
    }

    /// Takes bytes to the end of a line, or all there are: then `None`.
    fn take(&mut self, chunk: &mut Bytes) -> Option<Piece> {
        let end = memchr(b'\n', chunk);
        let taken = end.unwrap_or(chunk.len());
        let bytes = chunk.get(..taken).unwrap_or_default();
        // What may still be taken off does not count: a byte order mark, and CR before LF.
        if self.is_too_long || self.line.len() + bytes.len() > self.max + MARK.len() + 1 {
            self.is_too_long = true;
            self.line = Zeroizing::default();
        } else {
            append(&mut self.line, bytes);
        }
        drop(chunk.split_to(taken + usize::from(end.is_some())));
        end.map(|_| self.finish())
    }

    /// What is left where no end of a line has come.
    fn end(&mut self) -> Option<Piece> {
        (self.is_too_long || !self.line.is_empty()).then(|| self.finish())
    }

    fn finish(&mut self) -> Piece {
        let number = self.number;
        self.number = self.number.saturating_add(1);
        let is_first = std::mem::take(&mut self.is_first);
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if is_first && line.starts_with(MARK) {
            line.drain(..MARK.len());
        }
        if std::mem::take(&mut self.is_too_long) || line.len() > self.max {
            Piece::TooLong(number)
        } else if line.iter().all(u8::is_ascii_whitespace) {
            Piece::Empty
        } else {
            Piece::Line(number, line)
        }
    }
}

/// Appends so that nothing is left behind unwiped where the text has to move.
fn append(line: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    let len = line.len() + bytes.len();
    if len > line.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(if line.is_empty() { len } else { 2 * len }));
        larger.extend_from_slice(line);
        *line = larger;
    }
    line.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(max: usize, chunks: &[&'static [u8]]) -> Vec<String> {
        let mut splitter = Splitter::new(max, 1);
        let mut found = Vec::new();
        let mut note = |piece| match piece {
            Piece::Line(number, line) => found.push(format!("{number} {}", String::from_utf8_lossy(&line))),
            Piece::TooLong(number) => found.push(format!("{number} too long")),
            Piece::Empty => {}
        };
        for chunk in chunks {
            let mut chunk = Bytes::from_static(chunk);
            while !chunk.is_empty() {
                splitter.take(&mut chunk).into_iter().for_each(&mut note);
            }
        }
        splitter.end().into_iter().for_each(&mut note);
        found
    }

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        assert_eq!(split(9, &[b"a\nb\r\n\n \t\r\nc"]), ["1 a", "2 b", "5 c"]);
        assert_eq!(split(9, &[b"a\n"]), ["1 a"]);
        assert_eq!(split(9, &[b"\n\n"]), [""; 0]);
        assert_eq!(split(9, &[b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n"]), ["1 a", "2 \u{feff}b"]);
        assert_eq!(split(9, &[b"\xff\n"]), ["1 \u{fffd}"]);
    }

    #[test]
    fn it_does_not_matter_how_they_come() {
        let text: &'static [u8] = b"\xef\xbb\xbfone\r\n\r\nthree\nfour";
        let bytes: Vec<&'static [u8]> = text.chunks(1).collect();
        assert_eq!(split(9, &bytes), split(9, &[text]));
        assert_eq!(split(9, &bytes), ["1 one", "3 three", "4 four"]);
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_the_next_one_is_read() {
        assert_eq!(split(3, &[b"abc\r\nabcd\nef\n"]), ["1 abc", "2 too long", "3 ef"]);
        assert_eq!(split(3, &[b"abcdef", b"ghi", b"jkl\nm"]), ["1 too long", "2 m"]);
        assert_eq!(split(3, &[b"a\nbcdefghi"]), ["1 a", "2 too long"]);
        let mut splitter = Splitter::new(3, 1);
        for _ in 0..100 {
            assert_eq!(splitter.take(&mut Bytes::from_static(&[b'x'; 1000])), None);
            assert!(splitter.line.capacity() < 16);
        }
    }
}
