//! Gas, fees and the two token bridges, which hold nothing here: every balance is 0.

use std::future::{Ready, ready};

use serde_json::json;

use super::arguments::Arguments;
use super::{Context, Failure, Outcome};
use crate::state::{credentials, users, wallets};

/// What `action_costing_gas` costs: 1.2 in units of 10^-18.
const DEMONSTRATION_COST: u128 = 1_200_000_000_000_000_000;

const NO_BALANCE: Failure = Failure::Raised("no wallet with balance found");

pub(super) async fn get_allowance(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let Some(user) = wallets::user_of(c.db, Some(c.caller)).await? else { return Ok(vec![]) };
    let allowance = users::gas_allowance(c.db, &user).await?;
    Ok(allowance.into_iter().map(|allowance| vec![json!(allowance.to_string())]).collect())
}

pub(super) fn check_balance(_: &mut Context<'_>, mut a: Arguments) -> Ready<Outcome> {
    let (_address, token) = (a.text(), a.text());
    ready(check_token(token.as_deref()).map(|()| vec![vec![json!("0")]]))
}

pub(super) async fn get_wallet_with_balance(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let token = a.text();
    look_for_balance(c, token.as_deref()).await?;
    Ok(vec![vec![json!(null)]])
}

pub(super) async fn request_withdrawal(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let token = a.text();
    look_for_balance(c, token.as_deref()).await?;
    Err(NO_BALANCE)
}

pub(super) async fn get_issuer_fee(c: &mut Context<'_>, mut a: Arguments) -> Outcome {
    let id = a.uuid();
    match credentials::issuer_fee(c.db, id.as_deref()).await? {
        Some(fee) => Ok(vec![vec![json!(fee)]]),
        None => Err(Failure::Raised("credential not found")),
    }
}

/// Takes the cost from the user's allowance, and the rest from the user's tokens, of which there are none.
pub(super) async fn action_costing_gas(c: &mut Context<'_>, _: Arguments) -> Outcome {
    let mut amount = DEMONSTRATION_COST;
    // The schema looks for a wallet with the caller's *address*, so NEAR users have no allowance.
    if wallets::has_address(c.db, Some(c.caller)).await?
        && let Some(user) = wallets::user_of(c.db, Some(c.caller)).await?
    {
        let allowance = users::gas_allowance(c.db, &user).await?.unwrap_or(0);
        users::set_gas_allowance(c.db, &user, allowance.saturating_sub(amount)).await?;
        amount = amount.saturating_sub(allowance);
    }
    if amount > 0 { Err(NO_BALANCE) } else { Ok(vec![]) }
}

/// Whatever the amount, a wallet with a balance is looked for first.
pub(super) fn action_costing_idos_token(_: &mut Context<'_>, _: Arguments) -> Ready<Outcome> {
    ready(Err(NO_BALANCE))
}

/// Likewise, even before the credential.
pub(super) fn action_costing_fee(_: &mut Context<'_>, _: Arguments) -> Ready<Outcome> {
    ready(Err(NO_BALANCE))
}

/// Looks at each address that might hold tokens; an unknown token shows only if there is one to look at.
async fn look_for_balance(c: &mut Context<'_>, token: Option<&str>) -> Result<(), Failure> {
    let has_profile = wallets::has_address(c.db, Some(c.caller)).await?;
    let has_addresses = if has_profile {
        match wallets::user_of(c.db, Some(c.caller)).await? {
            Some(user) => {
                wallets::of_user(c.db, &user).await?.iter().any(|wallet| wallet.wallet_type == "EVM")
            }
            None => false,
        }
    } else {
        true // the caller itself is taken for an address
    };
    if has_addresses { check_token(token) } else { Ok(()) }
}

fn check_token(token: Option<&str>) -> Result<(), Failure> {
    match token {
        Some("IDOS" | "USDC") => Ok(()),
        _ => Err(Failure::Raised("invalid token")),
    }
}
