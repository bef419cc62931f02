//! What is done about a notice by hand: first a page that says what will happen, with what the mail says; then it is done.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;

use super::page::Page;
use super::shown::{state, word};
use super::visit::{No, Visit};
use crate::flow::notices::{self, NoticeError};
use crate::flow::viewed::{Viewed, saw};
use crate::http::kit::problem::{Code, Problem};
use crate::model::ids::NoticeId;
use crate::model::notices::{NoticeCode, NoticeDeed};

/// Which notice, and what is done about it, as they stand in a path.
fn of_path(id: &str, deed: &str) -> Result<(NoticeId, NoticeDeed), Problem> {
    let id = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    Ok((id, deed.parse().map_err(|_| Problem::new(Code::NotFound))?))
}

/// What an error is to the reader of a page; or the problem that no form can mend.
fn told(error: NoticeError) -> Result<No, Problem> {
    let conflict = |words| No::with(words, StatusCode::CONFLICT);
    Ok(match error {
        NoticeError::Changed | NoticeError::BeingSent | NoticeError::NotPlanned(_) => {
            conflict("no.notice_changed")
        }
        NoticeError::NotIssued => conflict("no.notice_over"),
        NoticeError::NoContact => conflict("no.notice_nobody"),
        NoticeError::NotFound => return Err(Problem::new(Code::NotFound)),
        NoticeError::Mail(error) => return Err(Problem::fault(&error)),
        NoticeError::Store(error) => return Err(error.into()),
    })
}

/// Says what will happen.
pub(in crate::http) async fn ask(
    Path((id, deed)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let (id, deed) = of_path(&id, &deed)?;
    page(&visit, &id, deed, None).await
}

async fn page(visit: &Visit, id: &NoticeId, deed: NoticeDeed, no: Option<No>) -> Result<Response, Problem> {
    let (me, app) = (visit.me()?, visit.app());
    let notice = match notices::visible(app, &me.staff.reach, id).await {
        Ok(notice) => notice,
        Err(error) => return Err(told(error).err().unwrap_or_else(|| Problem::new(Code::NotFound))),
    };
    saw(app, &me.staff.actor(), Viewed::Record(notice.issuance_id.as_str())).await?;
    // What cannot be written is not shown: that is told when it is tried.
    let text = notices::text_of(app, id).await.ok();
    let can = notice.deeds().contains(&deed);
    let no = no.or_else(|| (!can).then(|| No::with("no.notice_changed", StatusCode::CONFLICT)));
    let content = context! {
        id => notice.id.as_str(),
        issuance => notice.issuance_id.as_str(),
        client => notice.client.as_str(),
        days => notice.days,
        state => state(visit, notice.state.as_str()),
        code => notice.code.map(NoticeCode::as_str),
        due => visit.when(notice.due_at),
        sent => visit.maybe_when(notice.sent_at),
        deed => deed.as_str(),
        heading => word(visit, "notice_deed", deed.as_str()),
        can,
        seen => notice.seen(),
        preview => text.map(|text| context! { subject => text.subject, text => text.text }),
    };
    visit.page(Page::new("notice.html", "notice.title", content).unless(no))
}

/// Does it.
pub(in crate::http) async fn take(
    Path((id, deed)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let (id, deed) = of_path(&id, &deed)?;
    let seen = visit.form()?.text("seen")?;
    match notices::act(visit.app(), &visit.me()?.staff, &id, (deed, seen)).await {
        Ok(()) => {
            let words = match deed {
                NoticeDeed::Resend => "said.notice_resent",
                NoticeDeed::Cancel => "said.notice_cancelled",
            };
            Ok(visit.go_saying("/notices", words))
        }
        Err(error) => page(&visit, &id, deed, Some(told(error)?)).await,
    }
}
