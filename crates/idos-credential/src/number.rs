//! Numbers as JavaScript writes them, in JSON and in canonical N-Quads.
//!
//! The processor that consumers run decides by the *text* of a number whether it is a double, so that `1e-7` is written as
//! the integer 0: what is as small as that, a signature does not cover.

/// `Number.prototype.toString` (ECMA-262, section 6.1.6.1.20).
#[must_use]
pub fn text(number: f64) -> String {
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

/// Whether the JSON-LD processor that consumers run makes an `xsd:double` of it: by the text, so that `1e-7` is none.
#[must_use]
pub fn is_double(number: f64) -> bool {
    text(number).contains('.') || number.abs() >= 1e21
}

/// The canonical form of an `xsd:double`: 16 digits without trailing zeros, such as `1.5E0`.
#[must_use]
pub fn double(number: f64) -> String {
    if !number.is_finite() {
        return text(number);
    }
    let scientific = to_exponential_15(number);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let short = digits.trim_end_matches('0');
    let kept = if short.ends_with('.') { format!("{short}0") } else { short.to_owned() };
    format!("{kept}E{exponent}")
}

/// `Number.prototype.toExponential(15)`: of two that are equally near it takes the larger one, where Rust takes the even one.
fn to_exponential_15(number: f64) -> String {
    /// No number of double precision has more digits.
    const ALL: usize = 800;
    let near = format!("{number:.15e}");
    let all = format!("{:.ALL$e}", number.abs());
    let (mantissa, exponent) = all.split_once('e').unwrap_or((&all, "0"));
    let (mantissa, exponent) = (mantissa.replace('.', ""), exponent.parse().unwrap_or(0_i32));
    let (kept, rest) = mantissa.split_at(16);
    if rest.trim_end_matches('0') != "5" {
        return near;
    }
    let up = kept.parse::<u64>().unwrap_or(0) + 1;
    let (digits, exponent) = (up.to_string(), if up == 10_u64.pow(16) { exponent + 1 } else { exponent });
    let (first, rest) = digits.split_at(1);
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{first}.{}e{exponent}", rest.get(..15).unwrap_or(rest))
}

/// `Number.prototype.toFixed(0)`: how that processor writes what is no double.
#[must_use]
pub fn integer(number: f64) -> String {
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
            // As far from one as from the other.
            (1.000_015_258_789_062_5, "1.0000152587890625", "1.000015258789063E0"),
            (-1.000_015_258_789_062_5, "-1.0000152587890625", "-1.000015258789063E0"),
            (33.333_333_333_333_336, "33.333333333333336", "3.333333333333334E1"),
        ] {
            assert_eq!((super::text(number).as_str(), super::double(number).as_str()), (text, double));
        }
    }
}
