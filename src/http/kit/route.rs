//! What a row of a table of routes is.

use axum::routing::MethodRouter;

use super::guard::Guard;
use super::state::Api;

/// One operation.
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path, with names of its parameters in braces.
    pub path: &'static str,
    /// Who may come in.
    pub guard: Guard,
    pub(crate) handler: fn() -> MethodRouter<Api>,
}
