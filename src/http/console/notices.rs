//! Notices by what has become of them, and what each mail says.

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use minijinja::{Value, context};

use super::page::Page;
use super::records::{client_of, options};
use super::shown::{chosen, clients, pager, state, whose, word};
use super::visit::Visit;
use crate::flow::look::{self, At};
use crate::http::kit::problem::{Code, Problem};
use crate::model::notices::{Notice, NoticeCode, NoticeDeed, NoticeState};
use crate::model::staff::Role;

/// For a mail that is shown: nothing runs, nothing is fetched, nothing is sent, nothing leads anywhere, and only a page of ours shows it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'; \
                      base-uri 'none'; form-action 'none'";

/// What can be done about a notice by hand, each with its words.
pub(super) fn deeds(visit: &Visit, notice: &Notice) -> Vec<(&'static str, String)> {
    let named = |deed: &NoticeDeed| (deed.as_str(), word(visit, "notice_deed", deed.as_str()));
    notice.deeds().iter().map(named).collect()
}

/// Notices in a state: those that are planned, unless another one is asked for.
pub(in crate::http) async fn list(visit: Visit) -> Result<Response, Problem> {
    let whose = whose(&visit)?;
    let wanted = chosen::<NoticeState>(&visit, "state")?.unwrap_or(NoticeState::Planned);
    let list = look::notices(visit.app(), &whose, wanted, chosen::<At>(&visit, "at")?.as_ref()).await?;
    let client = client_of(&visit, &whose)?;
    let asked = [
        ("client", Some(client.as_str()).filter(|client| !client.is_empty())),
        ("state", Some(wanted.as_str())),
    ];
    visit.saw_list("notices", &asked, list.rows.len()).await?;
    let rows: Vec<Value> = list
        .rows
        .iter()
        .map(|one| {
            context! {
                id => one.id.as_str(), issuance => one.issuance_id.as_str(), client => one.client.as_str(), days => one.days,
                code => one.code.map(NoticeCode::as_str), due => visit.when(one.due_at), sent => visit.maybe_when(one.sent_at),
                attempts => one.attempts, state => state(&visit, one.state.as_str()), deeds => deeds(&visit, one),
            }
        })
        .collect();
    let states: Vec<_> = NoticeState::ALL
        .iter()
        .map(|state| (state.as_str().to_owned(), word(&visit, "state", state.as_str())))
        .collect();
    let content = context! {
        rows,
        pager => pager(&visit, "/notices", &asked, &list),
        states,
        chosen => wanted.as_str(),
        clients => options(&visit, "client", clients(&visit).await?.iter().map(String::as_str)),
        client,
        may_act => visit.me()?.may(Role::Compliance),
    };
    visit.page(Page::new("notices.html", "notices.title", content))
}

/// Every mail in every language, with made-up contents.
pub(in crate::http) async fn mails(visit: Visit) -> Result<Response, Problem> {
    let (names, languages) = look::mail_names(visit.app());
    let name = visit
        .param("mail")
        .unwrap_or_else(|| names.first().map_or_else(String::new, |name| (*name).to_owned()));
    let language = visit.param("language").or_else(|| languages.first().cloned()).unwrap_or_default();
    let shown = look::preview(visit.app(), &name, &language).map_err(|error| Problem::fault(&error))?;
    if shown.is_none() && !languages.is_empty() {
        return Err(Problem::new(Code::NotFound));
    }
    let content = context! {
        mails => names.iter().map(|name| (*name, word(&visit, "mail", name))).collect::<Vec<_>>(),
        languages => languages.iter().map(|language| (language.clone(), language.clone())).collect::<Vec<_>>(),
        name,
        chosen => language,
        preview => shown.map(|shown| context! { subject => shown.subject, text => shown.text }),
    };
    visit.page(Page::new("mails.html", "mails.title", content).framing())
}

/// One mail as its readers see it, for a frame of that page.
pub(in crate::http) async fn mail(
    Path((name, language)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let shown = look::preview(visit.app(), &name, &language).map_err(|error| Problem::fault(&error))?;
    let shown = shown.ok_or_else(|| Problem::new(Code::NotFound))?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    Ok((headers, shown.html).into_response())
}
