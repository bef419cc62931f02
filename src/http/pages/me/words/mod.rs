//! What a person's own page says: each row in all languages, so that none lacks any. Templates ask for words by name (`t('ask.title')`), with
//! values in braces (`t('sent.text', minutes=60)`).

mod changes;
mod data;
mod door;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::http::pages::language::Language;

/// The name of some words, and the words in the order of [`Language::ALL`].
type Row = (&'static str, [&'static str; 5]);

/// All of them.
const LISTS: &[&[Row]] = &[door::WORDS, data::WORDS, changes::WORDS];

static BY_NAME: LazyLock<HashMap<&'static str, &'static [&'static str; 5]>> =
    LazyLock::new(|| LISTS.iter().flat_map(|list| list.iter()).map(|(name, words)| (*name, words)).collect());

/// The words of this name, if there are any.
pub(super) fn find(language: Language, name: &str) -> Option<&'static str> {
    let place = Language::ALL.iter().position(|there| *there == language)?;
    BY_NAME.get(name)?.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_in_all_languages_with_the_same_values() {
        let rows: Vec<_> = LISTS.iter().flat_map(|list| list.iter()).collect();
        assert_eq!(rows.len(), BY_NAME.len(), "a name stands twice");
        for (name, words) in rows {
            let values = |text: &str| {
                let mut found: Vec<_> = text
                    .split('{')
                    .skip(1)
                    .filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()))
                    .collect();
                found.sort();
                found
            };
            for text in words {
                assert!(!text.trim().is_empty(), "{name}");
                assert_eq!(values(text), values(words[0]), "{name}: {text}");
            }
        }
    }
}
