//! The language of a page: the one of those there are that its reader likes best (RFC 9110, section 12.5.4).

use axum::http::HeaderMap;

use crate::http::kit::accept_language;

/// The languages of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    En,
    De,
    Fr,
    Es,
    Pt,
}

impl Language {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::En, Self::De, Self::Fr, Self::Es, Self::Pt];

    /// Its code (ISO 639).
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Pt => "pt",
        }
    }

    /// What it calls itself.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
            Self::Fr => "Français",
            Self::Es => "Español",
            Self::Pt => "Português",
        }
    }

    /// The one of this language tag, if there is one.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == primary)
    }

    /// The one that a request asks for; English, if it asks for none of them.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        Self::asked(headers).unwrap_or(Self::En)
    }

    /// The one that a request asks for, if it asks for any of them.
    pub(super) fn asked(headers: &HeaderMap) -> Option<Self> {
        accept_language::best(headers, Self::of_tag)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT_LANGUAGE;

    use super::*;

    #[test]
    fn the_one_that_is_liked_best() {
        for (asked, language) in [
            ("", Language::En),
            ("pt-BR", Language::Pt),
            ("ja, de;q=0.5, fr;q=0.8", Language::Fr),
            ("DE-at,en", Language::De),
            ("fr;q=0, es;q=0.1", Language::Es),
            ("*", Language::En),
            ("de;q=x, nonsense;;;", Language::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, asked.parse().unwrap());
            assert_eq!(Language::wanted(&headers), language, "{asked}");
        }
    }
}
