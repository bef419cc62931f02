//! Languages by their tags, and the direction in which they are written.

use std::fmt;
use std::str::FromStr;

/// The tag of a language (BCP 47): letters and digits, in parts that hyphens divide. Whether anybody speaks it is not asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(String);

/// In which direction lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the left to the right.
    LeftToRight,
    /// From the right to the left.
    RightToLeft,
}

/// Languages that are written from the right, unless their tag names another script (CLDR, `characterOrder`).
const FROM_THE_RIGHT: &[&str] = &[
    "ar", "arc", "azb", "bal", "bgn", "bqi", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "lrc", "mzn", "nqo",
    "pnb", "prs", "ps", "sd", "sdh", "skr", "syr", "ug", "ur", "yi",
];
/// Scripts that are written from the right (ISO 15924).
const SCRIPTS_FROM_THE_RIGHT: &[&str] = &[
    "adlm", "arab", "aran", "hebr", "mand", "mend", "nkoo", "rohg", "samr", "syrc", "syre", "syrj", "syrn",
    "thaa",
];

impl Language {
    /// The tag, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// By the script that the tag names, or else that the language usually has.
    #[must_use]
    pub fn direction(&self) -> Direction {
        let tag = self.0.to_ascii_lowercase();
        let mut parts = tag.split('-');
        let language = parts.next().unwrap_or_default();
        let script =
            parts.find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let from_the_right = match script {
            Some(script) => SCRIPTS_FROM_THE_RIGHT.contains(&script),
            None => FROM_THE_RIGHT.contains(&language),
        };
        if from_the_right { Direction::RightToLeft } else { Direction::LeftToRight }
    }

    /// Which of `these` somebody reads whose language is `locale`: the same tag, or else what is left of it when parts are
    /// taken away from its end (RFC 4647, 3.4). Case means nothing.
    pub(crate) fn best<'a>(
        locale: &str,
        these: &(impl Iterator<Item = &'a Self> + Clone),
    ) -> Option<&'a Self> {
        let mut wanted = locale;
        loop {
            if let Some(found) = these.clone().find(|language| language.0.eq_ignore_ascii_case(wanted)) {
                return Some(found);
            }
            let (shorter, last) = wanted.rsplit_once('-')?;
            // A part of one character only introduces what stood behind it.
            wanted = if last.len() == 1 {
                shorter.rsplit_once('-').map_or(shorter, |(rest, _)| rest)
            } else {
                shorter
            };
        }
    }
}

impl Direction {
    /// As HTML's attribute `dir` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }

    /// The edge at which lines begin, as HTML's older attribute `align` has it, which mail programs understand.
    pub(crate) fn start(self) -> &'static str {
        match self {
            Self::LeftToRight => "left",
            Self::RightToLeft => "right",
        }
    }

    /// Text that comes from elsewhere, such as a name, kept apart from the sentence around it where it runs the other way
    /// (UAX #9, isolates), so that neither turns the other around.
    pub(crate) fn isolate(self, text: &str) -> String {
        let runs_otherwise = match self {
            Self::LeftToRight => text.chars().any(is_from_the_right),
            Self::RightToLeft => text.chars().any(|c| c.is_alphabetic() && !is_from_the_right(c)),
        };
        if runs_otherwise { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
    }
}

/// By the blocks of Unicode that hold scripts from the right.
fn is_from_the_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Whether a character changes the direction of what stands around it. Such have no place in a name.
pub(crate) fn steers_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// No tag of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no tag of a language such as de or pt-BR")]
pub struct NoLanguage;

impl FromStr for Language {
    type Err = NoLanguage;

    fn from_str(text: &str) -> Result<Self, NoLanguage> {
        let mut parts = text.split('-');
        let is_first =
            |part: &str| matches!(part.len(), 2..=3) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_other =
            |part: &str| matches!(part.len(), 1..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_one = parts.next().is_some_and(is_first) && parts.all(is_other) && text.len() <= 35;
        if is_one { Ok(Self(text.to_owned())) } else { Err(NoLanguage) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    #[test]
    fn the_nearest_language_is_found() {
        let there = ["en", "pt", "pt-BR", "zh-Hant", "zh"].map(language);
        for (locale, found) in [
            ("en", Some("en")),
            ("en-GB", Some("en")),
            ("PT", Some("pt")),
            ("pt-AO", Some("pt")),
            ("pt-br", Some("pt-BR")),
            ("zh-Hant-TW", Some("zh-Hant")),
            ("zh-Hans-CN", Some("zh")),
            ("en-x-private", Some("en")),
            ("fr", None),
            ("ptx", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(Language::best(locale, &there.iter()).map(Language::as_str), found, "{locale}");
        }
    }

    #[test]
    fn directions_follow_the_script() {
        for (tag, direction) in [
            ("ar", "rtl"),
            ("ar-EG", "rtl"),
            ("he", "rtl"),
            ("fa-AF", "rtl"),
            ("az", "ltr"),
            ("az-Arab", "rtl"),
            ("ku-Arab-IQ", "rtl"),
            ("ar-Latn", "ltr"),
            ("ur-Aran", "rtl"),
            ("de", "ltr"),
            ("zh-Hant", "ltr"),
        ] {
            assert_eq!(language(tag).direction().as_str(), direction, "{tag}");
        }
        for text in ["", "d", "deutsch", "de_DE", "de-", "1a", "de-ächt", "de/..", "en\n"] {
            assert_eq!(text.parse::<Language>(), Err(NoLanguage), "{text:?}");
        }
    }

    #[test]
    fn what_runs_the_other_way_is_kept_apart() {
        let (left, right) = (Direction::LeftToRight, Direction::RightToLeft);
        assert_eq!(left.isolate("Example"), "Example");
        assert_eq!(left.isolate("2026-01-02"), "2026-01-02");
        assert_eq!(left.isolate("مثال"), "\u{2068}مثال\u{2069}");
        assert_eq!(right.isolate("مثال"), "مثال");
        assert_eq!(right.isolate("Example مثال"), "\u{2068}Example مثال\u{2069}");
    }
}
