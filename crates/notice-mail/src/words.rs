//! The words of a language: a TOML file of sections with texts, each of which is a little template.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::fault::Fault;

/// The section whose texts are names for kinds of credentials: a language may have more of them than the others.
pub(crate) const KINDS: &str = "kind";

/// Words by section and name, joined by a dot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words(BTreeMap<String, Word>);

#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Where it begins in its file.
    pub(crate) line: usize,
}

impl Words {
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, Fault> {
        let line_of = |at: usize| 1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count();
        let sections: BTreeMap<String, BTreeMap<String, Spanned<String>>> =
            toml::from_str(text).map_err(|error| {
                Fault::new(file, error.span().map(|span| line_of(span.start)), error.message())
            })?;
        let words = sections.into_iter().flat_map(|(section, words)| {
            words.into_iter().map(move |(name, word)| {
                let line = line_of(word.span().start);
                (format!("{section}.{name}"), Word { text: word.into_inner(), line })
            })
        });
        Ok(Self(words.collect()))
    }

    /// These, with what `other` says otherwise.
    pub(crate) fn overridden(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Names that are not in `pattern`, which has all that templates ask for. Kinds of credentials may be of any name.
    pub(crate) fn unknown<'a>(&'a self, pattern: &Self) -> Vec<(&'a str, usize)> {
        let is_kind = |name: &str| name.split_once('.').is_some_and(|(section, _)| section == KINDS);
        let unknown = self.0.iter().filter(|(name, _)| !pattern.0.contains_key(*name) && !is_kind(name));
        unknown.map(|(name, word)| (name.as_str(), word.line)).collect()
    }

    /// Names that `pattern` has and these have not.
    pub(crate) fn missing<'a>(&self, pattern: &'a Self) -> Vec<&'a str> {
        pattern.0.keys().map(String::as_str).filter(|name| !self.0.contains_key(*name)).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Word)> {
        self.0.iter().map(|(name, word)| (name.as_str(), word))
    }
}
