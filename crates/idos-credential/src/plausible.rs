//! Whether a consumer would believe it: what is checked of a person before anything is signed, beyond the form.
//!
//! The official SDK checks little more than lengths, and what is signed is signed for ever. These rules refuse what no
//! provider can have found out: blank names, countries that do not exist, files that nobody can look at, people who
//! were born after they were checked. They hold for what is issued; what others have issued is verified without them.

use idos_file_type::FileType;

use crate::claim::{Claim, MAX_FILE_BYTES, Value};
use crate::error::Problems;
use crate::timestamp::Timestamp;
use crate::vocabulary::{Rule, Term, input_path, is_assigned, is_email};

pub(crate) const MILLIS_A_DAY: i64 = 86_400_000;

/// Checks each claim by itself. One problem a claim: the first that is found.
pub(crate) fn check_claims(claims: &[Claim<'_>], problems: &mut Problems) {
    for (term, value) in claims {
        let checked = match value {
            Value::Text(text) => check_text(term, text).and_then(|()| term.rule.check(text)),
            Value::Date(date) if !has_plain_year(*date) => Err("must lie in the years 1 to 9999"),
            Value::Date(date) if date.unix_millis() % MILLIS_A_DAY != 0 => {
                Err("must be a calendar date without a time of day")
            }
            Value::Date(_) | Value::Boolean(_) => Ok(()),
            Value::File(file) => check_file(file),
            Value::Number(number) => Rule::Percentage.check_number(*number),
        };
        if let Err(problem) = checked {
            problems.add(input_path(term), problem);
        }
    }
}

/// Whether a date has a year of four digits, as every reader of dates expects.
pub(crate) fn has_plain_year(date: Timestamp) -> bool {
    (1..=9999).contains(&date.year())
}

/// What is wrong with a text about a person or an id, whatever it is about.
pub(crate) fn check_any_text(text: &str) -> Result<(), &'static str> {
    if is_blank(text) {
        return Err("must not be blank: leave it out where there is none");
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err("must not have control characters");
    }
    Ok(())
}

const EMAIL: &str = "must be an e-mail address as consumers' software reads it: before the @ letters, digits and _ ' + - . \
             of ASCII, and a last label of letters only. Other addresses may be legal, but consumers refuse them: leave \
             it out then";

fn check_text(term: &Term, text: &str) -> Result<(), &'static str> {
    check_any_text(text)?;
    let fine = |fine: bool, problem| if fine { Ok(()) } else { Err(problem) };
    match term.rule {
        Rule::AssignedCountry if text == KOSOVO => Err(
            "must be an assigned country code (ISO 3166-1 alpha-2): XK is not one, and readers of such credentials refuse it",
        ),
        Rule::Country | Rule::AssignedCountry => check_country(text),
        Rule::Ssn => fine(
            is_ssn(text),
            "must be a social security number of the United States: nine digits without hyphens, as they are assigned",
        ),
        Rule::Email => fine(is_email(text), EMAIL),
        // The longest that both rules take.
        Rule::Email3 => fine(is_email(text) && term.rule.check(text).is_ok(), EMAIL),
        Rule::Text | Rule::Line => (term.believable)(text),
        Rule::OneOf(..) | Rule::Date | Rule::File | Rule::Boolean | Rule::Number | Rule::Percentage => Ok(()),
    }
}

/// For places.
pub(crate) fn has_letter(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_alphabetic) { Ok(()) } else { Err("must have a letter") }
}

/// For numbers that may have letters.
pub(crate) fn has_letter_or_digit(text: &str) -> Result<(), &'static str> {
    if text.chars().any(char::is_alphanumeric) { Ok(()) } else { Err("must have a letter or a digit") }
}

/// ITU-T E.164.
pub(crate) fn phone_number(text: &str) -> Result<(), &'static str> {
    if is_phone_number(text) {
        Ok(())
    } else {
        Err(
            "must be a phone number with its country code (ITU-T E.164): + and 7 to 15 digits, without blanks",
        )
    }
}

/// White space, and what shows nothing: such a text says no more than a missing one.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// Characters that Unicode lets every program ignore (`Default_Ignorable_Code_Point`), and the blank Braille pattern.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

const KOSOVO: &str = "XK";

/// Whether ISO 3166-1 assigns the two letters to a country today; or they are XK, which all who need it use for Kosovo.
#[must_use]
pub fn is_assigned_country(code: &str) -> bool {
    code == KOSOVO || is_assigned(code)
}

fn check_country(code: &str) -> Result<(), &'static str> {
    if is_assigned_country(code) {
        return Ok(());
    }
    Err(match code {
        "UK" => "must be an assigned country code (ISO 3166-1 alpha-2): the United Kingdom has GB",
        "EL" => "must be an assigned country code (ISO 3166-1 alpha-2): Greece has GR",
        "D" | "D<" | "D<<" => {
            "must be an assigned country code (ISO 3166-1 alpha-2): Germany has DE, and D only in machine-readable zones"
        }
        _ if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            "must be a country code of two letters (ISO 3166-1 alpha-2), not of three (alpha-3)"
        }
        _ if code.len() == 2 && code.bytes().any(|byte| byte.is_ascii_lowercase()) => {
            "must be an assigned country code (ISO 3166-1 alpha-2) in upper case"
        }
        _ => "must be an assigned country code: two upper-case letters (ISO 3166-1 alpha-2)",
    })
}

/// ITU-T E.164, section 6: country code and number, fifteen digits at most; the shortest in use have seven.
fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// Nine digits, and none of its three parts all zero, which are never assigned (Social Security Administration, POMS RM
/// 10201.035). Tax numbers of the same form (ITIN, from 900) stand in this member too, so those are taken.
fn is_ssn(text: &str) -> bool {
    text.len() == 9
        && text.bytes().all(|digit| digit.is_ascii_digit())
        && [(0, 3), (3, 5), (5, 9)].iter().all(|(from, to)| {
            text.get(*from..*to).is_some_and(|part| part.bytes().any(|digit| digit != b'0'))
        })
}

/// The same with the hyphens that people write, as version 3 of the credentials takes it.
pub(crate) fn ssn_with_hyphens(text: &str) -> Result<(), &'static str> {
    let digits = match text.split('-').collect::<Vec<_>>().as_slice() {
        [area, group, serial] if (area.len(), group.len(), serial.len()) == (3, 2, 4) => {
            text.replace('-', "")
        }
        _ => text.to_owned(),
    };
    if is_ssn(&digits) {
        Ok(())
    } else {
        Err(
            "must be a social security number of the United States: nine digits as they are assigned, with or without hyphens",
        )
    }
}

fn check_file(file: &[u8]) -> Result<(), &'static str> {
    if file.is_empty() {
        return Err("is an empty file");
    }
    if file.len() > MAX_FILE_BYTES {
        return Err("is larger than 16 MiB");
    }
    if FileType::of(file).is_some() { Ok(()) } else { Err("must be a JPEG, PNG, WebP, HEIC or PDF file") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for text in [
            "",
            " ",
            "\t\r\n",
            "\u{a0}",
            "\u{2003}\u{3000}",
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{3164}",
            "\u{2800}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", " . ", "\u{5d0}\u{200f}", "李", "👤"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn countries_are_the_assigned_ones() {
        for code in ["PT", "DE", "GB", "GR", "XK", "TW", "SS", "AQ", "CD"] {
            assert_eq!(check_country(code), Ok(()), "{code}");
        }
        for code in [
            "UK", "EL", "EU", "AN", "SU", "YU", "ZZ", "XX", "AA", "QM", "D<", "pt", "Pt", "PRT", "P", "",
            "ＰＴ", "🇵🇹",
        ] {
            assert!(check_country(code).is_err(), "{code}");
        }
        assert!(check_country("UK").unwrap_err().contains("GB"));
        assert!(check_country("EL").unwrap_err().contains("GR"));
        assert!(check_country("PRT").unwrap_err().contains("alpha-3"));
        assert!(check_country("pt").unwrap_err().contains("upper case"));
        let assigned = ('A'..='Z').flat_map(|a| ('A'..='Z').map(move |b| format!("{a}{b}")));
        assert_eq!(assigned.filter(|code| check_country(code).is_ok()).count(), 249 + 1);
    }

    #[test]
    fn files_are_what_people_can_look_at() {
        let heic = |major: &[u8], compatible: &[u8]| {
            let size = u32::try_from(16 + compatible.len()).unwrap().to_be_bytes();
            [&size, b"ftyp".as_slice(), major, &[0; 4], compatible, b"\0\0\0\x08mdat"].concat()
        };
        for file in [
            b"\xff\xd8\xff\xe0".to_vec(),
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
            b"RIFF\x24\0\0\0WEBPVP8 ".to_vec(),
            b"%PDF-1.7\n".to_vec(),
            heic(b"heic", b"mif1heic"),
            heic(b"mif1", b"mif1heic"),
        ] {
            assert_eq!(check_file(&file), Ok(()), "{file:?}");
        }
        for file in [
            b"undefined".as_slice(),
            b"null",
            b"<!DOCTYPE html><html><body>%PDF-1.4</body></html>",
            b"\0",
            b"\xff\xd8",
            b"GIF89a",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"\x89PNG\n\x1a\n",
            b"{\"error\":\"not found\"}",
            b"PK\x03\x04",
            &heic(b"isom", b"isommp42"),
            &heic(b"avif", b"mif1avif"),
            b"/9j/4AAQSkZJRg==",
            b"data:image/jpeg;base64,/9j/4AAQSkZJRg==",
        ] {
            assert_eq!(check_file(file), Err("must be a JPEG, PNG, WebP, HEIC or PDF file"), "{file:?}");
        }
        assert_eq!(check_file(b""), Err("is an empty file"));
    }

    #[test]
    fn numbers_have_their_form() {
        for number in ["+351912345678", "+6834002", "+882123456789012"] {
            assert!(is_phone_number(number), "{number}");
        }
        for number in [
            "",
            "+",
            "912345678",
            "00351912345678",
            "+0351912345678",
            "+351 912 345 678",
            "+12345",
            "+1234567890123456",
            "+35191234567x",
            "n/a",
            "+３５１９１２３４５",
        ] {
            assert!(!is_phone_number(number), "{number}");
        }
        for number in ["123456789", "900701234"] {
            assert!(is_ssn(number), "{number}");
        }
        for number in
            ["000123456", "123001234", "123450000", "000000000", "12345678", "123-45-67", "abcdefghi"]
        {
            assert!(!is_ssn(number), "{number}");
        }
    }
}
