//! Phone numbers, as far as they can be told from other numbers: with their country code (ITU-T E.164), or grouped as people write
//! them at home. A library that knows every country's plan would refuse what is mistyped, or made up for a test, and both name
//! somebody as well; so no more than the form is asked for.

/// Whether a number stands anywhere in a text.
pub(super) fn is_there(text: &str) -> bool {
    with_country_code(text) || north_american(text) || text.lines().any(at_home)
}

/// What may stand between the digits of a number.
const BETWEEN: &str = " -./()";

/// `+` or `00`, the code of a country, and up to fifteen digits in all.
fn with_country_code(text: &str) -> bool {
    let plus = text.match_indices('+').map(|(at, _)| (at, 1, 8));
    // Also what only pads a number, so more is asked of it.
    let zeros = text.match_indices("00").map(|(at, _)| (at, 2, 10));
    plus.chain(zeros).any(|(at, prefix, least)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || "+.-".contains(c)) {
            return false;
        }
        let Some((digits, groups)) = digits_of(text.get(at + prefix..).unwrap_or_default()) else {
            return false;
        };
        (least..=15).contains(&digits.len())
            && has_country_code(&digits)
            && (prefix == 1 || groups > 1 || text.trim().len() == digits.len() + 2)
    })
}

/// The digits of a number that begins here, and into how many groups they are put. `None` where it runs into letters, or is an
/// amount.
fn digits_of(text: &str) -> Option<(String, usize)> {
    let (mut digits, mut groups, mut last, mut gap) = (String::new(), 0, 0, String::new());
    let mut end = None;
    for c in text.chars() {
        if c.is_ascii_digit() {
            if digits.is_empty() || !gap.is_empty() {
                // Decimals.
                (groups, last) = (groups + 1, 0);
            }
            if !gap.is_empty() {
                end = gap.chars().next();
            }
            gap.clear();
            digits.push(c);
            last += 1;
            if digits.len() > 15 {
                return None;
            }
        } else if BETWEEN.contains(c) && gap.len() < 3 {
            gap.push(c);
        } else {
            if gap.is_empty() && c.is_alphanumeric() && c != 'x' {
                return None;
            }
            break;
        }
    }
    let is_amount = end == Some('.') && last <= 2;
    (!is_amount).then_some((digits, groups))
}

/// Codes that ITU-T E.164 assigns (list of 2016 with its amendments), by their first digits; +1 takes ten more, no fewer.
fn has_country_code(digits: &str) -> bool {
    let first =
        |count: usize| digits.get(..count).and_then(|code| code.parse::<u16>().ok()).unwrap_or_default();
    match first(1) {
        1 => {
            digits.len() == 11 && digits.as_bytes().get(1).is_some_and(|digit| (b'2'..=b'9').contains(digit))
        }
        7 => digits.len() == 11,
        _ => {
            matches!(first(2), 20 | 27 | 30..=34 | 36 | 39..=41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98)
                || matches!(first(3),
                    211..=213 | 216 | 218 | 220..=258 | 260..=269 | 290 | 291 | 297..=299 | 350..=359 | 370..=378 | 380..=383
                    | 385..=387 | 389 | 420 | 421 | 423 | 500..=509 | 590..=599 | 670 | 672..=683 | 685..=692 | 800 | 808 | 850
                    | 852 | 853 | 855 | 856 | 870 | 878 | 880..=883 | 886 | 888 | 960..=968 | 970..=977 | 979 | 992..=996 | 998)
        }
    }
}

/// `(202) 555-0143`, `202-555-0143`, `202.555.0143`; with blanks between all three only if nothing else is there.
fn north_american(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        (0..line.len()).filter(|at| line.is_char_boundary(*at)).any(|at| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            if before.is_some_and(|c| c.is_alphanumeric() || "+.-_/".contains(c)) {
                return false;
            }
            let rest = line.get(at..).unwrap_or_default();
            let (rest, in_brackets) = rest.strip_prefix('(').map_or((rest, false), |rest| (rest, true));
            let Some((area, rest)) = group(rest, 3) else { return false };
            let rest = if in_brackets { rest.strip_prefix(')').map(str::trim_start) } else { Some(rest) };
            let Some(rest) = rest else { return false };
            let (separator, rest) = if in_brackets {
                (None, rest)
            } else {
                match rest.chars().next() {
                    Some(c @ ('-' | '.' | ' ')) => (Some(c), rest.get(1..).unwrap_or_default()),
                    _ => return false,
                }
            };
            let Some((exchange, rest)) = group(rest, 3) else { return false };
            let Some(c @ ('-' | '.' | ' ')) = rest.chars().next() else { return false };
            let Some((_, rest)) = group(rest.get(1..).unwrap_or_default(), 4) else { return false };
            let after = rest.chars().next();
            let is_over = !after.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_')
                && !rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let is_even = separator.is_none_or(|separator| separator == c);
            let is_alone = (separator, c) != (Some(' '), ' ') || (at == 0 && rest.is_empty());
            let begins = |group: &str| group.starts_with(|c: char| ('2'..='9').contains(&c));
            is_over && is_even && is_alone && begins(area) && begins(exchange)
        })
    })
}

/// Exactly so many digits, and what follows.
fn group(text: &str, count: usize) -> Option<(&str, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let fits =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && !rest.starts_with(|c: char| c.is_ascii_digit());
    fits.then_some((digits, rest))
}

/// A whole line that is a number with the 0 before it that most of the world dials at home, in groups.
fn at_home(line: &str) -> bool {
    let line = line.trim();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    let groups = line.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let lengths: Vec<_> = groups.map(str::len).collect();
    let is_plain = line.chars().all(|c| c.is_ascii_digit() || " -/()".contains(c));
    let is_dialled =
        digits.starts_with('0') && digits.as_bytes().get(1).is_some_and(|second| *second != b'0');
    // Dates and the like have four digits nowhere but at their ends.
    let has_groups = lengths.len() >= 2 && lengths.first().is_some_and(|first| (2..=6).contains(first));
    is_plain && is_dialled && has_groups && (9..=12).contains(&digits.len())
}
