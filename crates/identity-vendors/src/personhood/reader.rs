//! Reads what users bring and sources answer: to the letter, and without repeating any of it.

use chrono::DateTime;

use super::denial::{Denial, DenialCode};
use super::person::Score;
use crate::date::Moment;
use crate::json::Object;

/// A text as it is. White space around it stays, to be refused by whoever reads it; an empty one is malformed.
pub(super) fn text<'a>(of: Object<'a>, name: &'static str) -> Result<Option<&'a str>, Denial> {
    of.get(name)
        .map(|value| value.as_str().filter(|text| !text.is_empty()).ok_or(Denial::malformed(name)))
        .transpose()
}

pub(super) fn required<'a>(of: Object<'a>, name: &'static str) -> Result<&'a str, Denial> {
    text(of, name)?.ok_or(Denial::missing(name))
}

/// That a field says what it has to; another text is `otherwise`.
pub(super) fn is(
    of: Object<'_>,
    name: &'static str,
    what: &str,
    otherwise: DenialCode,
) -> Result<(), Denial> {
    if required(of, name)? == what { Ok(()) } else { Err(Denial::new(otherwise, name)) }
}

/// The same of a field that may be missing.
pub(super) fn is_if_any(
    of: Object<'_>,
    name: &'static str,
    what: &str,
    otherwise: DenialCode,
) -> Result<(), Denial> {
    if text(of, name)?.is_none_or(|text| text == what) { Ok(()) } else { Err(Denial::new(otherwise, name)) }
}

/// A moment of RFC 3339.
pub(super) fn moment(of: Object<'_>, name: &'static str) -> Result<Option<Moment>, Denial> {
    let read = |text| DateTime::parse_from_rfc3339(text).map_err(|_| Denial::malformed(name));
    Ok(text(of, name)?.map(read).transpose()?.map(|moment| Moment(moment.timestamp_millis())))
}

pub(super) fn score(of: Object<'_>, name: &'static str) -> Result<Score, Denial> {
    Score::read(required(of, name)?).ok_or(Denial::malformed(name))
}

pub(super) fn flag(of: Object<'_>, name: &'static str) -> Result<bool, Denial> {
    of.flag(name)?.ok_or(Denial::missing(name))
}

/// Seconds since 1970, of a time that can be one: after 1970, and written in ten digits at most.
pub(super) fn seconds(of: Object<'_>, name: &'static str) -> Result<Option<i64>, Denial> {
    let Some(seconds) = of.whole(name)? else { return Ok(None) };
    if (1..=9_999_999_999).contains(&seconds) { Ok(Some(seconds)) } else { Err(Denial::malformed(name)) }
}

/// Letters and digits that stand in a path as they are.
pub(super) fn is_plain(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
}

/// `0x` and 40 hexadecimal digits, in lower case.
pub(super) fn address(text: &str) -> Option<String> {
    let digits = text.strip_prefix("0x")?;
    let is_one = digits.len() == 40 && digits.bytes().all(|c| c.is_ascii_hexdigit());
    is_one.then(|| text.to_ascii_lowercase())
}

/// A UUID, in lower case.
pub(super) fn uuid(text: &str) -> Option<String> {
    let is_one = text.len() == 36
        && text.bytes().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == b'-',
            _ => c.is_ascii_hexdigit(),
        });
    is_one.then(|| text.to_ascii_lowercase())
}

pub(super) fn millis(now: i64) -> Moment {
    Moment(now.saturating_mul(1000))
}
