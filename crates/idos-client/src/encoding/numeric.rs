//! Decimal numbers as text, kept within their precision and scale.

use std::borrow::Cow;

use super::Scalar;

/// A decimal number that fits its type, e.g. `1.20` as `numeric(6,2)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Numeric<'a> {
    text: Cow<'a, str>,
    precision: u16,
    scale: u16,
}

/// Why a text is no number of the wanted type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NumericError {
    /// Something else than digits, one leading minus and one point between digits.
    #[error("not a decimal number")]
    NotANumber,
    /// More digits than the precision or the scale allows.
    #[error("the number does not fit its precision and scale")]
    DoesNotFit,
}

impl<'a> Numeric<'a> {
    /// Checks `text` against `numeric(precision, scale)`; the text is kept as it is, trailing zeros included.
    pub fn new(text: impl Into<Cow<'a, str>>, precision: u16, scale: u16) -> Result<Self, NumericError> {
        let text = text.into();
        check(&text, precision, scale)?;
        Ok(Self { text, precision, scale })
    }

    /// The number in decimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The type of this number.
    #[must_use]
    pub fn scalar(&self) -> Scalar {
        Scalar::Numeric { precision: self.precision, scale: self.scale }
    }

    /// The same number, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Numeric<'static> {
        Numeric { text: Cow::Owned(self.text.into_owned()), precision: self.precision, scale: self.scale }
    }
}

fn check(text: &str, precision: u16, scale: u16) -> Result<(), NumericError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
        Some(_) => return Err(NumericError::NotANumber),
        None => (digits, ""),
    };
    if !is_digits(whole) {
        return Err(NumericError::NotANumber);
    }

    let significant = whole.trim_start_matches('0').len();
    let before_the_point = usize::from(precision.saturating_sub(scale));
    if significant > before_the_point || fraction.len() > usize::from(scale) || precision == 0 {
        return Err(NumericError::DoesNotFit);
    }
    Ok(())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_within_their_type() {
        for (text, precision, scale) in
            [("1.20", 6, 2), ("-1", 1, 0), ("0", 1, 0), ("000", 1, 0), ("0.05", 2, 2), ("9999.99", 6, 2)]
        {
            assert!(Numeric::new(text, precision, scale).is_ok(), "{text} ({precision},{scale})");
        }
        for (text, precision, scale) in
            [("10000", 6, 2), ("1.234", 6, 2), ("1", 2, 2), ("0", 0, 0), ("10", 1, 0)]
        {
            assert_eq!(
                Numeric::new(text, precision, scale),
                Err(NumericError::DoesNotFit),
                "{text} ({precision},{scale})"
            );
        }
        for text in ["", "-", ".5", "5.", "1e5", "+1", "1.2.3", "--1", "٣", " 1", "NaN", "1,0"] {
            assert_eq!(Numeric::new(text, 78, 10), Err(NumericError::NotANumber), "{text:?}");
        }
    }
}
