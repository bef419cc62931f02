//! `migrate`: the database schema, brought up to date.

use clap::Args;

use super::context::Context;
use super::{Outcome, output};
use crate::store::{Store, StoreError};

#[derive(Args)]
pub(super) struct Migrate {
    /// Change nothing: exit code 0 if the schema is up to date, 1 if not.
    #[arg(long, conflicts_with = "create")]
    check: bool,
    /// Make the file of an SQLite database that is not there. Without this, a missing file is an error: its volume may not be
    /// mounted.
    #[arg(long)]
    create: bool,
}

impl Migrate {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let (url, connections) = (config.database.url.expose(), config.database.max_connections);
            let store = if self.create {
                Store::create(url, connections).await?
            } else {
                Store::connect(url, connections).await?
            };
            if !self.check {
                store.migrate().await?;
            }
            let is_there = match store.require_migrated().await {
                Ok(()) => true,
                Err(StoreError::NotMigrated) => false,
                Err(error) => return Err(error.into()),
            };
            store.close().await;
            output::line(if is_there { "the schema is up to date" } else { "the schema is NOT up to date" });
            Ok(is_there)
        })
    }
}
