//! `vault`: what locks data at rest.

use clap::Subcommand;

use super::context::Context;
use super::{Outcome, output};
use crate::app::App;
use crate::clock::Clock;
use crate::flow::staff::manage;
use crate::flow::{contact, holder};

#[derive(Subcommand)]
pub(super) enum Vault {
    /// Lock all contacts, of issuances and of verifications, under the present vault key (the first of keys.vault), and renew
    /// their look-up hashes; those of people of sources of personhood too. May be broken off and run again, also while the service runs.
    Relock,
}

impl Vault {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let Self::Relock = self;
            let app = App::build(config, Clock::System).await?;
            let relocked = contact::relock_all(&app).await?;
            output::line(&format!("locked {relocked} contacts under the vault key {}", app.vault.key_id()));
            let persons = holder::relock_all(&app).await?;
            if persons > 0 {
                output::line(&format!("made {persons} people findable under it"));
            }
            let staff = manage::relock_all(&app).await?;
            if staff > 0 {
                output::line(&format!("locked the secrets of the one-time codes of {staff} people under it"));
            }
            app.store.forget_traces().await?;
            app.store.close().await;
            Ok(true)
        })
    }
}
