//! Administration by the owner of the database.

use std::future::{Ready, ready};

use super::arguments::Arguments;
use super::{Context, Failure, Outcome};
use crate::state::inserters;

pub(super) async fn add_inserter_as_owner(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (id, name) = (a.uuid(), a.text());
    inserters::insert(c.db, id.as_deref(), name.as_deref()).await?;
    Ok(vec![])
}

pub(super) async fn delete_inserter_as_owner(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    inserters::delete(c.db, id.as_deref()).await?;
    Ok(vec![])
}

/// Stores the address in lower case.
pub(super) async fn add_delegate_as_owner(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let (address, inserter_id) = (a.text(), a.uuid());
    inserters::insert_delegate(c.db, address.as_deref(), inserter_id.as_deref()).await?;
    Ok(vec![])
}

/// Does not lower the address: with another letter case than the stored one, nothing happens.
pub(super) async fn delete_delegate_as_owner(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let address = a.text();
    inserters::delete_delegate(c.db, address.as_deref()).await?;
    Ok(vec![])
}

/// Empties a token bridge; the bridges here are empty.
pub(super) fn request_balance_withdrawal(_: &mut Context<'_>, mut a: Arguments) -> Ready<Outcome> {
    ready(match a.text().as_deref() {
        Some("IDOS" | "USDC") => Ok(vec![]),
        _ => Err(Failure::Raised("invalid token")),
    })
}
