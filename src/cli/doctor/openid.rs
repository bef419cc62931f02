//! The OpenID provider at which staff sign in: whether it answers, as itself, with keys by which somebody could.

use super::Report;
use crate::app::openid_provider;
use crate::config::Config;
use crate::keys::KeysError;
use crate::oidc::{OidcError, OidcProvider, OidcSetupError};

const CHECK: &str = "openid";

pub(super) async fn openid(config: &Config, report: &mut Report) {
    match openid_provider(config) {
        Ok(Some(provider)) => look(&provider, report).await,
        Ok(None) if config.openid.is_some() => {
            report.note(CHECK, "[openid] is there, and console.enabled is not: nobody signs in by it");
        }
        Ok(None) => {}
        Err(error) => {
            let cure = match &error {
                OidcSetupError::NoPublicUrl => "set http.public_url".to_owned(),
                OidcSetupError::Secret(KeysError::Secret(error)) => error.cure(),
                OidcSetupError::NoDoor => {
                    "name a provider in [openid], or set console.local_accounts".to_owned()
                }
                OidcSetupError::Secret(_) | OidcSetupError::Http(_) => {
                    "correct the setting; config.example.toml explains each".to_owned()
                }
            };
            report.complain(CHECK, super::causes(&error), cure);
        }
    }
}

async fn look(provider: &OidcProvider, report: &mut Report) {
    match provider.check().await {
        Ok(()) => {
            report.fine(CHECK, "the provider answers as openid.issuer, with keys whose signatures are taken");
        }
        Err(error) => {
            let cure = match error {
                OidcError::OtherIssuer => {
                    "write openid.issuer to the letter as the provider's discovery document has it"
                }
                OidcError::NoKeys => {
                    "have the provider sign ID tokens by a key that it publishes: RS256, PS256, ES256, EdDSA or their like"
                }
                _ => "correct openid.issuer, or see to the network or the provider",
            };
            report.complain(CHECK, error.to_string(), cure);
        }
    }
}
