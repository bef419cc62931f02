//! What needs somebody today.

use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::visit::Visit;
use crate::flow::cases::takes_two as cases_take_two;
use crate::flow::halted::{self, Wanted};
use crate::flow::look;
use crate::flow::staff::proposals;
use crate::http::kit::problem::Problem;
use crate::model::job::JobState;
use crate::model::notices::NoticeState;
use crate::model::staff::{Reach, Role};
use crate::model::verification::State as VerificationState;

/// Counted so far, and no further.
const MOST: u32 = 100;

/// One thing that may need somebody.
struct Tile {
    /// The name of its words; `.text` behind it says what it means.
    words: &'static str,
    /// How many there are.
    count: usize,
    /// Whether there may be more than were counted.
    more: bool,
    /// The page that shows them, if there is one.
    path: Option<&'static str>,
}

/// The page.
pub(in crate::http) async fn show(visit: Visit) -> Result<Response, Problem> {
    let tiles = tiles(&visit).await?;
    let to_do = tiles.iter().filter(|tile| tile.count > 0).count();
    let tiles: Vec<Value> = tiles
        .iter()
        .map(|tile| {
            context! { words => tile.words, count => tile.count, more => tile.more, path => tile.path }
        })
        .collect();
    let broken = visit.broken().await;
    visit.page(Page::new("home.html", "home.title", context! { tiles, to_do, broken => broken.len() }))
}

/// All of them; each by an index, and none counted to its end.
async fn tiles(visit: &Visit) -> Result<Vec<Tile>, Problem> {
    let (me, store) = (visit.me()?, &visit.app().store);
    let mut tiles = cases(visit).await?;
    tiles.push(halted(visit).await?);
    tiles.extend(verifications(visit).await?);
    if me.staff.reach == Reach::All {
        let jobs = store.jobs(Some(JobState::Halted), MOST).await?.len();
        tiles.push(Tile::of("home.jobs", jobs, Some("/events")));
        for (words, state, path) in [
            ("home.notices_failed", NoticeState::Failed, "/notices?state=failed"),
            ("home.notices_unclear", NoticeState::Unclear, "/notices?state=unclear"),
        ] {
            let notices = store.notices_in(state, None, MOST).await?.items.len();
            tiles.push(Tile::of(words, notices, Some(path)));
        }
        if me.may(Role::Admin) {
            let invited = store.all_staff().await?.iter().filter(|staff| staff.accepted_at.is_none()).count();
            tiles.push(Tile::of("home.invited", invited, Some("/people")));
        }
    }
    Ok(tiles)
}

impl Tile {
    fn of(words: &'static str, count: usize, path: Option<&'static str>) -> Self {
        Self { words, count, more: count >= MOST as usize, path }
    }
}

/// Cases, and what else waits for a second person.
async fn cases(visit: &Visit) -> Result<Vec<Tile>, Problem> {
    let (me, app) = (visit.me()?, visit.app());
    let waiting = look::waiting(app, &me.staff.reach, &me.staff.actor()).await?;
    let mut tiles = vec![
        Tile::of("home.cases_overdue", waiting.overdue, Some("/cases?due=overdue")),
        Tile::of("home.cases_soon", waiting.soon, Some("/cases?due=soon")),
    ];
    if me.may(Role::Compliance) {
        let proposed = proposals::waiting(app, &me.staff).await?;
        let own = proposed.iter().filter(|proposal| proposal.by == me.staff.id).count();
        tiles.push(Tile::of("home.cases_decision", waiting.decision, Some("/cases?state=awaiting_decision")));
        if cases_take_two(app) || app.console.four_eyes {
            let others = waiting.approval + proposed.len() - own;
            tiles.push(Tile::of("home.approvals", others, Some("/approvals")));
            tiles.push(Tile::of("home.approvals_mine", waiting.approval_of_others + own, Some("/approvals")));
        }
    }
    Ok(tiles)
}

/// Verifications that wait for somebody here, or for a user.
async fn verifications(visit: &Visit) -> Result<Vec<Tile>, Problem> {
    let (me, app) = (visit.me()?, visit.app());
    let mut tiles = Vec::new();
    for (words, state, path) in [
        ("home.verifications", VerificationState::Halted, "/verifications?state=halted"),
        ("home.verifications_approved", VerificationState::Approved, "/verifications?state=approved"),
    ] {
        let list = look::verifications(app, &me.staff.reach, (None, Some(state)), None).await?;
        let more = list.older.is_some();
        tiles.push(Tile { more, ..Tile::of(words, list.rows.len(), Some(path)) });
    }
    Ok(tiles)
}

/// Deliveries that have stopped.
async fn halted(visit: &Visit) -> Result<Tile, Problem> {
    let (me, store) = (visit.me()?, &visit.app().store);
    let count = match &me.staff.reach {
        Reach::All => {
            store.stopped(None, MOST).await?.items.len()
                + store.stopped_profiles(None, None, MOST).await?.items.len()
                + store.stopped_attributes(None, None, MOST).await?.items.len()
        }
        Reach::Client(client) => {
            let wanted = Wanted { client: Some(client.clone()), ..Wanted::default() };
            halted::find(store, &wanted).await?.len()
        }
    };
    Ok(Tile::of("home.halted", count, Some("/halted")))
}
