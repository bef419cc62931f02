//! The pages that an invitation leads through: a password, then the app for one-time codes.

use axum::extract::Path;
use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::visit::{DEVICE, No, Visit, set, with_session};
use crate::flow::staff::{StaffError, device, invitation};
use crate::http::kit::problem::Problem;
use crate::model::mail_link::LinkToken;
use crate::model::personal::Personal;
use crate::model::staff::Staff;

/// For how long a browser is known that has come in: 180 days, in seconds.
const KNOWN: u32 = 180 * 24 * 3600;

async fn follow(visit: &Visit, token: &str) -> Result<Staff, StaffError> {
    let token: LinkToken = token.parse().map_err(|_| StaffError::NoInvitation)?;
    invitation::follow(visit.app(), &token).await
}

/// The page of what is to be done next. Showing it changes nothing.
pub(in crate::http) async fn show(Path(token): Path<String>, visit: Visit) -> Result<Response, Problem> {
    match follow(&visit, &token).await {
        Ok(staff) => visit.page(step(&visit, &staff, None)?),
        Err(error) => refuse(&visit, error),
    }
}

fn refuse(visit: &Visit, error: StaffError) -> Result<Response, Problem> {
    let no = No::told(error)?;
    let content = context! { words => no.words, code => "" };
    visit.page(Page::new("error.html", "invitation.title", content).unless(Some(no)))
}

fn step(visit: &Visit, staff: &Staff, no: Option<No>) -> Result<Page, Problem> {
    let setup = if staff.password.is_some() {
        invitation::setup(visit.app(), staff).map_err(|error| Problem::fault(&error))?
    } else {
        None
    };
    let setup = setup.map(|setup| {
        let (size, path) = &setup.picture;
        context! {
            secret => setup.secret.expose(),
            url => setup.url.expose(),
            size => *size,
            path => path.expose(),
        }
    });
    let content = context! { name => staff.name.as_str(), role => staff.role.as_str(), setup };
    Ok(Page::new("invitation.html", "invitation.title", content).unless(no))
}

/// Takes the password, or the first code.
pub(in crate::http) async fn take(Path(token): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let staff = match follow(&visit, &token).await {
        Ok(staff) => staff,
        Err(error) => return refuse(&visit, error),
    };
    let form = visit.form()?;
    if let Some(code) = form.maybe("code")? {
        return match invitation::finish(visit.app(), staff.clone(), code, visit.from().address).await {
            Ok((me, codes)) => {
                let page = Page::new("secret.html", "codes.title", codes_of(&codes));
                let response = with_session(visit.page(page)?, &me);
                Ok(set(response, DEVICE, &device::issue(visit.app(), &me.staff.id), Some(KNOWN)))
            }
            Err(error) => visit.page(step(&visit, &staff, Some(No::told(error)?))?),
        };
    }
    let password = Personal::new(form.text("password")?.to_owned());
    if form.text("again")? != password.expose() {
        return visit.page(step(&visit, &staff, Some(No::of("no.again")))?);
    }
    match invitation::choose_password(visit.app(), staff.clone(), &password).await {
        Ok(_) => Ok(visit.go(&format!("/invitation/{token}"))),
        Err(error) => visit.page(step(&visit, &staff, Some(No::told(error)?))?),
    }
}

/// What the page says that shows recovery codes this once.
pub(super) fn codes_of(codes: &[Personal<String>]) -> Value {
    let secrets: Vec<_> = codes.iter().map(|code| code.expose().clone()).collect();
    context! { heading => "codes.title", text => "codes.text", secrets, back => "", back_words => "codes.done" }
}
