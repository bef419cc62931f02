//! `audit`: does the chain of what was done hold?

use clap::Subcommand;

use super::context::{self, Context};
use super::{Outcome, say};

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Walk the whole chain: each entry must carry the hash of the one before. Exit code 0 or 1.
    Verify,
}

impl Audit {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let Self::Verify = self;
            let store = context::store(&config).await?;
            let verdict = store.verify_audit().await?;
            store.close().await;
            match verdict {
                Ok(entries) => say::line(&format!("the audit chain holds: {entries} entries")),
                Err(broken) => say::line(&broken.to_string()),
            }
            Ok(verdict.is_ok())
        })
    }
}
