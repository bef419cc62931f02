//! A request has come in: another case is opened. By what a person is known is in the body of a POST, as for a search, and is not kept.

use axum::response::Response;
use chrono::NaiveDate;
use idos_wallet::{WalletType, check_address};
use minijinja::context;
use rand::rngs::OsRng;

use super::HERE;
use super::told::no as no_of;
use crate::flow::cases::{self, NewCase, Whose};
use crate::flow::intake;
use crate::http::console::page::Page;
use crate::http::console::shown::{clients, word};
use crate::http::console::visit::{No, Visit};
use crate::http::kit::form::Form;
use crate::http::kit::problem::{Code, Problem};
use crate::model::case::{CaseOrigin, Identity};
use crate::model::ids::is_user_id;
use crate::model::mail_link::LinkToken;
use crate::model::notices::Zone;
use crate::model::personal::Personal;
use crate::model::staff::Reach;
use crate::model::submission::Owner;

/// By what a person may be known.
const BY: &[&str] = &["email", "user", "reference", "wallet"];

/// The empty form.
pub(in crate::http) async fn ask(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None).await
}

/// The form with what somebody was found by.
pub(in crate::http) async fn ask_about(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None).await
}

async fn page(visit: &Visit, no: Option<No>) -> Result<Response, Problem> {
    let typed = |name| match visit.form() {
        Ok(form) => form.text(name).map(str::to_owned),
        Err(_) => Ok(String::new()),
    };
    let named = |of: &str, name: &'static str| (name, word(visit, of, name));
    // The same form sent twice opens one case.
    let once = match typed("once")? {
        text if text.is_empty() => LinkToken::new(&mut OsRng).to_text().to_string(),
        text => text,
    };
    let all = clients(visit).await?;
    let client = match (&visit.me()?.staff.reach, all.as_slice()) {
        (Reach::Client(client), _) => client.clone(),
        (Reach::All, [only]) => only.clone(),
        (Reach::All, _) => typed("client")?,
    };
    let content = context! {
        once,
        is_of_one => visit.me()?.staff.reach != Reach::All,
        clients => all.into_iter().map(|client| (client.clone(), client)).collect::<Vec<_>>(),
        client,
        ways => BY.iter().map(|name| named("case_by", name)).collect::<Vec<_>>(),
        by => typed("by")?,
        text => typed("text")?,
        types => WalletType::ALL.iter().map(|one| one.as_str()).map(|name| (name, name)).collect::<Vec<_>>(),
        wallet_type => typed("wallet_type")?,
        received => typed("received")?,
        today => visit.app().erasure.zone().day(visit.app().clock.now()).to_string(),
        may_vouch => visit.app().erasure.clients_vouch(),
        vouched => !typed("vouched")?.is_empty(),
    };
    visit.page(Page::new("case_open.html", "case.new", content).unless(no))
}

/// Opens it.
pub(in crate::http) async fn take(visit: Visit) -> Result<Response, Problem> {
    let (me, form, app) = (visit.me()?, visit.form()?, visit.app());
    let client = match &me.staff.reach {
        Reach::Client(client) => client.clone(),
        Reach::All => form.text("client")?.to_owned(),
    };
    let is_there = matches!(me.staff.reach, Reach::Client(_)) || clients(&visit).await?.contains(&client);
    if !is_there {
        return page(&visit, Some(No::of("no.case_client"))).await;
    }
    let new = match read(form, app.erasure.zone())? {
        Ok(new) => new,
        Err(words) => return page(&visit, Some(No::of(words))).await,
    };
    let caller = cases::of_client(&me.staff, &client);
    let once = form.text("once")?;
    if once.parse::<LinkToken>().is_err() {
        return Err(Problem::new(Code::InvalidRequest));
    }
    let mut parts: Vec<&[u8]> = vec![b"POST /console/cases", client.as_bytes()];
    for name in ["by", "text", "wallet_type", "received", "vouched"] {
        parts.push(form.text(name)?.as_bytes());
    }
    let key = intake::idempotency(app, &caller, once, &parts);
    match cases::open(app, &caller, Some(&key), new).await {
        Ok(opened) => Ok(visit.go_saying(&format!("{HERE}/{}", opened.record.case.id), "said.case_opened")),
        Err(error) => page(&visit, Some(no_of(error)?)).await,
    }
}

/// Reads a request, or says by the name of words what of it is not taken.
fn read(form: &Form, zone: Zone) -> Result<Result<NewCase, &'static str>, Problem> {
    let whose = match whose(form)? {
        Ok(whose) => whose,
        Err(words) => return Ok(Err(words)),
    };
    let received_at = match form.text("received")?.trim() {
        "" => None,
        text => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => Some(zone.start_of(day)),
            Err(_) => return Ok(Err("no.case_received")),
        },
    };
    let identity = (!form.text("vouched")?.is_empty()).then_some(Identity::Client);
    Ok(Ok(NewCase { whose, received_at, identity, origin: CaseOrigin::Staff }))
}

fn whose(form: &Form) -> Result<Result<Whose, &'static str>, Problem> {
    let text = form.text("text")?.trim();
    Ok(match form.text("by")? {
        "email" => text.parse().map(Whose::Email).map_err(|_| "no.case_email"),
        "user" => {
            let user = text.parse().ok().filter(|id| is_user_id(*id));
            user.map(Whose::User).ok_or("no.case_user")
        }
        "reference" => text.parse().map(Whose::Reference).map_err(|_| "no.case_reference"),
        "wallet" => match form.text("wallet_type")?.parse::<WalletType>() {
            Ok(wallet_type) if check_address(wallet_type, text).is_ok() => {
                let address = Personal::new(text.to_owned());
                Ok(Whose::Wallet(Owner { wallet_type, address, public_key: None }))
            }
            _ => Err("no.case_wallet"),
        },
        _ => Err("no.case_by"),
    })
}
