//! Finds what `tests/kwild/build` made.

use std::env;
use std::path::{Path, PathBuf};

use idos_devnode::Schema;

/// The programs that a network is made of.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// kwild with the extension and the schema.
    pub(crate) kwild: PathBuf,
    /// The folder of a PostgreSQL 16, with `bin`, `lib` and `share`.
    pub(crate) postgres: PathBuf,
}

/// The programs are not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no bin/idos-kwild (or for the next schema bin/idos-kwild-next) and postgres/bin/postgres in {}: run `tests/kwild/build`, or name the folder that it \
     made in IDOS_KWILD_TOOLS",
    .looked_in.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
)]
pub struct ToolsMissing {
    looked_in: Vec<PathBuf>,
}

impl Tools {
    /// Looks in `IDOS_KWILD_TOOLS`; or else in `kwild` in the target folder, which is `CARGO_TARGET_DIR` or `target`
    /// in the current folder or in one that it lies in.
    pub(crate) fn find(schema: Schema) -> Result<Self, ToolsMissing> {
        let looked_in = if let Some(named) = named("IDOS_KWILD_TOOLS") {
            vec![named]
        } else if let Some(target) = named("CARGO_TARGET_DIR") {
            vec![target.join("kwild")]
        } else {
            let here = env::current_dir().unwrap_or_default();
            here.ancestors().map(|folder| folder.join("target/kwild")).collect()
        };
        looked_in.iter().find_map(|folder| Self::within(folder, schema)).ok_or(ToolsMissing { looked_in })
    }

    fn within(folder: &Path, schema: Schema) -> Option<Self> {
        let folder = folder.canonicalize().ok()?;
        // The next schema has a longer name than kwild takes as it is published.
        let kwild = if schema.has_blobs() { "bin/idos-kwild-next" } else { "bin/idos-kwild" };
        let tools = Self { kwild: folder.join(kwild), postgres: folder.join("postgres") };
        let is_whole = tools.kwild.is_file()
            && ["initdb", "postgres"].iter().all(|name| tools.postgres.join("bin").join(name).is_file());
        is_whole.then_some(tools)
    }
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_when_every_program_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["bin/idos-kwild", "postgres/bin/initdb", "postgres/bin/postgres"] {
            assert!(Tools::within(folder.path(), Schema::Current).is_none(), "{file}");
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        assert!(Tools::within(folder.path(), Schema::Current).unwrap().kwild.is_absolute());
        assert!(Tools::within(folder.path(), Schema::Next).is_none(), "that needs one more");
        std::fs::write(folder.path().join("bin/idos-kwild-next"), "").unwrap();
        assert!(Tools::within(folder.path(), Schema::Next).unwrap().kwild.ends_with("bin/idos-kwild-next"));
    }

    #[test]
    fn what_to_do_is_said_when_they_are_missing() {
        let missing = ToolsMissing { looked_in: vec!["/a".into(), "/b".into()] };
        let text = missing.to_string();
        assert!(text.contains("/a, /b") && text.contains("tests/kwild/build"), "{text}");
    }
}
