//! `retention`: what is kept at the moment, and the record of processing activities.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::context::{self, Context};
use super::{Outcome, output, processing};
use crate::clock;
use crate::config::Config;
use crate::model::ids::time_of;
use crate::model::retention::{KINDS, Kind, Periods};
use crate::model::time::{HOUR, Timestamp};
use crate::store::{Count, DueBy, Oldest, Store, StoreError};

/// The most rows of a kind that are counted: counting walks them, which takes part of a second for so many.
const MOST: u32 = 1_000_000;

/// What is past its time for less than this is not overdue: the sweep comes each minute, and may have much to do. In milliseconds.
const GRACE: i64 = HOUR;

#[derive(Subcommand)]
pub(super) enum Retention {
    /// Say what is kept at the moment, by kind: how many rows, how old the oldest is, and how many are past their time. Exit code 0, or
    /// 1 if any are.
    Report(Report),
    /// Write the record of processing activities (GDPR, Art. 30(1)) from the configuration. No secret is in it.
    Record(Record),
}

#[derive(Args)]
pub(super) struct Report {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Record {
    /// How it is written.
    #[arg(long, value_name = "FORMAT", default_value = "md")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Markdown.
    Md,
    /// One JSON object.
    Json,
}

impl Retention {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        match self {
            Self::Report(report) => context.answer(async move { report.run(&config).await }),
            Self::Record(record) => {
                context.log()?;
                let processing = processing::of(&config, clock::now());
                output::line(
                    match record.format {
                        Format::Md => processing.to_markdown(),
                        Format::Json => processing.to_json().to_string(),
                    }
                    .trim_end(),
                );
                Ok(true)
            }
        }
    }
}

impl Report {
    async fn run(self, config: &Config) -> Outcome {
        let now = clock::now();
        let periods = config.retention.periods(config.wallets.challenge_minutes, config.renewal.link_days);
        let store = context::store(config).await?;
        let counts = take(&store, &periods, now).await;
        store.close().await;
        let counts = counts?;
        let overdue = counts.iter().any(|count| count.overdue > 0);
        if self.json {
            output::line(&in_json(config, &periods, &counts, now).to_string());
        } else {
            for line in in_words(config, &counts, now) {
                output::line(&line);
            }
        }
        if overdue {
            output::hint(
                "Some rows are past their time for more than an hour. The sweep of the background work sees to them each minute: look \
                 whether `serve` or `worker` runs, and what its log says of steps that were broken off.",
            );
        }
        Ok(!overdue)
    }
}

async fn take(store: &Store, periods: &Periods, now: Timestamp) -> Result<Vec<Count>, StoreError> {
    let late = now.plus_millis(-GRACE);
    let hours = |hours: u32| late.plus_millis(-i64::from(hours) * HOUR);
    let moment = |due| match due {
        DueBy::Itself => late,
        DueBy::Overdue => hours(periods.overdue_hours),
        DueBy::Records => periods.records_before(late),
        DueBy::Idempotency => hours(periods.idempotency_hours),
        DueBy::Events => hours(periods.events_hours),
        DueBy::VendorEvents => hours(periods.vendor_events_hours),
        DueBy::TwoDays => hours(48),
    };
    store.census(MOST, |due| moment(due).unix_millis()).await
}

fn phase(config: &Config, now: Timestamp) -> (&'static str, Option<Timestamp>) {
    let net = config.retention.safety_net();
    match net.until {
        Some(until) if until > now => ("safety_net", Some(until)),
        _ => ("none", None),
    }
}

fn oldest(count: &Count) -> Option<Timestamp> {
    match count.oldest.as_ref()? {
        Oldest::At(millis) => Timestamp::from_unix_millis(*millis).ok(),
        Oldest::Id(id) => time_of(id),
    }
}

fn at_least(rows: i64) -> &'static str {
    if rows >= i64::from(MOST) { "at least " } else { "" }
}

fn in_words(config: &Config, counts: &[Count], now: Timestamp) -> Vec<String> {
    let mut lines = vec![match phase(config, now) {
        ("safety_net", Some(until)) => format!("phase safety_net, until {until}"),
        (phase, _) => format!("phase {phase}: content is forgotten on delivery"),
    }];
    for (kind, count) in KINDS.iter().zip(counts).filter(|(_, count)| count.rows > 0 || count.overdue > 0) {
        let since = oldest(count).map(|at| format!(", the oldest of {at}")).unwrap_or_default();
        let late = if count.overdue > 0 {
            format!("; PAST THEIR TIME: {}{}", at_least(count.overdue), count.overdue)
        } else {
            String::new()
        };
        let rows = format!("{}{}", at_least(count.rows), count.rows);
        lines.push(format!("{}: {rows}{since}{late}", kind.place()));
    }
    lines
}

fn in_json(config: &Config, periods: &Periods, counts: &[Count], now: Timestamp) -> Value {
    let show = |(kind, count): (&Kind, &Count)| {
        json!({
            "place": count.place,
            "what": kind.what,
            "how": kind.how(),
            "period": kind.long_with(periods),
            "rows": count.rows,
            "moreThanCounted": count.rows >= i64::from(MOST),
            "oldest": oldest(count).map(|at| at.to_string()),
            "overdue": count.overdue,
        })
    };
    let (phase, until) = phase(config, now);
    json!({
        "at": now.to_string(),
        "phase": phase,
        "safetyNetUntil": until.map(|until| until.to_string()),
        "kinds": KINDS.iter().zip(counts).map(show).collect::<Vec<_>>(),
        "overdue": counts.iter().map(|count| count.overdue).sum::<i64>(),
    })
}
