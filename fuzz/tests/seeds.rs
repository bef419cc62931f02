//! Replays the committed inputs through their targets, without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use idos_fuzz::TARGETS;

#[test]
fn every_seed_passes_its_target() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        let seeds = files(&folder("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            let data = fs::read(&seed).unwrap();
            if catch_unwind(|| target(&data)).is_err() {
                failed.push(seed);
            }
        }
    }
    assert!(failed.is_empty(), "these inputs fail: {failed:#?}");
}

#[test]
fn targets_programs_and_seeds_belong_together() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    assert_eq!(files(&folder("fuzz_targets")).iter().map(stem).collect::<BTreeSet<_>>(), targets);
    assert_eq!(entries(&folder("seeds")).iter().map(stem).collect::<BTreeSet<_>>(), targets);

    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in &targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no program");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets.len());
}

#[test]
fn seeds_are_small() {
    const MOST: u64 = 600_000;
    let size = |path: &PathBuf| fs::metadata(path).unwrap().len();
    let all: u64 = entries(&folder("seeds")).iter().flat_map(|folder| files(folder)).map(|f| size(&f)).sum();
    assert!(all <= MOST, "the seeds have {all} bytes");
}

/// In `fuzz/`, from wherever these tests are built: `tests/fuzz-seeds` builds them with the rest of the repository.
fn folder(name: &str) -> PathBuf {
    let mut places = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|place| place.join("fuzz"));
    places.find(|fuzz| fuzz.join("seeds").is_dir()).unwrap().join(name)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_file()).collect()
}
