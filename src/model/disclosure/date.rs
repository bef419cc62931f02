//! Dates of birth: a date, in any of the usual orders, that lies so far back that whoever was verified may have been born then.
//! Later ones say when something was checked or ends.

use chrono::{DateTime, Datelike as _, Months, NaiveDate};

use crate::model::time::Timestamp;

/// Whoever is verified is older than this, in months. Dates that are not so old are not taken for one of birth.
const YOUNGEST: u32 = 16 * 12;

/// The first year in which anybody alive can have been born.
const FIRST_YEAR: i32 = 1900;

/// Whether a date of birth stands in a text.
pub(super) fn of_birth(text: &str, now: Timestamp) -> bool {
    let Some(latest) = latest(now) else { return false };
    let lower = text.to_lowercase();
    let is_said = ["born", "birth", "dob", "geboren", "geb.", "nascid", "nacid", "né le", "née le"]
        .iter()
        .any(|word| lower.contains(word));
    in_numbers(&lower, latest, is_said) || in_words(&lower, latest)
}

/// The last day on which somebody can have been born who is verified now.
fn latest(now: Timestamp) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(now.unix_millis())?.date_naive().checked_sub_months(Months::new(YOUNGEST))
}

fn is_birth(year: i32, month: u32, day: u32, latest: NaiveDate) -> bool {
    NaiveDate::from_ymd_opt(year, month, day).is_some_and(|date| date.year() >= FIRST_YEAR && date <= latest)
}

/// `1984-01-26`, `26.01.1984`, `01/26/1984`, `19840126`; where it is said to be one, also `26.1.84`.
fn in_numbers(text: &str, latest: NaiveDate, is_said: bool) -> bool {
    let starts = text.char_indices().filter(|(at, c)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        c.is_ascii_digit() && !before.is_some_and(|c| c.is_alphanumeric() || "-.+#_".contains(c))
    });
    starts.map(|(at, _)| text.get(at..).unwrap_or_default()).any(|rest| {
        let (first, rest) = digits(rest);
        if first.len() == 8 {
            let is_alone = !rest.starts_with(|c: char| c.is_alphanumeric() || "-._".contains(c))
                || rest.starts_with('t');
            let part = |from: usize, to: usize| {
                first.get(from..to).and_then(|part| part.parse().ok()).unwrap_or_default()
            };
            return is_alone
                && is_birth(i32::try_from(part(0, 4)).unwrap_or_default(), part(4, 6), part(6, 8), latest);
        }
        let Some(separator @ ('-' | '.' | '/')) = rest.chars().next() else { return false };
        let Some(rest) = behind(rest, separator) else { return false };
        let (second, rest) = digits(rest);
        let Some(rest) = behind(rest, separator) else { return false };
        let (third, rest) = digits(rest);
        let mut after = rest.chars();
        let is_over = match (after.next(), after.next()) {
            (Some(c), Some(next)) if "-./".contains(c) => !next.is_alphanumeric(),
            // A time of day may follow. The first moment of computers' time is when nothing is known.
            (Some('t'), Some(next)) if next.is_ascii_digit() => {
                first != "1970" || second != "01" || third != "01"
            }
            (Some(c), _) => !c.is_alphanumeric() && c != '_',
            (None, _) => true,
        };
        is_over && is_date(first, second, third, separator, latest, is_said)
    })
}

fn is_date(
    first: &str,
    second: &str,
    third: &str,
    separator: char,
    latest: NaiveDate,
    is_said: bool,
) -> bool {
    let number = |text: &str| text.parse::<u32>().unwrap_or_default();
    let (a, b, c) = (number(first), number(second), number(third));
    if !(1..=2).contains(&second.len()) {
        return false;
    }
    let full = |year: u32| i32::try_from(year).unwrap_or_default();
    match (first.len(), third.len()) {
        // Versions have dots, too, and no zeros before their numbers.
        (4, 2) => is_birth(full(a), b, c, latest),
        (4, 1) => separator != '.' && is_birth(full(a), b, c, latest),
        (1 | 2, 4) => is_birth(full(c), b, a, latest) || is_birth(full(c), a, b, latest),
        (1 | 2, 2) if is_said => [1900, 2000].iter().any(|century| {
            is_birth(full(c + century), b, a, latest) || is_birth(full(c + century), a, b, latest)
        }),
        _ => false,
    }
}

/// What follows a separator, and blanks behind it.
fn behind(text: &str, separator: char) -> Option<&str> {
    text.strip_prefix(separator).map(str::trim_start)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Months, in English, German, French, Spanish and Portuguese.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "jänner", "janvier", "enero", "janeiro"],
    &["february", "februar", "février", "febrero", "fevereiro"],
    &["march", "märz", "mars", "marzo", "março"],
    &["april", "avril", "abril"],
    &["may", "mai", "mayo", "maio"],
    &["june", "juni", "juin", "junio", "junho"],
    &["july", "juli", "juillet", "julio", "julho"],
    &["august", "août", "agosto"],
    &["september", "septembre", "septiembre", "setembro", "sept"],
    &["october", "oktober", "octobre", "octubre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "décembre", "diciembre", "dezembro"],
];

fn month(word: &str) -> Option<u32> {
    let is_start = |name: &&str| word.chars().count() >= 3 && name.starts_with(word);
    let place = MONTHS.iter().position(|names| names.iter().any(is_start))?;
    u32::try_from(place + 1).ok()
}

/// `26 January 1984`, `Jan 26th, 1984`, `26 de enero de 1984`, `26JAN1984`.
fn in_words(text: &str, latest: NaiveDate) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !["de", "of", "the"].contains(word))
        .flat_map(parts)
        .collect();
    words.windows(3).any(|three| {
        let [a, b, c] = three else { return false };
        let day = |word: &str| {
            let number = ["st", "nd", "rd", "th", "er"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            if number.len() <= 2 { number.parse::<u32>().ok() } else { None }
        };
        let year = |word: &str| if word.len() == 4 { word.parse::<i32>().ok() } else { None };
        let orders = [(day(a), month(b), year(c)), (day(b), month(a), year(c)), (day(c), month(b), year(a))];
        orders.iter().any(|order| matches!(order, (Some(day), Some(month), Some(year)) if is_birth(*year, *month, *day, latest)))
    })
}

/// A word as day, month and year, if it is just these.
fn parts(word: &str) -> Vec<String> {
    let (day, rest) = digits(word);
    let (name, year) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
    if (1..=2).contains(&day.len()) && year.len() == 4 && month(name).is_some() {
        return [day, name, year].map(str::to_owned).to_vec();
    }
    vec![word.to_owned()]
}
