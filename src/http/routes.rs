//! Which request goes where, and who may make it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, patch, post, put};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use super::api::{
    attributes, cases, claims, contacts, events, halted, health, imports, issuances, profiles, proofs, relay,
    renewals, verifications, wallet_links, wallets, write_grants,
};
use super::console;
use super::kit::guard::{self, Guard};
use super::kit::problem::{Code, Problem};
use super::kit::route::Route;
use super::kit::state::Api;
use super::kit::{admit, connections, observe, turns, wait, wellformed};
use super::pages::{claim, erasure as erasure_page, me, relay as relay_page, unsubscribe};
use super::webhooks;
use crate::app::App;
use crate::model::client::Scope;

/// Every operation of the API, and of the pages for people who follow links.
pub const ROUTES: &[Route] = &[
    Route {
        method: "POST",
        path: "/v1/profiles/lookup",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || post(profiles::look_up),
    },
    Route {
        method: "POST",
        path: "/v1/profiles",
        guard: Guard::Scope(Scope::ProfilesWrite),
        handler: || post(profiles::create),
    },
    Route {
        method: "GET",
        path: "/v1/profiles/{id}",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || get(profiles::show),
    },
    Route {
        method: "POST",
        path: "/v1/profiles/{id}/resume",
        guard: Guard::Scope(Scope::ProfilesWrite),
        handler: || post(profiles::resume),
    },
    Route {
        method: "POST",
        path: "/v1/wallets",
        guard: Guard::Scope(Scope::WalletsWrite),
        handler: || post(wallets::add),
    },
    Route {
        method: "POST",
        path: "/v1/wallets/challenge",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || post(wallets::challenge),
    },
    Route {
        method: "GET",
        path: "/v1/wallets/{id}",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || get(wallets::show),
    },
    Route {
        method: "POST",
        path: "/v1/wallets/{id}/resume",
        guard: Guard::Scope(Scope::WalletsWrite),
        handler: || post(wallets::resume),
    },
    Route {
        method: "POST",
        path: "/v1/attributes",
        guard: Guard::Scope(Scope::AttributesWrite),
        handler: || post(attributes::write),
    },
    Route {
        method: "POST",
        path: "/v1/attributes/resume",
        guard: Guard::Scope(Scope::AttributesWrite),
        handler: || post(halted::attributes),
    },
    Route {
        method: "GET",
        path: "/v1/attributes/{id}",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || get(attributes::show),
    },
    Route {
        method: "POST",
        path: "/v1/attributes/{id}/resume",
        guard: Guard::Scope(Scope::AttributesWrite),
        handler: || post(attributes::resume),
    },
    Route {
        method: "POST",
        path: "/v1/wallet-links",
        guard: Guard::Scope(Scope::WalletsWrite),
        handler: || post(wallet_links::make),
    },
    Route {
        method: "GET",
        path: "/v1/wallet-links",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || get(wallet_links::list),
    },
    Route {
        method: "GET",
        path: "/v1/wallet-links/{id}",
        guard: Guard::Scope(Scope::ProfilesRead),
        handler: || get(wallet_links::show),
    },
    Route {
        method: "DELETE",
        path: "/v1/wallet-links/{id}",
        guard: Guard::Scope(Scope::Erase),
        handler: || delete(wallet_links::erase),
    },
    Route {
        method: "POST",
        path: "/v1/wallet-links/{id}/proof",
        guard: Guard::Scope(Scope::WalletsWrite),
        handler: || post(wallet_links::prove),
    },
    Route {
        method: "POST",
        path: "/v1/write-grants",
        guard: Guard::Scope(Scope::Grants),
        handler: || post(write_grants::offer),
    },
    Route {
        method: "POST",
        path: "/v1/write-grants/check",
        guard: Guard::Scope(Scope::Grants),
        handler: || post(write_grants::check),
    },
    Route {
        method: "POST",
        path: "/v1/issuances",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(issuances::submit),
    },
    Route {
        method: "GET",
        path: "/v1/issuances",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(issuances::list),
    },
    Route {
        method: "POST",
        path: "/v1/imports",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(imports::import),
    },
    Route {
        method: "POST",
        path: "/v1/issuances/resume",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(halted::issuances),
    },
    Route {
        method: "POST",
        path: "/v1/profiles/resume",
        guard: Guard::Scope(Scope::ProfilesWrite),
        handler: || post(halted::profiles),
    },
    Route {
        method: "POST",
        path: "/v1/wallets/resume",
        guard: Guard::Scope(Scope::WalletsWrite),
        handler: || post(halted::wallets),
    },
    Route {
        method: "GET",
        path: "/v1/issuances/{id}",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(issuances::show),
    },
    Route {
        method: "DELETE",
        path: "/v1/issuances/{id}",
        guard: Guard::Scope(Scope::Erase),
        handler: || delete(issuances::erase),
    },
    Route {
        method: "PUT",
        path: "/v1/issuances/{id}/kept",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || put(issuances::keep_on),
    },
    Route {
        method: "POST",
        path: "/v1/issuances/{id}/restore",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(issuances::restore),
    },
    Route {
        method: "DELETE",
        path: "/v1/issuances/{id}/kept",
        guard: Guard::Scope(Scope::Erase),
        handler: || delete(issuances::delete_kept),
    },
    Route {
        method: "POST",
        path: "/v1/issuances/{id}/resume",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(issuances::resume),
    },
    Route {
        method: "POST",
        path: "/v1/issuances/{id}/revoke",
        guard: Guard::Scope(Scope::Revoke),
        handler: || post(issuances::revoke),
    },
    Route {
        method: "GET",
        path: "/v1/issuances/{id}/copy",
        guard: Guard::Scope(Scope::CopiesRead),
        handler: || get(issuances::copy),
    },
    Route {
        method: "GET",
        path: "/v1/issuances/{id}/audit",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(issuances::audit),
    },
    Route {
        method: "GET",
        path: "/v1/issuances/{id}/notices",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(issuances::notices),
    },
    Route {
        method: "PATCH",
        path: "/v1/issuances/{id}/contact",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || patch(issuances::change_contact),
    },
    Route {
        method: "POST",
        path: "/v1/contacts/lookup",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(contacts::look_up),
    },
    Route {
        method: "POST",
        path: "/v1/contacts/unreachable",
        guard: Guard::Scope(Scope::ContactsWrite),
        handler: || post(contacts::unreachable),
    },
    Route {
        method: "POST",
        path: "/v1/renewals/redeem",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || post(renewals::redeem),
    },
    Route {
        method: "GET",
        path: "/v1/events",
        guard: Guard::Scope(Scope::Events),
        handler: || get(events::list),
    },
    Route {
        method: "POST",
        path: "/v1/events/{id}/replay",
        guard: Guard::Scope(Scope::Events),
        handler: || post(events::replay),
    },
    Route {
        method: "POST",
        path: "/v1/verifications",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(verifications::open),
    },
    Route {
        method: "GET",
        path: "/v1/verifications",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(verifications::list),
    },
    Route {
        method: "GET",
        path: "/v1/verifications/{id}",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(verifications::show),
    },
    Route {
        method: "DELETE",
        path: "/v1/verifications/{id}",
        guard: Guard::Scope(Scope::Erase),
        handler: || delete(verifications::erase),
    },
    Route {
        method: "GET",
        path: "/v1/verifications/{id}/audit",
        guard: Guard::Scope(Scope::IssuancesRead),
        handler: || get(verifications::audit),
    },
    Route {
        method: "POST",
        path: "/v1/verifications/{id}/resume",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(verifications::resume),
    },
    Route {
        method: "POST",
        path: "/v1/verifications/{id}/proof",
        guard: Guard::Scope(Scope::IssuancesWrite),
        handler: || post(proofs::prove),
    },
    Route {
        method: "POST",
        path: "/v1/claims",
        guard: Guard::Scope(Scope::Claims),
        handler: || post(claims::make),
    },
    Route {
        method: "GET",
        path: "/v1/claims/{id}",
        guard: Guard::Scope(Scope::Claims),
        handler: || get(claims::show),
    },
    Route {
        method: "DELETE",
        path: "/v1/claims/{id}",
        guard: Guard::Scope(Scope::Erase),
        handler: || delete(claims::erase),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::open),
    },
    Route {
        method: "GET",
        path: "/v1/erasure-cases",
        guard: Guard::Scope(Scope::Erase),
        handler: || get(cases::list),
    },
    Route {
        method: "GET",
        path: "/v1/erasure-cases/{id}",
        guard: Guard::Scope(Scope::Erase),
        handler: || get(cases::show),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/identity",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::vouch),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/identity/challenge",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::offer_text),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/identity/wallet",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::take_signature),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/decide",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::decide),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/approve",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::approve),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/extend",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::extend),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/refuse",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::refuse),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/withdraw",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::withdraw),
    },
    Route {
        method: "POST",
        path: "/v1/erasure-cases/{id}/identity/mail",
        guard: Guard::Scope(Scope::Erase),
        handler: || post(cases::send_mail),
    },
    Route { method: "GET", path: "/erasure/{token}", guard: Guard::Open, handler: || get(erasure_page::ask) },
    Route {
        method: "POST",
        path: "/erasure/{token}",
        guard: Guard::Open,
        handler: || post(erasure_page::take),
    },
    Route { method: "GET", path: "/claim/{token}", guard: Guard::Open, handler: || get(claim::show) },
    Route { method: "GET", path: "/claim/assets/{file}", guard: Guard::Open, handler: || get(claim::asset) },
    Route {
        method: "POST",
        path: "/claim/{token}/state",
        guard: Guard::Open,
        handler: || post(claim::state),
    },
    Route {
        method: "POST",
        path: "/claim/{token}/wallet",
        guard: Guard::Open,
        handler: || post(claim::wallet),
    },
    Route {
        method: "POST",
        path: "/claim/{token}/sign-in",
        guard: Guard::Open,
        handler: || post(claim::sign_in),
    },
    Route {
        method: "POST",
        path: "/claim/{token}/profile",
        guard: Guard::Open,
        handler: || post(claim::profile),
    },
    Route {
        method: "POST",
        path: "/claim/{token}/grant",
        guard: Guard::Open,
        handler: || post(claim::grant),
    },
    Route {
        method: "POST",
        path: "/claim/{token}/grant/signed",
        guard: Guard::Open,
        handler: || post(claim::sign),
    },
    Route {
        method: "POST",
        path: "/developer/console/clients",
        guard: Guard::Scope(Scope::Relay),
        handler: || post(relay::register),
    },
    Route {
        method: "DELETE",
        path: "/developer/console/clients/{id}",
        guard: Guard::Scope(Scope::Relay),
        handler: || delete(relay::remove),
    },
    Route {
        method: "GET",
        path: "/providers/sumsub/sharedToken/{credentialId}",
        guard: Guard::Consumer,
        handler: || get(relay::status),
    },
    Route {
        method: "POST",
        path: "/providers/sumsub/sharedToken",
        guard: Guard::Consumer,
        handler: || post(relay::share),
    },
    Route { method: "GET", path: "/kyc", guard: Guard::Open, handler: || get(relay_page::show) },
    Route { method: "POST", path: "/kyc/start", guard: Guard::Open, handler: || post(relay_page::start) },
    Route {
        method: "POST",
        path: "/webhooks/{source}",
        guard: Guard::Source,
        handler: || post(webhooks::take),
    },
    Route {
        method: "GET",
        path: "/unsubscribe/{token}",
        guard: Guard::Open,
        handler: || get(unsubscribe::ask),
    },
    Route {
        method: "POST",
        path: "/unsubscribe/{token}",
        guard: Guard::Open,
        handler: || post(unsubscribe::take),
    },
    Route { method: "GET", path: "/me", guard: Guard::Open, handler: || get(me::show) },
    Route { method: "POST", path: "/me", guard: Guard::Open, handler: || post(me::ask) },
    Route { method: "GET", path: "/me/link/{token}", guard: Guard::Open, handler: || get(me::follow) },
    Route { method: "POST", path: "/me/link/{token}", guard: Guard::Open, handler: || post(me::open) },
    Route { method: "POST", path: "/me/wallet", guard: Guard::Open, handler: || post(me::meet) },
    Route { method: "POST", path: "/me/wallet/sign-in", guard: Guard::Open, handler: || post(me::sign) },
    Route { method: "POST", path: "/me/export", guard: Guard::Open, handler: || post(me::export) },
    Route { method: "POST", path: "/me/reminders", guard: Guard::Open, handler: || post(me::reminders) },
    Route { method: "POST", path: "/me/language", guard: Guard::Open, handler: || post(me::speak) },
    Route {
        method: "POST",
        path: "/me/safety-net",
        guard: Guard::Open,
        handler: || post(me::end_safety_net),
    },
    Route { method: "POST", path: "/me/erase", guard: Guard::Open, handler: || post(me::erase) },
    Route { method: "POST", path: "/me/leave", guard: Guard::Open, handler: || post(me::leave) },
    Route { method: "GET", path: "/livez", guard: Guard::Open, handler: || get(health::live) },
    Route { method: "GET", path: "/readyz", guard: Guard::Open, handler: || get(health::ready) },
    Route { method: "GET", path: "/metrics", guard: Guard::Open, handler: || get(health::metrics) },
    Route { method: "GET", path: "/openapi.yaml", guard: Guard::Open, handler: || get(health::openapi) },
];

/// The API as a service. `metrics` is what `/metrics` shows; without it there is no such path here.
pub fn router(app: Arc<App>, metrics: Option<PrometheusHandle>) -> Router {
    build(Api::new(app, metrics, CancellationToken::new()))
}

/// The API as a service whose long polls end when `stop` is cancelled.
pub(super) fn stoppable(app: Arc<App>, metrics: Option<PrometheusHandle>, stop: CancellationToken) -> Router {
    build(Api::new(app, metrics, stop))
}

fn build(api: Api) -> Router {
    observe::describe();
    connections::describe();
    turns::describe();
    wait::describe();
    imports::describe();
    let routes = ROUTES.iter().fold(Router::new(), |router, route| {
        let check = middleware::from_fn_with_state((api.clone(), route.guard), guard::check);
        router.route(route.path, (route.handler)().route_layer(check))
    });
    let samples = if api.app.has_sample_staff { console::SAMPLE_ROUTES } else { &[] };
    let routes = console::ROUTES.iter().chain(samples).fold(routes, |router, route| {
        let check = middleware::from_fn_with_state((api.clone(), route.guard), guard::check);
        let dress = middleware::from_fn_with_state(api.clone(), console::dress);
        router.route(route.path, (route.handler)().route_layer(check).route_layer(dress))
    });
    let routes = routes.method_not_allowed_fallback(method_not_allowed).fallback(not_found);
    with_common_layers(routes.layer(middleware::from_fn_with_state(api.clone(), admit::admit)))
        .with_state(api)
}

/// How the service is, for a listener of its own: it answers also when the one for the API is full. Metrics too, if
/// they are given.
pub fn health_router(app: Arc<App>, metrics: Option<PrometheusHandle>) -> Router {
    observe::describe();
    let routes = Router::new().route("/livez", get(health::live)).route("/readyz", get(health::ready));
    let routes = routes.route("/metrics", get(health::metrics));
    let routes = routes.method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed));
    let routes = routes.fallback(async || Problem::new(Code::NotFound));
    with_common_layers(routes).with_state(Api::new(app, metrics, CancellationToken::new()))
}

/// What every answer has, whichever route it comes from.
fn with_common_layers<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .layer(CatchPanicLayer::custom(|_panic| Problem::new(Code::Internal).into_response()))
        .layer(middleware::from_fn(wellformed::check))
        .layer(middleware::from_fn(observe::observe))
}

/// `/metrics` alone, for an address of its own.
pub fn metrics_router(metrics: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(move || async move { health::prometheus(&metrics) }))
}

async fn not_found(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    api.rate_limits.count_unauthenticated(&guard::address(&request))?;
    Err(Problem::new(Code::NotFound))
}

async fn method_not_allowed(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    api.rate_limits.count_unauthenticated(&guard::address(&request))?;
    Err(Problem::new(Code::MethodNotAllowed))
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn breaks() -> Response {
        panic!("Xyzzy")
    }

    async fn ask(request: &str) -> String {
        let router = with_common_layers(Router::new().route("/things/{id}", get(breaks)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::select! {
            _ = crate::http::kit::serve::serve_router(router, listener, std::future::pending()) => {}
            read = stream.read_to_string(&mut answer) => drop(read.unwrap()),
        }
        answer
    }

    #[test]
    fn a_panic_is_a_problem_and_metrics_name_routes() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = metrics::with_local_recorder(&recorder, || {
            runtime.block_on(ask("GET /things/Quux?a=Plugh HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
        });
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(answer.contains("urn:idos-issuer:problem:internal") && !answer.contains("Xyzzy"), "{answer}");
        let shown = recorder.handle().render();
        let line = "http_requests_total{method=\"GET\",route=\"/things/{id}\",status=\"500\"} 1";
        assert!(shown.contains(line), "{shown}");
        assert!(!shown.contains("Quux") && !shown.contains("Plugh"));
        assert!(shown.contains("http_requests_active 0"), "{shown}");
    }
}
