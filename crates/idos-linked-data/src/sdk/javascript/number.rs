//! Numbers as JavaScript writes them.

use serde_json::Number;

/// The number that JavaScript reads; what is out of its range is infinite.
pub(in crate::sdk) fn value(number: &Number) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}

/// The leading number of a text, as `parseFloat` reads it; not a number if there is none.
pub(in crate::sdk) fn parse_float(text: &str) -> f64 {
    let text = text.trim_start_matches(super::is_white_space);
    let unsigned = text.trim_start_matches(['+', '-']);
    if text.len() - unsigned.len() <= 1 && unsigned.starts_with("Infinity") {
        return if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let ends: Vec<usize> = text
        .char_indices()
        .take_while(|(_, c)| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        .map(|(at, c)| at + c.len_utf8())
        .collect();
    let longest = ends.iter().rev().filter_map(|end| text.get(..*end)).find_map(|head| head.parse().ok());
    longest.unwrap_or(f64::NAN)
}

/// `Number.prototype.toString` (ECMA-262, section 6.1.6.1.20).
pub(in crate::sdk) fn text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-Infinity" } else { "Infinity" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let scientific = format!("{:e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let body = match exponent + 1 {
        point if point >= count && point <= 21 => format!("{digits}{}", zeros(point - count)),
        point if point > 0 && point <= 21 => {
            let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or(0));
            format!("{whole}.{rest}")
        }
        point if point > -6 && point <= 0 => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let plus = if exponent < 0 { "" } else { "+" };
            format!("{first}{dot}{rest}e{plus}{exponent}")
        }
    };
    format!("{sign}{body}")
}

/// Whether the SDK's processor makes an `xsd:double` of it: by the text, so that `1e-7` is none.
pub(in crate::sdk) fn is_double(number: f64) -> bool {
    text(number).contains('.') || number.abs() >= 1e21
}

/// The canonical form of an `xsd:double`: 16 digits without trailing zeros, such as `1.5E0`.
pub(in crate::sdk) fn double(number: f64) -> String {
    if !number.is_finite() {
        return text(number);
    }
    let scientific = format!("{number:.15e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let short = digits.trim_end_matches('0');
    let kept = if short.ends_with('.') { format!("{short}0") } else { short.to_owned() };
    format!("{kept}E{exponent}")
}

/// `toFixed(0)`, for what is no double.
pub(in crate::sdk) fn integer(number: f64) -> String {
    if number == 0.0 { "0".to_owned() } else { format!("{number:.0}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text, double) in [
            (1.0, "1", "1.0E0"),
            (-1.5, "-1.5", "-1.5E0"),
            (0.1, "0.1", "1.0E-1"),
            (1e21, "1e+21", "1.0E21"),
            (123_456_789_012_345_680.0, "123456789012345680", "1.234567890123457E17"),
            (1e-7, "1e-7", "1.0E-7"),
            (1.5e-7, "1.5e-7", "1.5E-7"),
            (0.000_001, "0.000001", "1.0E-6"),
            (5.0, "5", "5.0E0"),
            (100.0, "100", "1.0E2"),
            (f64::MAX, "1.7976931348623157e+308", "1.797693134862316E308"),
            (5e-324, "5e-324", "4.940656458412465E-324"),
        ] {
            assert_eq!((super::text(number).as_str(), super::double(number).as_str()), (text, double));
        }
        for (text, number) in [
            ("5.5", 5.5),
            (" 5x", 5.0),
            ("-1e3e", -1000.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("Infinityx", f64::INFINITY),
        ] {
            assert_eq!(super::parse_float(text).to_bits(), f64::to_bits(number), "{text}");
        }
        assert!(super::parse_float("x").is_nan() && super::parse_float("").is_nan());
    }
}
