//! Rows to values. A column that does not read is an error of its own: somebody else wrote it.

use std::str::FromStr;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::StoreError;
use crate::model::issuance::Transaction;
use crate::model::time::Timestamp;

/// The columns of one row.
pub(super) struct Columns<'a>(pub(super) &'a AnyRow);

impl Columns<'_> {
    pub(super) fn text(&self, name: &'static str) -> Result<String, StoreError> {
        self.0.try_get(name).map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn maybe_text(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.0.try_get(name).map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn number(&self, name: &'static str) -> Result<i64, StoreError> {
        self.0.try_get(name).map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn maybe_number(&self, name: &'static str) -> Result<Option<i64>, StoreError> {
        self.0.try_get(name).map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn count(&self, name: &'static str) -> Result<u32, StoreError> {
        self.number(name)?.try_into().map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn maybe_count(&self, name: &'static str) -> Result<Option<u64>, StoreError> {
        self.maybe_number(name)?.map(u64::try_from).transpose().map_err(|_| StoreError::Unreadable(name))
    }

    /// A text that some type reads.
    pub(super) fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, StoreError> {
        self.text(name)?.parse().map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn maybe_parsed<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        self.maybe_text(name)?.map(|text| text.parse()).transpose().map_err(|_| StoreError::Unreadable(name))
    }

    /// The columns `tx_hash` and `tx_height`.
    pub(super) fn transaction(&self) -> Result<Option<Transaction>, StoreError> {
        let height = self.maybe_count("tx_height")?;
        Ok(self.maybe_text("tx_hash")?.map(|hash| Transaction { hash, height }))
    }

    pub(super) fn moment(&self, name: &'static str) -> Result<Timestamp, StoreError> {
        Timestamp::from_unix_millis(self.number(name)?).map_err(|_| StoreError::Unreadable(name))
    }

    pub(super) fn maybe_moment(&self, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.maybe_number(name)?
            .map(Timestamp::from_unix_millis)
            .transpose()
            .map_err(|_| StoreError::Unreadable(name))
    }
}

pub(super) fn millis(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::unix_millis)
}
