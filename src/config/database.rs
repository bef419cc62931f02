//! The database.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::environment::Environment;
use super::error::ConfigError;
use super::secret::Secret;
use super::section::{Section, require, start_at};
use crate::model::server_url::check_database;

/// Wins over `database.url`, and over any file.
const URL: &str = "IDOS_ISSUER_DATABASE_URL";
/// Wins over `database.url_file`.
const URL_FILE: &str = "IDOS_ISSUER_DATABASE_URL_FILE";

/// The database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://PATH` or `postgres://…`. `IDOS_ISSUER_DATABASE_URL` wins. Never shown: it may hold a password.
    pub url: Secret,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
    /// Connections that one process opens at most.
    pub max_connections: u32,
    /// Whether `serve` and `worker` bring an older schema up to date when they start.
    pub migrate: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: Secret::new("sqlite://idos-issuer.db".to_owned()),
            url_file: None,
            max_connections: 10,
            migrate: true,
        }
    }
}

impl Section for Database {
    fn paths(&mut self, folder: &Path) {
        self.url_file.iter_mut().for_each(|path| start_at(folder, path));
        if let Some(path) = self.url.expose().strip_prefix("sqlite://")
            && !path.starts_with('/')
            && !path.starts_with(':')
        {
            self.url = Secret::new(format!("sqlite://{}", folder.join(path).display()));
        }
    }

    fn environment(&mut self, environment: &Environment<'_>) -> Result<(), ConfigError> {
        if let Some(path) = environment.text(URL_FILE) {
            self.url_file = Some(path.into());
        }
        if let Some(path) = &self.url_file {
            self.url = Secret::of_file(path)?;
        }
        if let Some(url) = environment.secret(URL) {
            self.url = url;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_database(self.url.expose()).map_err(|fault| ConfigError::ServerUrl("database.url", fault))?;
        require(self.max_connections >= 2, "database.max_connections", "must be at least 2")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refused;
    use super::*;

    #[test]
    fn nonsense_is_refused_by_name() {
        refused(&[
            ("database.url", "sqlite://idos-issuer.db", "mysql://Xyzzy"),
            ("database.max_connections", "max_connections = 10", "max_connections = 1"),
        ]);
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        for (url, there) in [
            ("sqlite://a.db", "sqlite:///etc/issuer/a.db"),
            ("sqlite:///a.db", "sqlite:///a.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("postgres://a/b", "postgres://a/b"),
        ] {
            let mut database = Database {
                url: Secret::new(url.to_owned()),
                url_file: Some("url".into()),
                ..Database::default()
            };
            database.paths(Path::new("/etc/issuer"));
            assert_eq!(database.url.expose(), there);
            assert_eq!(database.url_file.unwrap(), Path::new("/etc/issuer/url"));
        }
    }

    #[test]
    fn the_environment_wins() {
        let mut database = Database::default();
        let both = |name: &str| match name {
            URL => Some("postgres://a/b".to_owned()),
            _ => None,
        };
        database.environment(&Environment::new(&both)).unwrap();
        assert_eq!(database.url.expose(), "postgres://a/b");
        let file = |name: &str| (name == URL_FILE).then(|| "/nowhere/url".to_owned());
        assert!(database.environment(&Environment::new(&file)).is_err(), "the file that it names is read");
    }
}
