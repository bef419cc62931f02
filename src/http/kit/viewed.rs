//! That what is shown is written down.

use super::problem::Problem;
use super::state::Api;
use crate::flow::viewed::{Viewed, saw};
use crate::model::submitter::Submitter;

impl Api {
    /// Writes down that the caller is shown this record, or what belongs to it.
    pub(crate) async fn saw(&self, caller: &Submitter, id: &str) -> Result<(), Problem> {
        Ok(saw(&self.app, &caller.actor(), Viewed::Record(id)).await?)
    }

    /// Writes down that the caller is shown so many records, chosen by these filters.
    pub(crate) async fn saw_list(
        &self,
        caller: &Submitter,
        of: &str,
        by: &[&'static str],
        found: usize,
    ) -> Result<(), Problem> {
        Ok(saw(&self.app, &caller.actor(), Viewed::List { of, by, found }).await?)
    }
}
