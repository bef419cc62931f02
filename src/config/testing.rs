//! `config.example.toml` as the tests of the sections use it.

use super::Config;

pub(super) const EXAMPLE: &str = include_str!("../../config.example.toml");

/// The example with all that it names switched on.
pub(super) fn full_example() -> String {
    let switch_on = |line: &str| match line.strip_prefix("# ") {
        Some(setting) if is_setting(setting) => setting.to_owned(),
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(switch_on).collect::<Vec<_>>().join("\n")
}

/// `name = …` or `[section]`.
pub(super) fn is_setting(line: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = |text: &str| text.bytes().all(is_of_name);
    line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| is_name(name))
}

pub(super) fn parse(text: &str) -> Result<Config, toml::de::Error> {
    toml::from_str(text)
}

/// The full example with one text in place of another.
pub(super) fn example_with(old: &str, new: &str) -> Config {
    let text = full_example();
    assert!(text.contains(old), "{old}");
    parse(&text.replacen(old, new, 1)).unwrap()
}

/// That settings are refused by name and without their values: each with what it replaces in the example, and by what.
/// Values that must not be repeated have `Xyzzy` or `5551` in them.
pub(super) fn refused(cases: &[(&str, &str, &str)]) {
    for (setting, old, new) in cases {
        let error = example_with(old, new).check().unwrap_err().to_string();
        assert!(error.contains(&format!("the setting {setting} ")), "{error}");
        assert!(!error.contains("Xyzzy") && !error.contains("5551"), "{error}");
    }
}
