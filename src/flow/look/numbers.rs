//! Numbers of each day. They are counted from the audit chain, which has everything once and in order: so nothing is slower for being
//! counted, and whatever is killed when, each entry counts once.

use std::collections::BTreeMap;

use crate::app::App;
use crate::model::numbers::{Counted, Day};
use crate::model::staff::Reach;
use crate::store::StoreError;

/// Entries that are counted in one transaction.
const PAGE: i64 = 1_000;

/// The most pages in one go: what is left has its turn a minute later.
const PAGES: usize = 100;

/// What happened how often on each day of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The days, in order, without gaps.
    pub days: Vec<Day>,
    /// For each thing that is counted: as many numbers as there are days.
    pub counts: BTreeMap<Counted, Vec<u64>>,
}

impl Numbers {
    /// How often something happened in all of the span.
    #[must_use]
    pub fn total(&self, what: Counted) -> u64 {
        self.counts.get(&what).map_or(0, |counts| counts.iter().sum())
    }

    /// How often something happened on each day.
    #[must_use]
    pub fn of(&self, what: Counted) -> &[u64] {
        self.counts.get(&what).map_or(&[], Vec::as_slice)
    }
}

/// The numbers of the last `days` days, today included.
pub async fn numbers(app: &App, whose: &Reach, days: u32) -> Result<Numbers, StoreError> {
    let last = Day::of(app.clock.now());
    let first = last.plus(1 - i64::from(days.max(1)));
    let span: Vec<Day> = (0..i64::from(days.max(1))).map(|after| first.plus(after)).collect();
    let mut counts: BTreeMap<Counted, Vec<u64>> =
        Counted::ALL.iter().map(|what| (*what, vec![0; span.len()])).collect();
    for row in app.store.numbers(&whose.to_string(), first.millis(), last.millis()).await? {
        // What a newer program counts is not known here.
        let Ok(what) = row.what.parse::<Counted>() else { continue };
        let place = span.iter().position(|day| *day == Day::of_millis(row.day));
        let cell = place.and_then(|place| counts.get_mut(&what)?.get_mut(place));
        if let Some(cell) = cell {
            *cell = u64::try_from(row.count).unwrap_or_default();
        }
    }
    Ok(Numbers { days: span, counts })
}

/// Counts what has been written into the audit chain since the last time. May be broken off and begun again, and several may try at the
/// same time.
pub async fn count_up(app: &App) -> Result<(), StoreError> {
    let mut recorded = app.store.numbers_counted().await?;
    let end = app.store.audit_end().await?.seq;
    for _ in 0..PAGES {
        let counted = match &recorded {
            None => 0,
            Some(text) => text.parse().map_err(|_| StoreError::Unreadable("numbers_counted"))?,
        };
        if counted >= end {
            return Ok(());
        }
        let until = end.min(counted.saturating_add(PAGE));
        // With the entry before, by which a repetition is told.
        let entries = app.store.audit_page(counted.saturating_sub(1), until).await?;
        let mut clients: BTreeMap<&str, Option<String>> = BTreeMap::new();
        let mut counts: BTreeMap<(Option<String>, Day, Counted), i64> = BTreeMap::new();
        for (place, entry) in entries.iter().enumerate() {
            let before = place.checked_sub(1).and_then(|place| entries.get(place));
            let what = Counted::of(&entry.act, &entry.subject, &entry.detail);
            let Some(what) = what.filter(|_| entry.seq > counted) else { continue };
            // An address that cannot be reached is written down once for each issuance that has it, all in one transaction.
            let is_same = before.is_some_and(|before| {
                (before.at, &before.act, &before.detail, &before.actor)
                    == (entry.at, &entry.act, &entry.detail, &entry.actor)
            });
            if is_same && what == Counted::MailsBounced {
                continue;
            }
            let client = if let Some(known) = clients.get(entry.subject.as_str()) {
                known.clone()
            } else {
                let found = app.store.client_of(&entry.subject).await?;
                clients.insert(&entry.subject, found.clone());
                found
            };
            // Of what is erased it is not known whose it was.
            if client.is_some() || what == Counted::Erased {
                *counts.entry((client, Day::of_millis(entry.at), what)).or_default() += 1;
            }
        }
        let to = until.to_string();
        let mut tx = app.store.begin().await?;
        match tx.count_on(recorded.as_deref(), &to).await {
            // Another process has counted it.
            Err(StoreError::Stale) => return Ok(()),
            counted => counted?,
        }
        for ((client, day, what), count) in &counts {
            tx.count_day(client.as_deref(), day.millis(), what.as_str(), *count).await?;
        }
        tx.commit().await?;
        recorded = Some(to);
    }
    Ok(())
}

/// Forgets numbers of days that are over for longer than `retention.numbers_days`.
pub(in crate::flow) async fn forget_old(app: &App) -> Result<(), StoreError> {
    let first = Day::of(app.clock.now()).plus(-i64::from(app.retention.numbers_days));
    app.store.forget_numbers_before(first.millis()).await.map(|_| ())
}
