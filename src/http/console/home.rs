//! What needs somebody today.

use axum::response::Response;
use minijinja::{Value, context};

use super::page::Page;
use super::visit::Visit;
use crate::flow::halted::{self, Wanted};
use crate::http::kit::problem::Problem;
use crate::model::job::JobState;
use crate::model::notices::NoticeState;
use crate::model::staff::{Reach, Role};

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
    let mut tiles = vec![halted(visit).await?];
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
