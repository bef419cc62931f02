//! What the console says: each row in English and in German, so that neither lacks any. A file for each group of pages; templates ask for
//! words by name (`t('home.title')`), with values in braces (`t('home.more', n=3)`).

mod account;
mod approvals;
mod cases;
mod cures;
mod door;
mod frame;
mod looks;
mod work;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::staff::ConsoleLanguage;

/// The name of some words, and the words in English and in German.
type Row = (&'static str, &'static str, &'static str);

/// All of them.
const LISTS: &[&[Row]] =
    &[frame::WORDS, door::WORDS, account::WORDS, work::WORDS, looks::WORDS, cases::WORDS, approvals::WORDS];

static BY_NAME: LazyLock<HashMap<&'static str, (&'static str, &'static str)>> = LazyLock::new(|| {
    LISTS.iter().flat_map(|list| list.iter()).map(|(name, en, de)| (*name, (*en, *de))).collect()
});

/// The words of this name, if there are any.
pub(super) fn find(language: ConsoleLanguage, name: &str) -> Option<&'static str> {
    let (en, de) = BY_NAME.get(name)?;
    Some(match language {
        ConsoleLanguage::En => en,
        ConsoleLanguage::De => de,
    })
}

/// What helps, as the model says it in English, in a language of the console.
pub(super) fn cure(language: ConsoleLanguage, english: &'static str) -> &'static str {
    match language {
        ConsoleLanguage::En => english,
        ConsoleLanguage::De => cures::in_german(english).unwrap_or(english),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_in_both_languages_with_the_same_values() {
        let rows: Vec<_> = LISTS.iter().flat_map(|list| list.iter()).collect();
        assert_eq!(rows.len(), BY_NAME.len(), "a name stands twice");
        for (name, en, de) in rows {
            assert!(!en.trim().is_empty() && !de.trim().is_empty(), "{name}");
            let values = |text: &str| {
                let mut found: Vec<_> = text
                    .split('{')
                    .skip(1)
                    .filter_map(|rest| rest.split_once('}'))
                    .map(|(value, _)| value.to_owned())
                    .collect();
                found.sort();
                found
            };
            assert_eq!(values(en), values(de), "{name}");
        }
    }
}
