//! `apikey`: who may call the API.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::{self, Context};
use super::{Outcome, output};
use crate::clock;
use crate::flow::api_keys;
use crate::model::client::{ApiKey, Scope};
use crate::model::ids::ApiKeyId;
use crate::model::time::DAY;
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum ApiKeys {
    /// Make a key and print it. It is stored as a hash, and cannot be shown again.
    Create(Create),
    /// List all keys, without their secrets.
    List(List),
    /// Revoke a key. Takes effect at once.
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Create {
    /// Whose key it is: letters a-z, digits, and any of `._-`. Several keys of one client see the same records: that is how a key is replaced.
    #[arg(long, value_name = "NAME")]
    client: String,
    /// What it may be used for; may be repeated. Without it: all that submitting takes, which is everything but
    /// issuances:revoke and issuances:erase, since nobody can undo those.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<Scope>,
    /// The key ends after so many days. Without it, it does not end.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    expires_in: Option<u16>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct List {
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Revoke {
    /// The key's id, such as `key_01J…`.
    #[arg(value_parser = key_id)]
    id: ApiKeyId,
}

impl ApiKeys {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let config = context.config()?;
        context.answer(async {
            let store = context::store(&config).await?;
            let outcome = match self {
                Self::Create(create) => create.run(&store).await,
                Self::List(list) => list.run(&store).await,
                Self::Revoke(revoke) => revoke.run(&store).await,
            };
            store.close().await;
            outcome
        })
    }
}

impl Create {
    async fn run(self, store: &Store) -> Outcome {
        let now = clock::now();
        let scopes = if self.scopes.is_empty() { default_scopes() } else { self.scopes };
        let expires_at = self.expires_in.map(|days| now.plus_millis(i64::from(days) * DAY));
        let (key, text) = api_keys::create(store, &self.client, &scopes, expires_at, now).await?;
        if self.json {
            let mut shown = show(&key);
            if let Value::Object(members) = &mut shown {
                members.insert("key".to_owned(), text.as_str().into());
            }
            output::line(&shown.to_string());
        } else {
            output::line(&text);
            output::hint(&format!(
                "{} of {}. It is shown this once: keep it where secrets are kept.",
                key.id, key.client
            ));
        }
        Ok(true)
    }
}

impl List {
    async fn run(self, store: &Store) -> Outcome {
        let keys = store.api_keys().await?;
        if self.json {
            output::line(&Value::from(keys.iter().map(show).collect::<Vec<_>>()).to_string());
            return Ok(true);
        }
        let now = clock::now();
        for key in &keys {
            let state = match (key.is_valid_at(now), key.revoked_at, key.expires_at) {
                (true, _, Some(end)) => format!("until {end}"),
                (true, _, None) => "valid".to_owned(),
                (false, Some(at), _) => format!("revoked {at}"),
                (false, None, _) => "expired".to_owned(),
            };
            let used = key.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
            let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
            output::line(&format!("{}  {}  {state}  {used}  {}", key.id, key.client, scopes.join(",")));
        }
        Ok(true)
    }
}

impl Revoke {
    async fn run(self, store: &Store) -> Outcome {
        api_keys::revoke(store, &self.id, clock::now()).await?;
        output::line(&format!("revoked {}", self.id));
        Ok(true)
    }
}

fn show(key: &ApiKey) -> Value {
    json!({
        "id": key.id.as_str(),
        "client": key.client,
        "scopes": key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "createdAt": key.created_at.to_string(),
        "expiresAt": key.expires_at.map(|at| at.to_string()),
        "revokedAt": key.revoked_at.map(|at| at.to_string()),
        "usedAt": key.used_at.map(|at| at.to_string()),
    })
}

/// All that submitting takes, and that can be put right again.
fn default_scopes() -> Vec<Scope> {
    let is_special = |scope: &Scope| {
        matches!(
            scope,
            Scope::Revoke | Scope::Erase | Scope::WalletsWrite | Scope::AttributesWrite | Scope::CopiesRead
        )
    };
    Scope::ALL.iter().copied().filter(|scope| !is_special(scope)).collect()
}

fn scope(text: &str) -> Result<Scope, String> {
    text.parse().map_err(|_| {
        let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("must be one of {}", all.join(", "))
    })
}

fn key_id(text: &str) -> Result<ApiKeyId, &'static str> {
    text.parse().map_err(|_| "must be the id of an API key, such as key_01J…")
}
