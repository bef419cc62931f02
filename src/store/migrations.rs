//! The steps of the schema, as they lie in `migrations/`.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Number, name and text of each step, in order. Named one by one: the macro that reads the folder would have the drivers of
/// both databases built a second time, for the compiler's own use.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "service", include_str!("../../migrations/0001_service.sql")),
    (2, "verifications", include_str!("../../migrations/0002_verifications.sql")),
    (3, "notices", include_str!("../../migrations/0003_notices.sql")),
    (4, "mail_links", include_str!("../../migrations/0004_mail_links.sql")),
    (5, "wallet_links", include_str!("../../migrations/0005_wallet_links.sql")),
    (6, "attributes", include_str!("../../migrations/0006_attributes.sql")),
    (7, "claims", include_str!("../../migrations/0007_claims.sql")),
    (8, "relay", include_str!("../../migrations/0008_relay.sql")),
    (9, "erasure", include_str!("../../migrations/0009_erasure.sql")),
    (10, "kept_content", include_str!("../../migrations/0010_kept_content.sql")),
    (11, "staff", include_str!("../../migrations/0011_staff.sql")),
    (12, "daily", include_str!("../../migrations/0012_daily.sql")),
    (13, "visits", include_str!("../../migrations/0013_visits.sql")),
    (14, "proposal", include_str!("../../migrations/0014_proposal.sql")),
    (16, "told_ends", include_str!("../../migrations/0016_told_ends.sql")),
];

/// What brings a database up to date. A step that the database has and the program does not is one of a newer program:
/// schemas change in steps that the program before them still works with, and that one has to start, while replicas are
/// replaced or when a new one is taken back.
pub(super) fn migrator() -> Migrator {
    let steps = STEPS.iter().map(|&(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    migrator.set_ignore_missing(true);
    migrator
}

/// The numbers of all steps.
pub(super) fn versions() -> impl Iterator<Item = i64> {
    STEPS.iter().map(|(version, ..)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_step() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut there: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap())
            .map(|file| {
                (file.file_name().into_string().unwrap(), std::fs::read_to_string(file.path()).unwrap())
            })
            .collect();
        there.sort();
        let steps: Vec<_> = STEPS
            .iter()
            .map(|(version, name, sql)| (format!("{version:04}_{name}.sql"), (*sql).to_owned()))
            .collect();
        assert_eq!(steps, there);
        assert!(steps.is_sorted() && versions().is_sorted_by(|a, b| a < b) && versions().next() == Some(1));
    }
}
