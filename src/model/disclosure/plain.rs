//! The ways in which a text can be read: as it is, without what only hides, and decoded. Whoever can read the one can read the other.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// How often a text is decoded that was decoded before: a token in a token.
const DEPTH: u32 = 2;

/// The shortest text that is tried as base64 or hexadecimal: shorter ones decode to anything.
const SHORTEST_CODED: usize = 12;

/// All readings, each without characters that show nothing, in ASCII where there is an ASCII form.
pub(super) fn readings(text: &str) -> Vec<Zeroizing<String>> {
    let mut found = vec![plain(text)];
    decode(text, DEPTH, &mut found);
    found
}

/// Compatible forms as what they are forms of (full width, superscripts), digits of other scripts as digits, dashes as hyphens,
/// white space as blanks.
pub(super) fn plain(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.nfkc().filter(|c| !is_invisible(*c)).map(simple).collect())
}

fn decode(text: &str, depth: u32, found: &mut Vec<Zeroizing<String>>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut next: Vec<Zeroizing<String>> = Vec::new();
    if text.contains('%') {
        next.push(Zeroizing::new(
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned(),
        ));
    }
    // Whatever a text of JSON says is among its texts and names; those that escape letters hide nothing.
    if let Some(json) = json_texts(text) {
        next.push(json);
    }
    let is_code = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
    for token in text.split(|c: char| !is_code(c)).filter(|token| token.len() >= SHORTEST_CODED) {
        next.extend(decoded(token));
    }
    for reading in next.into_iter().filter(|reading| reading.as_str() != text) {
        found.push(plain(&reading));
        decode(&reading, depth, found);
    }
}

/// The members of a JSON text, a line each, with their names.
fn json_texts(text: &str) -> Option<Zeroizing<String>> {
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return None;
    }
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut lines = Zeroizing::new(String::new());
    write(&json, "", &mut lines);
    Some(lines)
}

fn write(json: &serde_json::Value, name: &str, lines: &mut String) {
    let line = match json {
        serde_json::Value::Object(members) => {
            return members.iter().for_each(|(name, json)| write(json, name, lines));
        }
        serde_json::Value::Array(items) => return items.iter().for_each(|json| write(json, name, lines)),
        serde_json::Value::String(text) => text.replace('\n', " "),
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::Bool(_) | serde_json::Value::Null => return,
    };
    // One line by itself, as if it were the whole text, and one that says what it is.
    let label = if name.is_empty() { String::new() } else { format!("{name}: {line}\n") };
    lines.extend([line.as_str(), "\n", &label]);
}

/// What a token says in base64, in either alphabet, or in hexadecimal; `None` where that is no text.
fn decoded(token: &str) -> Option<Zeroizing<String>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = hex::decode(token)
        .or_else(|_| GeneralPurpose::new(&STANDARD, LENIENT).decode(token))
        .or_else(|_| GeneralPurpose::new(&URL_SAFE, LENIENT).decode(token))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let is_text = text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    is_text.then(|| Zeroizing::new(text))
}

fn simple(c: char) -> char {
    match c {
        '\n' => '\n',
        _ if c.is_whitespace() => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '年' | '月' => '-',
        '\u{3002}' => '.',
        // Dates in Chinese and Japanese.
        '日' => ' ',
        _ => digit(c).unwrap_or(c),
    }
}

/// Zeros of the scripts whose digits people write (Unicode `Nd`, without those that NFKC makes ASCII); nine others follow each.
const ZEROS: [u32; 22] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80,
];

fn digit(c: char) -> Option<char> {
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&u32::from(c)))?;
    char::from_digit(u32::from(c) - zero, 10)
}

/// Those that Unicode lets every program ignore, as far as they can be typed, and controls but the end of a line.
fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}
