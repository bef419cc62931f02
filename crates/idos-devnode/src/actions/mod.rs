//! The actions of the idOS schema, namespace `main`.
//!
//! `table` lists them all. The modules beside it hold one function for each; every function makes its checks in
//! the schema's order, which clients can tell by the errors. Every action that changes state begins, in the
//! schema, by paying gas of 0; that has no effect and is left out.

mod arguments;
mod attributes;
mod consumer;
mod failure;
mod gas;
mod grants;
mod holder;
mod issuer;
mod owner;
mod preliminary;
pub(crate) mod table;
mod users;
mod wallets;
mod written;

use idos_client::encoding::{DataType, Value};
use sqlx::SqliteConnection;

use arguments::Arguments;
pub(crate) use failure::Failure;
use table::{Access, Action, Kind};

use crate::schema::Schema;
use crate::state::credentials::Seen;

/// What an action sees of the world.
pub(crate) struct Context<'c> {
    pub(crate) db: &'c mut SqliteConnection,
    /// Which actions there are, and what they return.
    pub(crate) schema: Schema,
    /// Which credentials views see.
    pub(crate) seen: Seen,
    /// `@caller`. Empty if nobody says who they are, which only view calls may.
    pub(crate) caller: &'c str,
    /// Whether the caller owns the database and may call owner-only actions.
    pub(crate) caller_is_owner: bool,
    /// `@height`: of the block being made; for views, of the last one.
    pub(crate) height: i64,
    /// `@block_timestamp`: unix seconds.
    pub(crate) timestamp: i64,
    /// Whether state may be changed: in transactions yes, in view calls no.
    pub(crate) can_write: bool,
}

/// The namespaces that there are. Only `main` has actions here; on a real node, some functions of `idos` can be called.
const NAMESPACES: [&str; 3] = ["main", "idos", "info"];

/// What an action returns: the values of each row, in the order of the action's columns.
pub(crate) type Rows = Vec<Vec<serde_json::Value>>;

/// What becomes of a call.
pub(crate) type Outcome = Result<Rows, Failure>;

/// Runs an action. The checks before the action's own are the engine's, in its order: namespace, name, number of
/// arguments, their types, read-only connection, private, owner-only.
pub(crate) async fn run(
    context: &mut Context<'_>,
    namespace: &str,
    name: &str,
    arguments: Vec<Value<'_>>,
) -> Result<(&'static Action, Rows), Failure> {
    let namespace = match namespace.to_lowercase() {
        nothing if nothing.is_empty() => "main".to_owned(),
        namespace => namespace,
    };
    if !NAMESPACES.contains(&namespace.as_str()) {
        return Err(Failure::Engine(format!("namespace \"{}\" does not exist", shown(&namespace))));
    }
    let action = table::find(context.schema, name).filter(|_| namespace == "main").ok_or_else(|| {
        let name = shown(&name.to_lowercase());
        Failure::Engine(format!(
            "unknown action: action \"{name}\" does not exist in namespace \"{namespace}\""
        ))
    })?;
    let name = action.name;
    let arguments = Arguments::check(action, arguments)?;
    if action.kind == Kind::Execute && !context.can_write {
        return Err(Failure::Engine(format!(
            "connection is read-only and cannot mutate state: action \"{name}\" requires a writer connection"
        )));
    }
    match action.access {
        Access::Public => {}
        Access::Private => {
            return Err(Failure::Engine(format!("action is private: action {name} is private")));
        }
        Access::Owner if context.caller_is_owner => {}
        Access::Owner => {
            return Err(Failure::Engine(format!(
                "action is owner-only: action {name} can only be executed by the owner"
            )));
        }
    }
    let rows = (action.run)(context, arguments).await?;
    Ok((action, rows))
}

/// The columns of an action, as `user.call` answers them.
pub(crate) fn columns(action: &Action) -> (Vec<&'static str>, Vec<DataType>) {
    action.returns.iter().map(|column| (column.name, DataType::Scalar(column.scalar))).unzip()
}

/// A foreign name as far as an error text may repeat it: the client's own, but not without end.
fn shown(name: &str) -> String {
    const LIMIT: usize = 64;
    name.chars().filter(|c| !c.is_control()).take(LIMIT).collect()
}
