//! The console: pages for those who work here. Server-rendered, without a script.
//!
//! A page is a file: its handlers take a [`Visit`](visit::Visit), call flows, and give a [`Page`](page::Page), which has a template in
//! `templates/console/`. It has rows of [`ROUTES`], words in `words/`, and, if it is to be found in the navigation, a row of
//! [`SECTIONS`](section::SECTIONS). Who may come in, and that a form is of the session that sends it, is seen to before
//! (`src/http/kit/staff.rs`); what goes wrong becomes a page by [`dress()`].

mod account;
mod api_keys;
mod assets;
mod audit;
mod chart;
mod door;
mod dress;
mod events;
mod halted;
mod health;
mod home;
mod invitation;
mod notices;
mod numbers;
mod page;
mod people;
mod record;
mod records;
mod sample_staff;
mod search;
mod section;
mod shown;
mod visit;
mod words;

use axum::routing::{get, post};

use super::kit::guard::Guard;
use super::kit::route::Route;
use crate::model::staff::Role;

pub(super) use dress::dress;

const VIEWER: Guard = Guard::Staff(Role::Viewer);
const COMPLIANCE: Guard = Guard::Staff(Role::Compliance);
const ADMIN: Guard = Guard::Staff(Role::Admin);
const VIEWER_OF_ALL: Guard = Guard::StaffOfAll(Role::Viewer);
const COMPLIANCE_OF_ALL: Guard = Guard::StaffOfAll(Role::Compliance);
const ADMIN_OF_ALL: Guard = Guard::StaffOfAll(Role::Admin);

/// Every page of the console, and everything that one sends.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    Route { method: "GET", path: "/console", guard: VIEWER, handler: || get(home::show) },
    Route { method: "GET", path: "/console/assets/{file}", guard: Guard::Console, handler: || get(assets::show) },
    Route { method: "GET", path: "/console/sign-in", guard: Guard::Console, handler: || get(door::ask) },
    Route { method: "POST", path: "/console/sign-in", guard: Guard::Console, handler: || post(door::take_password) },
    Route { method: "GET", path: "/console/sign-in/code", guard: Guard::Console, handler: || get(door::ask_code) },
    Route { method: "POST", path: "/console/sign-in/code", guard: Guard::Console, handler: || post(door::take_code) },
    Route { method: "GET", path: "/console/sign-in/provider", guard: Guard::Console, handler: || get(door::leave) },
    Route { method: "GET", path: "/console/sign-in/return", guard: Guard::Console, handler: || get(door::come_back) },
    Route { method: "GET", path: "/console/confirm", guard: VIEWER, handler: || get(door::ask_again) },
    Route { method: "POST", path: "/console/confirm", guard: VIEWER, handler: || post(door::take_again) },
    Route { method: "POST", path: "/console/sign-out", guard: VIEWER, handler: || post(door::sign_out) },
    Route { method: "GET", path: "/console/invitation/{token}", guard: Guard::Console, handler: || get(invitation::show) },
    Route { method: "POST", path: "/console/invitation/{token}", guard: Guard::Console, handler: || post(invitation::take) },
    Route { method: "GET", path: "/console/account", guard: VIEWER, handler: || get(account::show) },
    Route { method: "POST", path: "/console/account/password", guard: VIEWER, handler: || post(account::change_password) },
    Route { method: "POST", path: "/console/account/preferences", guard: VIEWER, handler: || post(account::prefer) },
    Route { method: "POST", path: "/console/account/recovery-codes", guard: VIEWER, handler: || post(account::renew_codes) },
    Route { method: "POST", path: "/console/account/sessions/end", guard: VIEWER, handler: || post(account::end_session) },
    Route { method: "POST", path: "/console/account/sessions/end-all", guard: VIEWER, handler: || post(account::end_sessions) },
    Route { method: "GET", path: "/console/search", guard: VIEWER, handler: || get(search::ask) },
    Route { method: "POST", path: "/console/search", guard: VIEWER, handler: || post(search::find) },
    Route { method: "GET", path: "/console/records/{id}", guard: VIEWER, handler: || get(record::show) },
    Route { method: "POST", path: "/console/records/{id}/resume", guard: COMPLIANCE, handler: || post(record::resume) },
    Route { method: "GET", path: "/console/halted", guard: VIEWER, handler: || get(halted::list) },
    Route { method: "GET", path: "/console/halted/{client}/{what}/{code}", guard: VIEWER, handler: || get(halted::of_reason) },
    Route { method: "POST", path: "/console/halted/resume", guard: COMPLIANCE, handler: || post(halted::resume) },
    Route { method: "POST", path: "/console/resumptions/{id}/end", guard: COMPLIANCE, handler: || post(halted::end) },
    Route { method: "GET", path: "/console/issuances", guard: VIEWER, handler: || get(records::issuances) },
    Route { method: "GET", path: "/console/verifications", guard: VIEWER, handler: || get(records::verifications) },
    Route { method: "GET", path: "/console/notices", guard: VIEWER, handler: || get(notices::list) },
    Route { method: "GET", path: "/console/mails", guard: VIEWER, handler: || get(notices::mails) },
    Route { method: "GET", path: "/console/mails/{name}/{language}", guard: VIEWER, handler: || get(notices::mail) },
    Route { method: "GET", path: "/console/events", guard: VIEWER, handler: || get(events::list) },
    Route { method: "POST", path: "/console/events/{id}/retry", guard: COMPLIANCE, handler: || post(events::retry) },
    Route { method: "GET", path: "/console/numbers", guard: VIEWER, handler: || get(numbers::show) },
    Route { method: "GET", path: "/console/api-keys", guard: ADMIN, handler: || get(api_keys::list) },
    Route { method: "POST", path: "/console/api-keys", guard: ADMIN, handler: || post(api_keys::create) },
    Route { method: "POST", path: "/console/api-keys/{id}/revoke", guard: ADMIN, handler: || post(api_keys::revoke) },
    Route { method: "GET", path: "/console/people", guard: ADMIN_OF_ALL, handler: || get(people::list) },
    Route { method: "POST", path: "/console/people", guard: ADMIN_OF_ALL, handler: || post(people::add) },
    Route { method: "POST", path: "/console/people/{id}/change", guard: ADMIN_OF_ALL, handler: || post(people::change) },
    Route { method: "POST", path: "/console/people/{id}/reset", guard: ADMIN_OF_ALL, handler: || post(people::reset) },
    Route { method: "POST", path: "/console/people/{id}/sign-out", guard: ADMIN_OF_ALL, handler: || post(people::sign_out) },
    Route { method: "POST", path: "/console/people/{id}/remove", guard: ADMIN_OF_ALL, handler: || post(people::remove) },
    Route { method: "GET", path: "/console/health", guard: VIEWER_OF_ALL, handler: || get(health::show) },
    Route { method: "GET", path: "/console/audit", guard: COMPLIANCE_OF_ALL, handler: || get(audit::list) },
    Route { method: "POST", path: "/console/audit/export", guard: COMPLIANCE_OF_ALL, handler: || post(audit::export) },
];

/// The door of a development service ([`App::has_sample_staff`](crate::app::App::has_sample_staff)): no other has these paths.
#[rustfmt::skip]
pub(super) const SAMPLE_ROUTES: &[Route] = &[
    Route { method: "GET", path: "/console/sample-staff", guard: Guard::Console, handler: || get(sample_staff::ask) },
    Route { method: "POST", path: "/console/sample-staff", guard: Guard::Console, handler: || post(sample_staff::come_in) },
];
