//! `user.query`: the list of actions, which the JavaScript client reads before calls with named parameters.
//!
//! No SQL is run. idOS takes the right to SELECT from everybody, so any other query fails on a real node, too.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use idos_client::encoding::DataType;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, RpcError, error, read_params};
use crate::actions::table::{Access, Action, Kind, Parameter, TABLE};
use crate::node::Shared;

#[derive(Deserialize)]
struct Params {
    query: String,
    #[serde(default)]
    params: Option<BTreeMap<String, EncodedValue>>,
}

#[derive(Deserialize)]
struct EncodedValue {
    #[serde(default)]
    data: Vec<String>,
}

pub(super) fn query(node: &Shared, params: Value) -> Outcome {
    if node.config.private_mode {
        let message = "query is prohibited when authenticated calls are enforced (private mode)";
        return Err(RpcError::new(error::NO_QUERY_IN_PRIVATE, message));
    }
    let Params { query, params } = read_params(params)?;
    let words = query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if !words.starts_with("select * from info.actions") {
        let message = "user does not have privilege: this node answers queries of info.actions only";
        return Err(RpcError::new(error::ENGINE, message));
    }

    let params = params.unwrap_or_default();
    let wanted = |name: &str| params.get(name).and_then(text);
    let (namespace, name) = (wanted("$namespace"), wanted("$name").or_else(|| wanted("$action")));
    let is_ours = namespace.is_none_or(|namespace| namespace == "main");
    let actions =
        TABLE.iter().filter(|action| is_ours && name.as_deref().is_none_or(|name| name == action.name));
    let mut rows: Vec<&Action> = actions.collect();
    rows.sort_by_key(|action| action.name);
    if rows.is_empty() {
        return Ok(json!({ "column_names": null, "column_types": null, "values": null }).into());
    }
    let values: Vec<Value> = rows.into_iter().map(row).collect();
    Ok(json!({
        "column_names": [
            "namespace", "name", "raw_statement", "access_modifiers", "parameter_names", "parameter_types",
            "return_names", "return_types", "returns_table", "built_in",
        ],
        "column_types": [
            column("text", false), column("text", false), column("text", false), column("text", true),
            column("text", true), column("text", true), column("text", true), column("text", true),
            column("bool", false), column("bool", false),
        ],
        "values": values,
    })
    .into())
}

pub(super) fn authenticated_query() -> Outcome {
    let message = "authenticated query is not supported by this node";
    Err(RpcError::new(error::NO_AUTHENTICATED_QUERY, message))
}

fn row(action: &Action) -> Value {
    let mut modifiers = vec![match action.access {
        Access::Private => "PRIVATE",
        Access::Public | Access::Owner => "PUBLIC",
    }];
    if action.access == Access::Owner {
        modifiers.push("OWNER");
    }
    if action.kind == Kind::View {
        modifiers.push("VIEW");
    }
    let types = |parameters: &[Parameter]| -> Vec<String> {
        parameters.iter().map(|parameter| DataType::Scalar(parameter.scalar).to_string()).collect()
    };
    let parameter_names: Vec<String> =
        action.parameters.iter().map(|parameter| format!("${}", parameter.name)).collect();
    let return_names: Vec<&str> = action.returns.iter().map(|column| column.name).collect();
    json!([
        "main",
        action.name,
        format!("-- {}: built into this development node", action.name),
        modifiers,
        parameter_names,
        types(action.parameters),
        return_names,
        types(action.returns),
        action.returns_table,
        false,
    ])
}

fn column(name: &str, is_array: bool) -> Value {
    json!({ "name": name, "is_array": is_array, "metadata": [0, 0] })
}

/// A text value in the encoding of arguments: base64 of 01 and the text.
fn text(value: &EncodedValue) -> Option<String> {
    let bytes = STANDARD.decode(value.data.first()?).ok()?;
    let (mark, text) = bytes.split_first()?;
    if *mark == 1 { String::from_utf8(text.to_vec()).ok() } else { None }
}
