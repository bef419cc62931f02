//! Numbers over time, as charts and as a table.

use axum::response::Response;
use minijinja::{Value, context};

use super::chart::{Chart, Series, draw};
use super::page::Page;
use super::records::{client_of, options};
use super::shown::{clients, whose, word};
use super::visit::Visit;
use crate::flow::look::{self, Numbers};
use crate::http::kit::problem::{Code, Problem};
use crate::model::numbers::Counted;

/// How many days may be shown.
const SPANS: [u32; 3] = [30, 90, 365];

/// What each chart shows: its name, and what is counted, each with the class of its colour.
const CHARTS: [(&str, &[(Counted, &str)]); 3] = [
    (
        "credentials",
        &[
            (Counted::Issued, "good"),
            (Counted::Received, "first"),
            (Counted::Failed, "bad"),
            (Counted::Revoked, "second"),
        ],
    ),
    ("verifications", &[(Counted::Approved, "good"), (Counted::Opened, "first"), (Counted::Declined, "bad")]),
    (
        "mails",
        &[(Counted::MailsSent, "good"), (Counted::MailsFailed, "bad"), (Counted::MailsBounced, "second")],
    ),
];

/// The page.
pub(in crate::http) async fn show(visit: Visit) -> Result<Response, Problem> {
    let whose = whose(&visit)?;
    let days = match visit.param("days") {
        None => SPANS[0],
        Some(text) => {
            let days = SPANS.into_iter().find(|days| days.to_string() == text);
            days.ok_or_else(|| Problem::new(Code::NotFound))?
        }
    };
    let numbers = look::numbers(visit.app(), &whose, days).await?;
    let labels: Vec<String> =
        numbers.days.iter().map(|day| day.to_string().get(5..).unwrap_or_default().to_owned()).collect();
    let charts = CHARTS.map(|(name, what)| chart(&visit, &numbers, &labels, name, what)).to_vec();
    let totals: Vec<Value> = Counted::ALL
        .iter()
        .map(
            |what| context! { text => word(&visit, "counted", what.as_str()), count => numbers.total(*what) },
        )
        .collect();
    let table: Vec<Value> = numbers
        .days
        .iter()
        .enumerate()
        .rev()
        .map(|(place, day)| {
            let counts =
                Counted::ALL.iter().map(|what| numbers.of(*what).get(place).copied().unwrap_or_default());
            context! { day => day.to_string(), counts => counts.collect::<Vec<_>>() }
        })
        .collect();
    let content = context! {
        charts,
        totals,
        table,
        heads => Counted::ALL.iter().map(|what| word(&visit, "counted", what.as_str())).collect::<Vec<_>>(),
        spans => SPANS.map(|days| (days.to_string(), days.to_string())).to_vec(),
        days => days.to_string(),
        clients => options(&visit, "client", clients(&visit).await?.iter().map(String::as_str)),
        client => client_of(&visit, &whose)?,
    };
    visit.page(Page::new("numbers.html", "numbers.title", content))
}

fn chart(
    visit: &Visit,
    numbers: &Numbers,
    labels: &[String],
    name: &'static str,
    what: &[(Counted, &'static str)],
) -> Value {
    let title = word(visit, "chart", name);
    let names: Vec<_> = what.iter().map(|(what, _)| word(visit, "counted", what.as_str())).collect();
    let sums: Vec<_> = what
        .iter()
        .zip(&names)
        .map(|((what, _), name)| format!("{name}: {}", numbers.total(*what)))
        .collect();
    let series: Vec<_> = what
        .iter()
        .zip(&names)
        .map(|((what, class), name)| Series { name: name.as_str(), class, counts: numbers.of(*what) })
        .collect();
    let description = sums.join("; ");
    let svg =
        draw(&Chart { id: name, title: &title, description: &description, points: labels, series: &series });
    let key: Vec<Value> = what
        .iter()
        .zip(&names)
        .map(|((_, class), name)| context! { class => *class, text => name.as_str() })
        .collect();
    // It is made by `chart`, which escapes what it is given.
    context! { title, svg => Value::from_safe_string(svg), key }
}
