//! The dependency rules of docs/architecture.md, as a test.
//!
//! It reads source text, so it knows nothing of macros or re-exports; it is a fence, not a wall. Paths that leave a
//! module by `super::` escape it; write `crate::`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot read its subject fails loudly"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// For each module of the service: the modules of the service that it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("cores", &[]),
    ("secret_file", &[]),
    ("config", &["model", "secret_file"]),
    ("keys", &["config", "cores", "model", "secret_file"]),
    ("vault", &[]),
    ("mail", &["config", "model", "outbound", "secret_file"]),
    ("outbound", &[]),
    ("source", &["config", "keys", "model", "outbound"]),
    ("person_source", &["config", "keys", "model", "outbound", "source"]),
    ("evm_rpc", &["config", "outbound"]),
    ("oidc", &["config", "keys", "model", "outbound"]),
    ("telemetry", &["config", "outbound"]),
    ("store", &["model"]),
    (
        "app",
        &[
            "clock",
            "config",
            "cores",
            "evm_rpc",
            "keys",
            "mail",
            "model",
            "oidc",
            "outbound",
            "person_source",
            "source",
            "store",
            "vault",
        ],
    ),
    (
        "flow",
        &["app", "evm_rpc", "keys", "mail", "model", "oidc", "person_source", "source", "store", "vault"],
    ),
    ("worker", &["app", "flow", "keys", "mail", "model", "source", "store"]),
    ("http", &["app", "cores", "flow", "model", "oidc", "source", "store", "telemetry"]),
    (
        "cli",
        &[
            "app",
            "clock",
            "config",
            "evm_rpc",
            "flow",
            "http",
            "keys",
            "mail",
            "model",
            "oidc",
            "outbound",
            "person_source",
            "secret_file",
            "source",
            "store",
            "telemetry",
            "vault",
            "worker",
        ],
    ),
];

/// For each outside crate that must stay in its place: the modules that may name it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("argon2", &["flow"]),
    ("axum", &["cli", "http"]), // cli: the page of `dev`
    ("chacha20poly1305", &["vault"]),
    ("clap", &["cli"]),
    ("governor", &["http"]),
    ("identity_vendors", &["cli", "config", "flow", "http", "person_source", "source"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("idos_client", &["app", "cli", "flow", "http", "keys", "model", "worker"]),
    ("idos_devnode", &["cli"]),
    ("idos_images", &["app", "flow"]),
    ("idos_linked_data", &["cli"]),
    ("idos_localnet", &["cli"]),
    ("idos_webhooks", &["app", "cli", "flow", "source"]),
    ("idna", &["model"]),
    ("imap_proto", &["mail"]),
    ("ipnet", &["model"]),
    ("lettre", &["mail", "model"]),
    ("memchr", &["cli", "http"]),
    ("notice_mail", &["cli", "config", "flow", "mail"]),
    ("openidconnect", &["oidc"]),
    ("opentelemetry", &["telemetry"]),
    ("p521", &["model"]),
    ("qrcodegen", &["flow"]),
    ("reqwest", &["cli", "evm_rpc", "oidc", "outbound", "person_source", "source", "telemetry"]),
    ("sqlx", &["store"]),
    ("tokio_cron_scheduler", &["worker"]),
    ("tokio_rustls", &["mail"]),
    ("toml", &["config"]),
    ("totp_rs", &["flow"]),
    ("tower_http", &["http"]),
];

/// For each call that must stay in its place: the modules that may make it.
const MAY_CALL: &[(&str, &[&str])] = &[
    // The official SDK believes nearly everything; what we sign, consumers should believe.
    ("kyc_as_sdk", &[]),
    ("kyc_v3_as_sdk", &[]),
    ("edd_as_sdk", &[]),
    ("read_as_sdk", &[]),
    (".begin(", &["app", "flow", "person_source", "store", "worker"]),
    ("SealedCredential::from_stored", &["store"]),
    ("SignedCredential::from_stored", &["flow"]),
    ("std::env::var", &["config"]),
    ("Utc::now", &["clock"]),
    ("SystemTime::now", &["clock"]),
    ("std::fs::", &["cli", "config", "keys", "mail", "secret_file", "store"]),
];

/// For each crate: the crates of this workspace that it may depend on, tests aside.
const CRATES: &[(&str, &[&str])] = &[
    ("idos-wallet", &[]),
    ("idos-credential", &["idos-content-id", "idos-file-type"]),
    ("idos-content-id", &[]),
    ("idos-client", &["idos-content-id", "idos-wallet"]),
    ("idos-linked-data", &["idos-credential"]),
    ("idos-devnode", &["idos-client", "idos-content-id", "idos-wallet"]),
    ("idos-file-type", &[]),
    ("idos-images", &["idos-file-type"]),
    ("idos-localnet", &["idos-client", "idos-devnode", "idos-wallet"]),
    ("idos-webhooks", &[]),
    ("identity-vendors", &["idos-file-type"]),
    ("notice-mail", &["idos-file-type"]),
];

#[test]
fn modules_import_only_what_they_may() {
    let mut broken = Vec::new();
    for (module, file, text) in sources() {
        let Some((_, may)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            broken.push(format!("{} belongs to no listed module", file.display()));
            continue;
        };
        for named in crate_paths(&text) {
            if named != module && !may.contains(&named.as_str()) {
                broken.push(format!("{}: {module} -> {named}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "forbidden imports:\n{}", broken.join("\n"));
}

#[test]
fn outside_crates_and_calls_stay_in_their_place() {
    let mut broken = Vec::new();
    for (module, file, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (name, homes) in MAY_USE {
            let named = code.contains(&format!("{name}::")) || code.contains(&format!("use {name}"));
            if named && !homes.contains(&module.as_str()) {
                broken.push(format!("{}: {module} uses {name}", file.display()));
            }
        }
        for (call, homes) in MAY_CALL {
            if code.contains(call) && !homes.contains(&module.as_str()) {
                broken.push(format!("{}: {module} calls {call}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "out of place:\n{}", broken.join("\n"));
}

/// For each enum whose variants are told apart in one folder only: the folder, which defines it in its `mod.rs`.
const TOLD_APART_IN: &[(&str, &str)] = &[
    ("Kind", "crates/idos-credential/src/kind"),
    ("Subject", "crates/idos-credential/src/kind"),
    ("Suite", "crates/idos-credential/src/proof"),
    ("Vendor", "crates/identity-vendors/src/vendor"),
    ("PersonSource", "crates/identity-vendors/src/personhood"),
];

/// A kind of credential, a proof suite, a vendor and a source of personhood are a file each: nothing outside their folders asks which it is, and
/// names none.
#[test]
fn kinds_suites_and_vendors_are_told_apart_in_their_folders() {
    let crates = std::fs::read_dir("crates").unwrap().map(|entry| entry.unwrap().path().join("src"));
    let code: Vec<_> = crates
        .flat_map(|folder| files(&folder, "rs"))
        .chain(files(Path::new("src"), "rs"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (path, lines.join("\n").split("#[cfg(test)]").next().unwrap().to_owned())
        })
        .collect();
    let mut broken = Vec::new();
    for (name, folder) in TOLD_APART_IN {
        let definition = std::fs::read_to_string(Path::new(folder).join("mod.rs")).unwrap();
        let body = after(&definition, &format!("pub enum {name} {{")).split("\n}").next().unwrap();
        let variants: Vec<_> = body
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
            .map(ident)
            .collect();
        assert!(!variants.is_empty(), "{name} has no variants");
        // By each variant's name, or by all of them at once.
        let forbidden = || variants.iter().map(String::as_str).chain(["*", "{"]);
        for (path, code) in code.iter().filter(|(path, _)| !path.starts_with(folder)) {
            for (before, after) in
                code.split(&format!("{name}::")).zip(code.split(&format!("{name}::")).skip(1))
            {
                let is_word = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
                let named = forbidden().find(|&variant| match variant {
                    "*" | "{" => after.starts_with(variant),
                    variant => ident(after) == variant,
                });
                if let (true, Some(variant)) = (is_word, named) {
                    broken.push(format!("{}: {name}::{variant}", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "outside their folders:\n{}", broken.join("\n"));
}

/// For each enum that more than one layer knows: the files that may tell its variants apart. Others ask a method of it.
const TOLD_APART_BY: &[(&str, &[&str])] = &[
    ("Work", &["src/model/", "src/flow/work.rs", "src/flow/deliver/mod.rs"]),
    ("Delivery", &["src/model/", "src/flow/deliver/write_credential.rs", "src/http/api/issuances/read.rs"]),
    ("Authority", &["src/model/"]),
    ("Task", &["src/flow/deliver/mod.rs"]),
    ("Backend", &["src/keys/backend/mod.rs"]),
];

/// What a piece of work, a delivery or a key is like is said in one place each, and asked everywhere else.
#[test]
fn variants_are_told_apart_in_their_places() {
    let mut broken = Vec::new();
    for (_, file, text) in sources() {
        let path = file.display().to_string();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let tells = ["=>", "==", "!=", "matches!", "if let", "let Some", "else {"]
                .iter()
                .any(|t| line.contains(t));
            for (name, places) in TOLD_APART_BY {
                let path_to = format!("{name}::");
                let mut named = line.split(&path_to).zip(line.split(&path_to).skip(1));
                let is_variant = named.any(|(before, after)| {
                    !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                        && after.starts_with(|c: char| c.is_ascii_uppercase())
                        // What stands behind an arrow is made, not told apart.
                        && !before.contains("=>")
                        && !before.trim_end().ends_with('{')
                });
                let is_here = places.iter().any(|place| path.starts_with(place));
                if is_variant && (tells || line.starts_with('|')) && !is_here {
                    broken.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "told apart outside their places:\n{}", broken.join("\n"));
}

#[test]
fn the_allowed_imports_have_no_cycle() {
    let mut left: Vec<(&str, Vec<&str>)> = MAY_IMPORT.iter().map(|(m, may)| (*m, may.to_vec())).collect();
    while let Some(position) = left.iter().position(|(_, may)| may.is_empty()) {
        let (leaf, _) = left.swap_remove(position);
        for (_, may) in &mut left {
            may.retain(|m| *m != leaf);
        }
    }
    assert!(left.is_empty(), "cycle among {left:?}");
}

/// Neighbours that name each other all the same: the folder, the neighbours, and the reason.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "crates/idos-client/src",
        &["actions", "grants"],
        "actions take write grants, and the text of a grant is what an action gives",
    ),
    (
        "crates/idos-devnode/src/actions",
        &[
            "arguments",
            "attributes",
            "consumer",
            "gas",
            "grants",
            "holder",
            "issuer",
            "owner",
            "preliminary",
            "table",
            "users",
            "wallets",
        ],
        "a table names every action, and actions know their table's types",
    ),
];

/// Neighbours in a folder, be they files or folders, name each other in one direction only, however long the way round is.
/// What a folder's `mod.rs` and its files have to do with each other is the folder's own affair.
#[test]
fn no_two_neighbours_import_each_other() {
    let roots = std::fs::read_dir("crates").unwrap().map(|entry| entry.unwrap().path().join("src"));
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut shown = Vec::new();
    for root in std::iter::once(PathBuf::from("src")).chain(roots) {
        let tree = Tree::read(&root);
        for (folder, arrows) in tree.arrows() {
            for circle in circles(&arrows) {
                let there = root.join(folder.join("/")).display().to_string();
                let there = there.trim_end_matches('/').to_owned();
                let inside = |name: &String| circle.contains(name);
                for ((from, to), file) in arrows.iter().filter(|((a, b), _)| inside(a) && inside(b)) {
                    shown.push(format!("{there}: {from} -> {to} ({})", file.display()));
                }
                found.push((there, circle));
            }
        }
    }
    found.sort();
    let mut allowed: Vec<_> = CIRCLES
        .iter()
        .map(|(folder, names, _)| {
            ((*folder).to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
        })
        .collect::<Vec<(String, Vec<String>)>>();
    allowed.sort();
    let new: Vec<_> = found.iter().filter(|circle| !allowed.contains(circle)).collect();
    let gone: Vec<_> = allowed.iter().filter(|circle| !found.contains(circle)).collect();
    assert!(new.is_empty(), "neighbours import each other: {new:?}\n{}", shown.join("\n"));
    assert!(gone.is_empty(), "to be struck from CIRCLES, they do so no more: {gone:?}");
}

/// The modules of a crate.
struct Tree(BTreeMap<Vec<String>, (PathBuf, String)>);

/// Who names whom among neighbours, with the file in which it stands first.
type Arrows = BTreeMap<(String, String), PathBuf>;

impl Tree {
    fn read(root: &Path) -> Self {
        let modules = files(root, "rs").into_iter().filter(|file| !file.ends_with("main.rs"));
        Self(
            modules
                .map(|file| {
                    let path = file.strip_prefix(root).unwrap().with_extension("");
                    let names = path.components().map(|name| name.as_os_str().to_string_lossy().into_owned());
                    let names = names.filter(|name| name != "mod" && name != "lib").collect();
                    let text = std::fs::read_to_string(&file).unwrap();
                    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                    (names, (file, lines.collect::<Vec<_>>().join("\n")))
                })
                .collect(),
        )
    }

    /// For each folder: the arrows between what lies in it.
    fn arrows(&self) -> BTreeMap<Vec<String>, Arrows> {
        let mut folders: BTreeMap<Vec<String>, Arrows> = BTreeMap::new();
        for (module, (file, code)) in &self.0 {
            for path in paths(code) {
                let Some(named) = self.resolve(module, &path, 0) else { continue };
                let common = module.iter().zip(&named).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (module.get(common), named.get(common)) {
                    let arrows = folders.entry(module[..common].to_vec()).or_default();
                    arrows.entry((from.clone(), to.clone())).or_insert_with(|| file.clone());
                }
            }
        }
        folders
    }

    /// The module in which what `path` names stands, followed through what other modules hand on.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let mut at = module.to_vec();
        let mut names = path.iter().peekable();
        match names.next()?.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop()?;
                while names.next_if(|name| *name == "super").is_some() {
                    at.pop()?;
                }
            }
            first => at.push(first.to_owned()),
        }
        for name in names {
            at.push(name.clone());
            if self.0.contains_key(&at) {
                continue;
            }
            at.pop();
            let code = &self.0.get(&at)?.1;
            let handed_on = |path: &Vec<String>| path.last() == Some(name) && path.len() > 1;
            if depth < 4
                && let Some(path) = handed_on_by(code).into_iter().find(handed_on)
                && let Some(there) = self.resolve(&at, &path, depth + 1)
            {
                return Some(there);
            }
            break;
        }
        self.0.contains_key(&at).then_some(at)
    }
}

/// All that `pub use` hands on.
fn handed_on_by(code: &str) -> Vec<Vec<String>> {
    let starts = ["pub use ", "pub(crate) use ", "pub(super) use "];
    let uses = starts.iter().flat_map(|start| code.split(start).skip(1));
    uses.flat_map(|rest| expand(rest.split(';').next().unwrap_or_default())).collect()
}

/// All paths that begin with `crate`, `super` or `self`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let is_inner =
                code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            if !is_inner {
                found.extend(expand(&code[at..]));
            }
        }
    }
    found
}

/// The paths of a use tree at the start of a text: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(text: &str) -> Vec<Vec<String>> {
    fn tree(text: &str, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
        let (mut at, mut path) = (0, before.to_vec());
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            let rest = &text[at..];
            if let Some(group) = rest.strip_prefix('{') {
                let mut inner = 0;
                while let Some(next) = group.get(inner..).filter(|next| !next.trim_start().starts_with('}')) {
                    if next.trim().is_empty() {
                        return text.len();
                    }
                    inner += tree(next, &path, found);
                    inner += usize::from(group[inner..].starts_with(','));
                }
                let close = group[inner..].find('}').unwrap_or_default();
                return at + 1 + inner + close + 1;
            }
            let name = ident(rest);
            if name.is_empty() {
                found.push(path);
                return (at + rest.chars().next().map_or(0, char::len_utf8)).min(text.len());
            }
            at += name.len();
            if name != "self" || path.is_empty() {
                path.push(name);
            }
            if text[at..].starts_with("::") {
                at += 2;
                continue;
            }
            found.push(path);
            // `as` and a name, up to what ends the item.
            let end = text[at..].find([',', '}', ';', '\n']).unwrap_or(0);
            return at + if text[at..].starts_with(" as ") { end } else { 0 };
        }
    }
    let mut found = Vec::new();
    tree(text, &[], &mut found);
    found
}

/// Sets of names of which each leads to each other one.
fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reach = |start: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(at) = next.pop() {
            for (_, to) in arrows.keys().filter(|(from, _)| from == at) {
                if seen.insert(to) {
                    next.push(to);
                }
            }
        }
        seen
    };
    let names: BTreeSet<&String> = arrows.keys().flat_map(|(from, to)| [from, to]).collect();
    let reached: BTreeMap<_, _> = names.iter().map(|name| (*name, reach(name))).collect();
    let mut found = BTreeSet::new();
    for name in names.iter().filter(|name| reached[*name].contains(*name)) {
        let back = reached[name].iter().filter(|other| reached[*other].contains(name));
        found.insert(back.map(|name| (*name).clone()).collect::<Vec<_>>());
    }
    found.into_iter().collect()
}

#[test]
fn paths_are_read_as_they_are_written() {
    let read = |text| paths(text).into_iter().map(|path| path.join("::")).collect::<Vec<_>>();
    assert_eq!(
        read(
            "use crate::a::{self, b::{C, d::E as F}, g};\nuse super::super::h;\nlet i = self::j::k(macro$crate::l);"
        ),
        ["crate::a", "crate::a::b::C", "crate::a::b::d::E", "crate::a::g", "super::super::h", "self::j::k"]
    );
    let arrow = |from: &str, to: &str| ((from.to_owned(), to.to_owned()), PathBuf::new());
    let arrows =
        Arrows::from([arrow("a", "b"), arrow("b", "c"), arrow("c", "a"), arrow("c", "d"), arrow("d", "e")]);
    assert_eq!(circles(&arrows), [["a", "b", "c"]]);
}

#[test]
fn crates_depend_only_on_what_they_may() {
    for (name, may) in CRATES {
        let manifest = std::fs::read_to_string(format!("crates/{name}/Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
        for (other, _) in CRATES {
            let there = dependencies
                .lines()
                .any(|line| line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} ")));
            assert_eq!(there, may.contains(other), "{name} -> {other}");
        }
        assert!(!dependencies.contains("idos-issuer"), "{name} depends on the service");
    }
    let listed: BTreeSet<_> = CRATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let there: BTreeSet<_> =
        std::fs::read_dir("crates").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(listed, there, "every crate has its rule");
}

/// A path of this repository, as texts name one between backticks.
fn is_path(word: &str) -> bool {
    let tops = [
        "src/",
        "crates/",
        "tests/",
        "docs/",
        "benches/",
        "fuzz/",
        "examples/",
        ".ci/",
        "migrations/",
        "templates/",
    ];
    tops.iter().any(|top| word.starts_with(top)) && !word.contains(['*', '{', '<', ' ', '…', '\n'])
}

#[test]
fn comments_name_only_paths_that_exist() {
    let mut dead = Vec::new();
    for (folder, extension) in
        [("src", "rs"), ("crates", "rs"), ("tests/it", "rs"), ("benches", "rs"), ("migrations", "sql")]
    {
        for file in files(Path::new(folder), extension) {
            let text = std::fs::read_to_string(&file).unwrap();
            // What a crate says of its own folder is meant from there.
            let own: PathBuf =
                if folder == "crates" { file.components().take(2).collect() } else { PathBuf::new() };
            for line in text.lines().map(str::trim_start) {
                let Some(comment) = line.strip_prefix("//").or_else(|| line.strip_prefix("--")) else {
                    continue;
                };
                for word in comment.split('`').skip(1).step_by(2).filter(|word| is_path(word)) {
                    if !Path::new(word).exists() && !own.join(word).exists() {
                        dead.push(format!("{}: {word}", file.display()));
                    }
                }
            }
        }
    }
    assert!(dead.is_empty(), "comments name paths that are gone:\n{}", dead.join("\n"));
}

#[test]
fn the_library_lists_every_module() {
    let text = std::fs::read_to_string("src/lib.rs").unwrap();
    let listed: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ["))
        .flat_map(|row| {
            row.split('|').next().unwrap().split(", ").map(|name| name.trim_matches(['[', '`', ']', ' ']))
        })
        .collect();
    let there: BTreeSet<_> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(listed, there);
}

#[test]
fn documents_name_only_paths_that_exist() {
    let mut dead = Vec::new();
    // What is made at work, and is not in the repository.
    let ignored = std::fs::read_to_string(".gitignore").unwrap();
    let is_made = |word: &str| ignored.lines().any(|line| line.trim_start_matches('/') == word);
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            if is_path(word) && !is_made(word) && !Path::new(word).exists() {
                dead.push(format!("{}: {word}", document.display()));
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            let folder = document.parent().unwrap();
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "documents name paths that are gone:\n{}", dead.join("\n"));
}

#[test]
fn the_version_is_one() {
    let manifest = std::fs::read_to_string("Cargo.toml").unwrap();
    let version = after(&manifest, "\nversion = \"").split('"').next().unwrap();
    let description = std::fs::read_to_string("openapi.yaml").unwrap();
    let described = after(&description, "\n  version: ").lines().next().unwrap();
    assert_eq!(described, version, "openapi.yaml");
    let changes = std::fs::read_to_string("CHANGELOG.md").unwrap();
    let known: Vec<_> = changes.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    // Before the first version there is nothing but what is unreleased.
    let named = known.iter().any(|title| title.split(' ').next() == Some(version));
    assert!(named || known == ["Unreleased"], "CHANGELOG.md has no entry for {version}");
}

#[test]
fn the_oldest_compiler_is_named_alike_everywhere() {
    let oldest = after(&std::fs::read_to_string("Cargo.toml").unwrap(), "\nrust-version = \"")
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    for (file, before) in [
        ("README.md", "with Rust ("),
        ("Dockerfile", "FROM rust:"),
        ("test", "install Rust "),
        (".github/workflows/ci.yml", "rustup toolchain install "),
    ] {
        let text = std::fs::read_to_string(file).unwrap();
        let named = after(&text, before);
        let rest =
            named.strip_prefix(&oldest).unwrap_or_else(|| panic!("{file} names another than {oldest}"));
        assert!(!rest.starts_with(|c: char| c.is_ascii_digit()), "{file} names another than {oldest}");
    }
}

/// What is shown is what runs: the first program in a crate's README is one of its examples, less the example's head.
#[test]
fn programs_of_readmes_are_examples() {
    for readme in documents().iter().filter(|path| path.starts_with("crates")) {
        let text = std::fs::read_to_string(readme).unwrap();
        let (_, block) = text.split_once("```rust").unwrap();
        let (_, block) = block.split_once('\n').unwrap();
        let (shown, _) = block.split_once("```").unwrap();
        let examples = files(&readme.with_file_name("examples"), "rs");
        let is_one = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            text.strip_suffix(shown).is_some_and(|head| {
                head.lines().all(|line| line.is_empty() || line.starts_with("//!") || line.starts_with("#!["))
            })
        };
        assert!(examples.iter().any(is_one), "{}: its program is none of the examples", readme.display());
    }
}

fn after<'a>(text: &'a str, before: &str) -> &'a str {
    text.split_once(before).unwrap_or_else(|| panic!("there is no {before:?}")).1
}

/// Every source file but the two roots, with its top-level module and its code less comments.
fn sources() -> Vec<(String, PathBuf, String)> {
    files(Path::new("src"), "rs")
        .into_iter()
        .filter(|path| path != Path::new("src/main.rs") && path != Path::new("src/lib.rs"))
        .map(|path| {
            let first = path.components().nth(1).unwrap().as_os_str().to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (module, path, code.join("\n"))
        })
        .collect()
}

/// The top-level modules named as `crate::x` or inside `crate::{x, y::z}`.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            named.insert(ident(rest));
            continue;
        };
        let mut depth = 1;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                named.insert(ident(item.trim()));
                item.clear();
            } else {
                item.push(c);
            }
            if depth == 0 {
                break;
            }
        }
    }
    named.remove("");
    named
}

fn ident(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn documents() -> Vec<PathBuf> {
    let mut found = files(Path::new("docs"), "md");
    let here = std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().path());
    found.extend(here.filter(|path| path.extension().is_some_and(|e| e == "md")));
    let crates = std::fs::read_dir("crates").unwrap().map(|entry| entry.unwrap().path().join("README.md"));
    let others =
        ["fuzz", "tests/interop", "tests/kwild", "tests/vectors"].map(|f| Path::new(f).join("README.md"));
    found.extend(crates.filter(|path| path.exists()).chain(others));
    found
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
