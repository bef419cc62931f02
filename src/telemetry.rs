//! How others look into a running process: logs, metrics, and traces if they are wanted.
//!
//! Nothing about a person may go this way: what is logged, counted or traced are ids, codes, sizes and times.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::config::{self, Telemetry};

/// Upper ends of the buckets of all histograms of times, in seconds.
const SECONDS: [f64; 14] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Upper ends of the buckets of all histograms of sizes, in bytes.
const BYTES: [f64; 8] = [1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 2e6, 4e6];

/// What keeps logs and traces going. [`stop`](Self::stop) sends what has not been sent yet.
#[must_use]
pub struct Running {
    #[cfg(feature = "otel")]
    traces: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// This program was built without them.
    #[error("telemetry.otlp_endpoint is set, but this program was built without traces (cargo feature otel)")]
    NoTraces,
    /// The exporter cannot be made.
    #[error("the exporter of traces cannot be set up")]
    Exporter(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logs to standard error, in text or JSON, of `level` unless `RUST_LOG` says otherwise; and traces, if there is
/// an endpoint. Traces need a Tokio runtime around the call. Where logs are started already, they stay as they are.
pub fn start(settings: &Telemetry, level: &str) -> Result<Running, TelemetryError> {
    let logs = EnvFilter::new(config::log_filter(level));
    let shown = if settings.json_logs {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stderr)
            .boxed()
    } else {
        let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr()) && !config::no_color();
        fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).boxed()
    };
    let registry = Registry::default().with(shown.with_filter(logs));

    #[cfg(feature = "otel")]
    {
        let traces = settings.otlp_endpoint.as_ref().map(traces::provider).transpose()?;
        let _ = registry.with(traces.as_ref().map(traces::layer)).try_init();
        Ok(Running { traces })
    }
    #[cfg(not(feature = "otel"))]
    {
        if settings.otlp_endpoint.is_some() {
            return Err(TelemetryError::NoTraces);
        }
        let _ = registry.try_init();
        Ok(Running {})
    }
}

impl Running {
    /// Sends what has not been sent yet. Waits for it: not to be called on a thread that runs tasks.
    pub fn stop(self) {
        #[cfg(feature = "otel")]
        if let Some(traces) = self.traces
            && traces.shutdown().is_err()
        {
            tracing::warn!("The last traces could not be sent");
        }
    }
}

/// What renders all metrics of this process in Prometheus' text format. They are counted from the first call on; `None`
/// where something else takes them.
#[must_use]
pub fn metrics() -> Option<PrometheusHandle> {
    recorder().cloned()
}

/// Sums up what histograms have taken in. To be called every few seconds, so that they do not grow where nobody reads
/// the metrics.
pub fn sum_up() {
    if let Some(recorder) = recorder() {
        recorder.run_upkeep();
    }
}

fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES))
            .and_then(PrometheusBuilder::install_recorder)
            .ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// Makes `span` a part of the trace that a caller has begun; `header` gives the request's headers by name (W3C Trace
/// Context: `traceparent`, `tracestate`). Does nothing where traces are not sent.
#[cfg(feature = "otel")]
pub fn continue_trace(span: &tracing::Span, header: impl Fn(&str) -> Option<String>) {
    traces::continue_trace(span, header);
}

/// Does nothing: this program was built without traces.
#[cfg(not(feature = "otel"))]
pub fn continue_trace(_: &tracing::Span, _: impl Fn(&str) -> Option<String>) {}

#[cfg(feature = "otel")]
mod traces {
    use std::collections::HashMap;
    use std::time::Duration;

    use opentelemetry::propagation::TextMapPropagator as _;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tokio::runtime::Handle;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::registry::LookupSpan;
    use url::Url;

    use super::TelemetryError;
    use crate::outbound;

    const TIMEOUT: Duration = Duration::from_secs(10);

    /// The exporter has a thread of its own; requests are made by the runtime.
    #[derive(Debug)]
    struct Collector {
        http: reqwest::Client,
        runtime: Handle,
    }

    #[async_trait::async_trait]
    impl HttpClient for Collector {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            let request = reqwest::Request::try_from(request)?;
            let http = self.http.clone();
            let answer = async move {
                let answer = http.execute(request).await?;
                // What a collector says about single spans is of no use here, and may be of any length.
                Ok::<_, reqwest::Error>(answer.status())
            };
            let status = self.runtime.spawn(answer).await??;
            Ok(Response::builder().status(status.as_u16()).body(Bytes::new())?)
        }
    }

    pub(super) fn provider(endpoint: &Url) -> Result<SdkTracerProvider, TelemetryError> {
        let unable = |error: Box<dyn std::error::Error + Send + Sync>| TelemetryError::Exporter(error);
        let runtime = Handle::try_current().map_err(|error| unable(error.into()))?;
        let http = outbound::client(TIMEOUT).map_err(|error| unable(error.into()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector { http, runtime })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|error| unable(error.into()))?;
        // Not what the SDK would find out by itself: nothing goes out that is not said here.
        let resource = Resource::builder_empty()
            .with_attributes([
                opentelemetry::KeyValue::new("service.name", env!("CARGO_PKG_NAME")),
                opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
    }

    /// Spans of this workspace only: those of libraries say what they like.
    pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracer(provider.tracer(env!("CARGO_PKG_NAME")))
            .with_filter(Targets::new().with_target("idos", LevelFilter::INFO))
    }

    pub(super) fn continue_trace(span: &tracing::Span, header: impl Fn(&str) -> Option<String>) {
        let carrier: HashMap<_, _> = ["traceparent", "tracestate"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), header(name)?)))
            .collect();
        if carrier.contains_key("traceparent") {
            // Without the layer there is nothing to continue.
            let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
        }
    }
}

/// An error and its causes, outermost first. A cause that the text before it says already is left out.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut all = vec![error.to_string()];
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.contains(&text) {
            all.push(text.clone());
        }
        said = text;
        cause = error.source();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered_in_buckets() {
        let metrics = metrics().unwrap();
        metrics::counter!("test_things_total").increment(2);
        metrics::histogram!("test_things_seconds").record(0.02);
        sum_up();
        let text = metrics.render();
        assert!(text.contains("test_things_total 2"), "{text}");
        assert!(text.contains(r#"test_things_seconds_bucket{le="0.025"} 1"#), "{text}");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Says(&'static str, #[source] Option<Box<Says>>);

    #[test]
    fn causes_are_said_once() {
        let inner = Says("no route", None);
        let middle = Says("the node is away: no route", Some(Box::new(inner)));
        let outer = Says("nothing was sent", Some(Box::new(middle)));
        assert_eq!(causes(&outer), ["nothing was sent", "the node is away: no route"]);
    }
}
