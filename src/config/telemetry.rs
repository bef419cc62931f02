//! Logs and traces.

use serde::Deserialize;
use url::Url;

use super::environment::Environment;
use super::error::ConfigError;
use super::section::{Section, is_http, require};

/// Wins over `telemetry.otlp_endpoint`. The name that OpenTelemetry gives it.
const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Logs and traces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Whether logs are JSON, one object a line.
    pub json_logs: bool,
    /// An OpenTelemetry collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318`. No traces without it.
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` wins.
    pub otlp_endpoint: Option<Url>,
}

impl Section for Telemetry {
    fn environment(&mut self, environment: &Environment<'_>) -> Result<(), ConfigError> {
        if let Some(endpoint) = environment.url(OTLP_ENDPOINT)? {
            self.otlp_endpoint = Some(endpoint);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        require(
            self.otlp_endpoint.as_ref().is_none_or(is_http),
            "telemetry.otlp_endpoint",
            "must begin with https:// or http://",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[("telemetry.otlp_endpoint", "http://127.0.0.1:4318", "ftp://Xyzzy")]);
    }

    #[test]
    fn the_environment_wins() {
        let mut telemetry = Telemetry::default();
        let set = |name: &str| (name == OTLP_ENDPOINT).then(|| "http://b.example".to_owned());
        telemetry.environment(&Environment::new(&set)).unwrap();
        assert_eq!(telemetry.otlp_endpoint.unwrap().as_str(), "http://b.example/");
    }
}
