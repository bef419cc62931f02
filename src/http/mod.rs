//! The entry points over HTTP: the API, webhooks of vendors, and pages for people, which `openapi.yaml` describes; and the console.
//!
//! A connection has a slot among the `connections`. A request goes through `observe` (its id, span, metrics, and the body of
//! its problem), `wellformed` (whether it can be read in one way only), `admit` (where it comes from, and how many requests
//! may), `guard` (who calls, how often, and whether they may), and its handler in `api` or `webhooks`. All but the last is in `kit`, for
//! any entry point.
//!
//! Handlers read bodies under limits (`kit::body`, `kit::multipart`), parse them strictly (`kit::json`), call one flow, and
//! show the record. `routes` is the table of contents.

mod api;
mod console;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod foreign;
mod kit;
mod pages;
mod routes;
mod serve;
mod webhooks;

pub use api::MEMBERS;
pub use console::ROUTES as CONSOLE_ROUTES;
pub use kit::guard::Guard;
pub use kit::problem;
pub use kit::route::Route;
pub use kit::serve::serve_router;
pub use pages::claim::MEMBERS as PAGE_MEMBERS;
pub use routes::{ROUTES, health_router, metrics_router, router};
pub use serve::serve;
