//! Numbers as JavaScript reads and writes them.

pub(in crate::sdk) use idos_credential::number::{double, integer, is_double, text};
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

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
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
