//! Which request goes where, and who may make it.

use std::sync::Arc;

use axum::extract::Request;
use axum::extract::State;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post};
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::api::{contacts, events, health, issuances, profiles, write_grants};
use super::problem::{Code, Problem};
use super::{Access, Api, auth, observe};
use crate::app::App;
use crate::model::client::Scope;

/// One operation.
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path, with names of its parameters in braces.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    handler: fn() -> MethodRouter<Api>,
}

/// Every operation there is.
pub const ROUTES: &[Route] = &[
    Route {
        method: "POST",
        path: "/v1/profiles/lookup",
        access: Access::Scope(Scope::ProfilesRead),
        handler: || post(profiles::look_up),
    },
    Route {
        method: "POST",
        path: "/v1/profiles",
        access: Access::Scope(Scope::ProfilesWrite),
        handler: || post(profiles::create),
    },
    Route {
        method: "GET",
        path: "/v1/profiles/{id}",
        access: Access::Scope(Scope::ProfilesRead),
        handler: || get(profiles::show),
    },
    Route {
        method: "POST",
        path: "/v1/write-grants",
        access: Access::Scope(Scope::Grants),
        handler: || post(write_grants::offer),
    },
    Route {
        method: "POST",
        path: "/v1/write-grants/check",
        access: Access::Scope(Scope::Grants),
        handler: || post(write_grants::check),
    },
    Route {
        method: "POST",
        path: "/v1/issuances",
        access: Access::Scope(Scope::IssuancesWrite),
        handler: || post(issuances::submit),
    },
    Route {
        method: "GET",
        path: "/v1/issuances",
        access: Access::Scope(Scope::IssuancesRead),
        handler: || get(issuances::list),
    },
    Route {
        method: "GET",
        path: "/v1/issuances/{id}",
        access: Access::Scope(Scope::IssuancesRead),
        handler: || get(issuances::show),
    },
    Route {
        method: "DELETE",
        path: "/v1/issuances/{id}",
        access: Access::Scope(Scope::Erase),
        handler: || delete(issuances::erase),
    },
    Route {
        method: "POST",
        path: "/v1/issuances/{id}/resume",
        access: Access::Scope(Scope::IssuancesWrite),
        handler: || post(issuances::resume),
    },
    Route {
        method: "POST",
        path: "/v1/issuances/{id}/revoke",
        access: Access::Scope(Scope::Revoke),
        handler: || post(issuances::revoke),
    },
    Route {
        method: "GET",
        path: "/v1/issuances/{id}/audit",
        access: Access::Scope(Scope::IssuancesRead),
        handler: || get(issuances::audit),
    },
    Route {
        method: "POST",
        path: "/v1/contacts/lookup",
        access: Access::Scope(Scope::Erase),
        handler: || post(contacts::look_up),
    },
    Route {
        method: "GET",
        path: "/v1/events",
        access: Access::Scope(Scope::Events),
        handler: || get(events::list),
    },
    Route {
        method: "POST",
        path: "/v1/events/{id}/replay",
        access: Access::Scope(Scope::Events),
        handler: || post(events::replay),
    },
    Route { method: "GET", path: "/livez", access: Access::Open, handler: || get(health::live) },
    Route { method: "GET", path: "/readyz", access: Access::Open, handler: || get(health::ready) },
    Route { method: "GET", path: "/metrics", access: Access::Open, handler: || get(health::metrics) },
    Route { method: "GET", path: "/openapi.yaml", access: Access::Open, handler: || get(health::openapi) },
];

/// The API as a service. `metrics` is what `/metrics` shows; without it there is no such place here.
pub fn router(app: Arc<App>, metrics: Option<PrometheusHandle>) -> Router {
    of(Api::new(app, metrics, CancellationToken::new()))
}

/// The API as a service whose long polls end when `stop` is cancelled.
pub(super) fn stoppable(app: Arc<App>, metrics: Option<PrometheusHandle>, stop: CancellationToken) -> Router {
    of(Api::new(app, metrics, stop))
}

fn of(api: Api) -> Router {
    observe::describe();
    let routes = ROUTES.iter().fold(Router::new(), |router, route| {
        let check = middleware::from_fn_with_state((api.clone(), route.access), auth::check);
        router.route(route.path, (route.handler)().route_layer(check))
    });
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(nowhere)
        .layer(CatchPanicLayer::custom(|_panic| Problem::new(Code::Internal).into_response()))
        .layer(middleware::from_fn(observe::observe))
        .with_state(api)
}

/// `/metrics` alone, for an address of its own.
pub fn metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(move || async move { health::prometheus(&metrics) }))
}

async fn nowhere(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    api.rates.count(&auth::asker(&request))?;
    Err(Problem::new(Code::NotFound))
}

async fn method_not_allowed(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    api.rates.count(&auth::asker(&request))?;
    Err(Problem::new(Code::MethodNotAllowed))
}
