//! What pages of records have in common: words for codes, rows of records, whose records are listed, and where a list goes on.

use std::str::FromStr;

use minijinja::{Value, context};
use url::form_urlencoded::Serializer;

use super::visit::Visit;
use super::words;
use crate::flow::look::{At, Hit, Listed};
use crate::http::kit::problem::{Code, Problem};
use crate::model::staff::Reach;
use crate::model::submitter::is_plain_name;

/// The words for a code; the code itself where there are none, as for what only a newer program knows.
pub(super) fn word(visit: &Visit, of: &str, code: &str) -> String {
    words::find(visit.language, &format!("{of}.{code}")).unwrap_or(code).to_owned()
}

/// A state in words, with the tone of its badge.
pub(super) fn state(visit: &Visit, code: &str) -> Value {
    let tone = match code {
        "issued" | "created" | "written" | "linked" | "proven" | "sent" | "approved" => "good",
        "halted" | "unclear" | "awaiting_profile" | "awaiting_grant" => "warn",
        "failed" | "declined" | "refused" => "bad",
        _ => "plain",
    };
    context! { code, text => word(visit, "state", code), tone }
}

/// A record in a row.
pub(super) fn row(visit: &Visit, hit: &Hit) -> Value {
    context! {
        id => hit.record.as_str(),
        kind => word(visit, "kind", hit.record.kind()),
        client => hit.client.as_str(),
        state => state(visit, hit.state),
        code => hit.code,
        reference => hit.reference.as_deref(),
        created => visit.when(hit.created_at),
        updated => visit.when(hit.updated_at),
    }
}

/// Whose records are listed: those that may be seen, or of them one client's that was asked for.
pub(super) fn whose(visit: &Visit) -> Result<Reach, Problem> {
    let reach = visit.me()?.staff.reach.clone();
    Ok(match visit.param("client").filter(|client| !client.is_empty()) {
        None => reach,
        Some(client) if is_plain_name(&client) && reach.sees(&client) => Reach::Client(client),
        Some(_) => return Err(Problem::new(Code::NotFound)),
    })
}

/// The choice of a client, for those who see all of them.
pub(super) async fn clients(visit: &Visit) -> Result<Vec<String>, Problem> {
    match visit.me()?.staff.reach {
        Reach::All => Ok(visit.app().store.clients().await?.into_iter().collect()),
        Reach::Client(_) => Ok(Vec::new()),
    }
}

/// A parameter that is one of some names, or is not there. Another one leads to no page.
pub(super) fn chosen<T: FromStr>(visit: &Visit, name: &str) -> Result<Option<T>, Problem> {
    let text = visit.param(name).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| Problem::new(Code::NotFound))).transpose()
}

/// The links to the parts of a list before and behind this one, with what was asked for.
pub(super) fn pager<T>(visit: &Visit, path: &str, asked: &[(&str, Option<&str>)], list: &Listed<T>) -> Value {
    let link = |at: &At| {
        let mut query = Serializer::new(String::new());
        for (name, value) in asked {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.append_pair("at", &at.to_string());
        format!("{}{path}?{}", visit.base(), query.finish())
    };
    context! { newer => list.newer.as_ref().map(link), older => list.older.as_ref().map(link) }
}
