//! The templates that are compiled in.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Names and texts.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/mail/", $name)))),*];
    };
}

files!(
    "layout.html",
    "layout.txt",
    "expiring.html",
    "expiring.txt",
    "expired.html",
    "expired.txt",
    "identify.html",
    "identify.txt",
    "access.html",
    "access.txt",
    "erased.html",
    "erased.txt",
    "test.html",
    "test.txt",
    "en.toml",
    "de.toml",
    "es.toml",
    "fr.toml",
    "pt.toml",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_compiled_in() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/mail")).unwrap();
        let mut there: Vec<_> =
            folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let mut listed: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        listed.sort();
        assert_eq!(there, listed);
    }
}
