//! Forgets what is kept no longer, part by part: others write in between, and no transaction is long.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{
    Any, FromRow,
    query::{Query, QueryAs},
};

use super::{Store, StoreError};

/// Rows that are deleted in one transaction.
const AT_ONCE: i64 = 500;

impl Store {
    /// Deletes rows in their order, from behind `start`. `behind` finds the places of those that are to go behind a place, at most
    /// as many as it is told. `delete` deletes one, if it is still to go: it was found outside of the transaction. Gives how many
    /// went.
    ///
    /// It goes by places, so that a row which has to stay after all does not hold up those behind it.
    pub(super) async fn forget<P>(
        &self,
        start: P,
        behind: impl Fn(P, i64) -> QueryAs<'static, Any, P, AnyArguments>,
        delete: impl Fn(P) -> Query<'static, Any, AnyArguments>,
    ) -> Result<u64, StoreError>
    where
        P: Clone + Send + Unpin + for<'r> FromRow<'r, AnyRow>,
    {
        let (mut place, mut forgotten) = (start, 0);
        loop {
            let rows = behind(place, AT_ONCE).fetch_all(&self.pool).await?;
            let Some(last) = rows.last().cloned() else { return Ok(forgotten) };
            place = last;
            let mut tx = self.begin().await?;
            for row in rows {
                forgotten += delete(row).execute(&mut *tx.tx).await?.rows_affected();
            }
            tx.commit().await?;
        }
    }
}
