//! Environment variables: the only reader of them.

use std::net::SocketAddr;

use url::Url;

use super::error::ConfigError;
use super::secret::Secret;

/// Where variables are looked up. One that is empty is as one that is not there.
pub(super) struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl<'a> Environment<'a> {
    /// Variables as `look_up` finds them.
    pub(super) fn new(look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self(look_up)
    }

    /// The variables of this process.
    pub(super) fn of_process() -> Environment<'static> {
        Environment::new(&|name| std::env::var(name).ok())
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// A URL that holds no secret.
    pub(super) fn url(&self, name: &'static str) -> Result<Option<Url>, ConfigError> {
        self.text(name).map(|text| text.parse().map_err(|_| ConfigError::NotAUrl(name))).transpose()
    }

    /// An IP address and a port.
    pub(super) fn address(&self, name: &'static str) -> Result<Option<SocketAddr>, ConfigError> {
        self.text(name).map(|text| text.parse().map_err(|_| ConfigError::NotAnAddress(name))).transpose()
    }

    /// A text that is not shown. White space around it means nothing, as in a file.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        let text = zeroize::Zeroizing::new(self.text(name)?);
        Some(Secret::new(text.trim_start_matches('\u{feff}').trim().to_owned()))
    }
}

/// What to log: `RUST_LOG`, or `level`.
#[must_use]
pub fn log_filter(level: &str) -> String {
    Environment::of_process().text("RUST_LOG").unwrap_or_else(|| level.to_owned())
}

/// The API key by which this program calls a running service: `IDOS_ISSUER_API_KEY`.
#[must_use]
pub fn api_key() -> Option<Secret> {
    Environment::of_process().secret("IDOS_ISSUER_API_KEY")
}

/// Whether a terminal is to show no colours (<https://no-color.org>).
#[must_use]
pub fn no_color() -> bool {
    Environment::of_process().text("NO_COLOR").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_not_there_and_what_is_wrong_is_named_alone() {
        let look_up = |name: &str| Some(if name == "EMPTY" { "" } else { " Xyzzy\n" }.to_owned());
        let environment = Environment::new(&look_up);
        assert!(environment.text("EMPTY").is_none() && environment.secret("EMPTY").is_none());
        assert!(
            environment.url("EMPTY").unwrap().is_none() && environment.address("EMPTY").unwrap().is_none()
        );
        assert_eq!(environment.secret("SECRET").unwrap().expose(), "Xyzzy");
        let url = environment.url("URL").unwrap_err().to_string();
        let address = environment.address("ADDRESS").unwrap_err().to_string();
        assert_eq!(url, "the environment variable URL must be a URL");
        assert_eq!(address, "the environment variable ADDRESS must be an address such as 127.0.0.1:8080");
    }
}
