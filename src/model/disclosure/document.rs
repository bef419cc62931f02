//! Numbers of documents, of people at authorities, and of accounts: by check digits where there are some, else by form.

/// Whether a text has a line of a machine-readable zone (ICAO Doc 9303, parts 4 to 6): a name with fillers, or numbers with the
/// check digits where they belong.
pub(super) fn machine_readable(text: &str) -> bool {
    text.lines().any(|line| {
        let runs = line.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '<'));
        let squeezed: String = line.chars().filter(|c| *c != ' ').collect();
        runs.chain([squeezed.as_str()]).any(is_zone)
    })
}

fn is_zone(run: &str) -> bool {
    let is_of_zone = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '<';
    if !run.chars().all(is_of_zone) {
        return false;
    }
    // SURNAME<<GIVEN, with whatever stands before; what shifts bits is shorter.
    let is_name = run.len() >= 15
        && run.split_once("<<").is_some_and(|(before, after)| {
            before.ends_with(|c: char| c.is_ascii_uppercase())
                && after.starts_with(|c: char| c.is_ascii_uppercase() || c == '<')
        });
    // The number, the date of birth and the end of the document, with a check digit behind each.
    let is_second = matches!(run.len(), 36 | 44)
        && [(0, 9), (13, 6), (21, 6)].iter().all(|field| has_check_digit(run, *field));
    let is_card = run.len() == 30 && [(0, 6), (8, 6)].iter().all(|field| has_check_digit(run, *field));
    is_name || is_second || is_card
}

/// Whether a field of so many characters has its check digit behind it (ICAO Doc 9303-3, 4.9: weights 7, 3, 1, modulo 10).
fn has_check_digit(run: &str, (start, len): (usize, usize)) -> bool {
    let field = run.get(start..start + len).unwrap_or_default();
    let sum: u32 = field
        .chars()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
        .sum();
    run.chars().nth(start + len).and_then(|c| c.to_digit(10)) == Some(sum % 10)
}

/// Whether the number of a document, or of somebody at an authority, stands in a text.
pub(super) fn number(text: &str) -> bool {
    text.lines().any(|line| has_form(line.trim()))
        || words(text).any(|word| is_social_security(word) || is_spanish(word))
        || follows_a_label(text)
}

/// Words with hyphens inside.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)))
        .map(|word| word.trim_end_matches(['.', '-']))
}

/// `123-45-6789` (Social Security Administration, POMS RM 10201.035: no part is all zero), also those of the same form for taxes.
fn is_social_security(word: &str) -> bool {
    let parts: Vec<_> = word.split('-').collect();
    let is_digits = |part: &&str| part.bytes().all(|b| b.is_ascii_digit()) && part.bytes().any(|b| b != b'0');
    parts.iter().map(|part| part.len()).eq([3, 2, 4]) && parts.iter().all(is_digits)
}

/// DNI and NIE of Spain: the letter behind the number is its remainder by 23 (Real Decreto 1553/2005).
fn is_spanish(word: &str) -> bool {
    const LETTERS: &str = "TRWAGMYFPDXBNJZSQVHLCKE";
    let word = word.replace('-', "");
    let (number, letter) = match word.char_indices().next_back() {
        Some((at, letter)) if word.len() == 9 && letter.is_ascii_uppercase() => {
            (word.get(..at).unwrap_or_default(), letter)
        }
        _ => return false,
    };
    let number = ["X", "Y", "Z"]
        .iter()
        .zip(0..)
        .find_map(|(first, digit)| Some(format!("{digit}{}", number.strip_prefix(first)?)))
        .unwrap_or(number.to_owned());
    let all_digits = number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit());
    all_digits && number.parse::<usize>().is_ok_and(|number| LETTERS.chars().nth(number % 23) == Some(letter))
}

/// A whole text that has the form in which countries number passports and identity cards: eight to ten capitals and digits, and
/// nothing else. Dates, amounts and checksums with capitals are not meant.
fn has_form(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| *c != ' ').collect();
    let text = squeezed.as_str();
    if !(8..=10).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    {
        return false;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters_first = text.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
    let letters_last = text.len() - text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
    let middle = text.get(letters_first..text.len() - letters_last).unwrap_or_default();
    let is_one_number = middle.bytes().all(|b| b.is_ascii_digit());
    let is_hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit());
    if digits < 5 || digits == text.len() {
        return false;
    }
    // Passports of France: letters between digits.
    let is_letter = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_uppercase);
    if text.len() == 9 && digits == 7 && is_letter(2) && is_letter(3) {
        return true;
    }
    if is_one_number {
        // Three letters are a currency, or begin a name of a standard or a release, unless six digits follow, as on cards.
        let is_date = middle.len() == 8 && middle.starts_with("20");
        let is_padded = middle.starts_with("000");
        return !is_date
            && !is_padded
            && matches!((letters_first, letters_last), (1 | 2, 0..=2) | (0, 1 | 2))
            || (letters_first == 3
                && letters_last == 0
                && middle.len() == 6
                && !is_currency(text.get(..3).unwrap_or_default()));
    }
    !is_hexadecimal
}

/// The currencies in which amounts are written most.
fn is_currency(code: &str) -> bool {
    [
        "AED", "ARS", "AUD", "BRL", "BTC", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DAI", "DKK", "ETH",
        "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KES", "KRW", "MXN", "MYR", "NGN", "NOK",
        "NZD", "PEN", "PHP", "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "SOL", "THB", "TRY", "TWD", "UAH",
        "USD", "VND", "XLM", "XRP", "ZAR",
    ]
    .contains(&code)
}

/// `passport L01X00T47`, `Reisepass Nr. 123456789`: within four words behind what says that a document follows.
fn follows_a_label(text: &str) -> bool {
    const LABELS: [&str; 19] = [
        "passport",
        "reisepass",
        "personalausweis",
        "ausweis",
        "passeport",
        "pasaporte",
        "passaporte",
        "ssn",
        "dni",
        "nie",
        "nif",
        "cpf",
        "curp",
        "licence",
        "license",
        "führerschein",
        "bilhete",
        "carteira",
        "cédula",
    ];
    let lower = text.to_lowercase();
    let words: Vec<_> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().filter(|(_, word)| LABELS.contains(word)).any(|(at, _)| {
        let behind = words.iter().skip(at + 1).take(4);
        behind
            .into_iter()
            .any(|word| word.len() <= 14 && word.bytes().filter(u8::is_ascii_digit).count() >= 5)
    })
}

/// Whether the number of a bank account (ISO 13616) or of a payment card (ISO/IEC 7812) stands in a text.
pub(super) fn account(text: &str) -> bool {
    text.lines().any(|line| {
        let squeezed: String = line.chars().filter(|c| !" -".contains(*c)).collect();
        let words = line.split(|c: char| !c.is_alphanumeric());
        words.chain([squeezed.as_str()]).any(is_iban) || has_grouped_number(line)
    })
}

/// Runs of groups with one blank or hyphen between them, as accounts and cards are printed. The digits of a card alone may be any
/// number's: one in fifty of sixteen digits looks so.
fn has_grouped_number(line: &str) -> bool {
    let words: Vec<_> = line.split(|c: char| !(c.is_ascii_alphanumeric())).collect();
    (0..words.len()).any(|from| {
        let mut joined = String::new();
        words.iter().skip(from).take(17).take_while(|word| (1..=7).contains(&word.len())).any(|word| {
            joined.push_str(word);
            is_iban(&joined) || is_card(&joined)
        })
    })
}

/// Lengths in the registry of ISO 13616 (release 99).
const IBAN_LENGTHS: &[(usize, &str)] = &[
    (15, "NO"),
    (16, "BE"),
    (18, "DK FI FO GL NL SD FK"),
    (19, "MK SI"),
    (20, "AT BA EE KZ LT LU MN XK"),
    (21, "CH HR LI LV"),
    (22, "BG BH CR DE GB GE IE ME RS VA"),
    (23, "AE GI IL IQ OM SO TL"),
    (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
    (25, "LY PT ST"),
    (26, "IS TR"),
    (27, "BI DJ FR GR IT MC MR SM"),
    (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
    (29, "BR EG PS QA UA"),
    (30, "JO KW MU YE"),
    (31, "MT SC"),
    (32, "LC"),
    (33, "RU"),
];

/// An account number of a country that has such: its length, and 97 as the divisor (ISO/IEC 7064, MOD 97-10).
fn is_iban(word: &str) -> bool {
    let word = word.to_ascii_uppercase();
    let Some((head, rest)) = word.split_at_checked(4) else { return false };
    let (country, check) = head.split_at_checked(2).unwrap_or_default();
    let has_length = IBAN_LENGTHS.iter().any(|(length, countries)| {
        *length == word.len() && countries.split(' ').any(|known| known == country)
    });
    if !has_length || !check.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let remainder = rest.chars().chain(head.chars()).try_fold(0_u32, |sum, c| {
        let digit = c.to_digit(36)?;
        Some((sum * if digit < 10 { 10 } else { 100 } + digit) % 97)
    });
    remainder == Some(1)
}

/// A number of the ranges of the great card schemes, with their check digit (Luhn).
fn is_card(word: &str) -> bool {
    let first =
        |count: usize| word.get(..count).and_then(|start| start.parse::<u32>().ok()).unwrap_or_default();
    let has_range = match word.len() {
        15 => matches!(first(2), 34 | 37),
        16 => {
            first(1) == 4
                || matches!(first(2), 51..=55 | 65)
                || matches!(first(4), 2221..=2720 | 3528..=3589 | 6011)
        }
        _ => false,
    };
    if !has_range || !word.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = word
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| {
            let product = digit * weight;
            if product > 9 { product - 9 } else { product }
        })
        .sum();
    sum.is_multiple_of(10)
}
