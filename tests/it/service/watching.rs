//! Whatever changes a record that somebody can wait for says so: this reads it in the sources of the store.

use std::path::Path;

/// What is waited for, and what is shown with it meanwhile.
const WAITED_FOR: &[&str] = &[
    "issuance",
    "profile",
    "attribute",
    "verification",
    "claim",
    "wallet_link",
    "erasure_case",
    "relay_start",
    "relay_consumer",
];

/// Says it, or is a function beside it that does.
const SAYS_SO: &[&str] = &["self.changed(", "self.counted(", "self.advance("];

/// Functions that change such a row and tell nobody, each with its reason.
const TELLS_NOBODY: &[(&str, &str)] = &[
    ("keep_grant", "which grant it is is not shown; what follows moves the issuance"),
    ("suspect_sent", "not shown, and nothing that anybody waits for depends on it"),
    ("hold_issuance", "it holds the row, and changes nothing"),
    ("hold_record", "the same"),
    ("hold_profile", "the same"),
    ("mark_noticed", "that somebody was told is not shown"),
    ("forget_wallet_unread", "what is locked is not shown"),
    ("forget_attribute_unread", "the same"),
    ("relock_held_contact", "the same contact under another key"),
    ("expire_wallet_links", "nobody waits for a link whose challenge is not answered: it is settled"),
    ("keep_case_link", "the link of a mail is not shown"),
    ("forget_verification", "forget_record, which alone calls it, says so"),
    ("forget_claim_of", "the same"),
    ("forget_profile", "the same"),
];

/// The functions of a source, each with its name and its text without comments.
fn functions(source: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let words = line.trim_start();
        let name =
            ["pub ", "pub(super) ", "async "].iter().fold(words, |rest, word| rest.trim_start_matches(word));
        if let Some(name) = name.strip_prefix("fn ") {
            all.push((name.split(['(', '<']).next().unwrap().to_owned(), String::new()));
        }
        if let Some((_, text)) = all.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    all
}

fn changes_what_is_waited_for(text: &str) -> bool {
    let changes = |verb: &str| {
        text.split(verb).skip(1).any(|rest| {
            let table = rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next();
            table.is_some_and(|table| WAITED_FOR.contains(&table))
        })
    };
    changes("UPDATE ") || changes("DELETE FROM ")
}

#[test]
fn whatever_changes_what_is_waited_for_says_so() {
    let mut silent = Vec::new();
    let mut telling = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for (name, text) in functions(&text).into_iter().filter(|(_, text)| changes_what_is_waited_for(text))
        {
            if SAYS_SO.iter().any(|says| text.contains(says)) {
                telling += 1;
            } else {
                silent.push(name);
            }
        }
    }
    silent.sort_unstable();
    let mut may: Vec<_> = TELLS_NOBODY.iter().map(|(name, _)| *name).collect();
    may.sort_unstable();
    assert_eq!(silent, may);
    assert!(telling > 20, "{telling} are too few to be all");
}
