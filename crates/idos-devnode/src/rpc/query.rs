//! `user.query`: refused. idOS takes the right to SELECT in `main` from everybody, and whatever a query names, it is run
//! there. On kwild this is so for the list of actions, too, which the JavaScript client wants to read before calls with
//! named parameters.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Outcome, RpcError, error, read_params};
use crate::shared::Shared;

pub(super) fn query(node: &Shared, params: Value) -> Outcome {
    #[derive(Deserialize)]
    struct Params {
        #[serde(rename = "query")]
        _query: String,
        #[serde(default, rename = "params")]
        _params: Option<BTreeMap<String, Value>>,
    }

    if node.config.private_mode {
        let message = "query is prohibited when authenticated calls are enforced (private mode)";
        return Err(RpcError::new(error::NO_QUERY_IN_PRIVATE, message));
    }
    let _params: Params = read_params(params)?;
    Err(RpcError::new(error::ENGINE, "user does not have privilege SELECT on namespace \"main\""))
}

pub(super) fn authenticated_query() -> Outcome {
    let message = "authenticated query is not supported by this node";
    Err(RpcError::new(error::NO_AUTHENTICATED_QUERY, message))
}
