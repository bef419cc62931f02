//! `demo`: the whole way of a credential through the service, on an in-process node or, with `--node-url`, on another one.

pub(super) mod evidence;
pub(super) mod holder;
mod narration;
mod service;
pub(super) mod user;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use idos_credential::{AcceptedIssuer, Kind, verify};
use idos_devnode::Schema;
use sha2::{Digest as _, Sha256};
use url::Url;

use self::holder::{Holder, random_id};
use self::narration::Narration;
use self::service::Service;
use super::Outcome;
use super::background::until;
use super::context::Context;
use super::signals::Signals;
use crate::app::App;
use crate::flow::network::{self, By};
use crate::flow::{credential, intake, read_back};
use crate::model::evidence::Evidence;
use crate::model::issuance::{Ids, Issuance, State};
use crate::model::submission::{Authority, Submission};

/// Creates a simulated user, issues a credential from a KYC result into the user's idOS profile, and reads it back
/// as the user and as the issuer: by the service that `serve` runs, with a database and a vault key that are gone
/// afterwards.
///
/// Without --config this runs on an in-process development node, with fresh keys. With it, the keys and the node are
/// those of the configuration, and a simulated user is really created on that network. Its write keys should do nothing
/// else meanwhile: two services that number the transactions of one key get into each other's way.
#[derive(Args)]
pub(super) struct Demo {
    /// The provider's result, a JSON file with its image files beside it. Without it: the example in examples/.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// The kind of credential: `kyc` (version 2), `kyc_v3`, `edd` or `personhood`.
    #[arg(long, default_value_t, value_name = "KIND", value_parser = of_a_result)]
    kind: Kind,
    /// The idOS node to use in place of the configured one. Needs --config.
    #[arg(long, value_name = "URL")]
    node_url: Option<Url>,
    /// Have the actions and the blob gateway of upstream's next version on the in-process node.
    #[arg(long, conflicts_with = "node_url")]
    next: bool,
    /// Print one JSON object in place of the narration.
    #[arg(long)]
    json: bool,
}

type Error = Box<dyn std::error::Error>;

impl Demo {
    pub(super) fn run(self, context: &Context) -> Outcome {
        context.answer(self.play(context.path()))
    }

    async fn play(self, config: Option<&Path>) -> Outcome {
        let mut signals = Signals::new()?;
        let mut narration = Narration::new(self.json);
        let service = match (config, self.node_url) {
            (Some(_), _) if self.next => return Err("--next is for a demo without --config".into()),
            (Some(config), node_url) => Box::pin(Service::configured(config, node_url)).await?,
            (None, None) => Service::alone(if self.next { Schema::Next } else { Schema::Current }).await?,
            (None, Some(_)) => {
                return Err(
                    "another node knows only registered issuers: --node-url needs --config with their keys"
                        .into(),
                );
            }
        };
        // However it ends, nothing of it stays on the disk.
        let verified = tokio::select! {
            verified = act(&service, self.kind, self.evidence.as_deref(), &mut narration) => verified,
            () = signals.next() => Err("it was broken off".into()),
        };
        service.stop().await;
        let verified = verified?;
        narration.end(verified)?;
        Ok(verified)
    }
}

async fn act(
    service: &Service,
    kind: Kind,
    evidence: Option<&Path>,
    narration: &mut Narration,
) -> Result<bool, Error> {
    let Service { app, caller, .. } = service;
    let client = app.idos().await?;
    narration.node(&service.node_url, client.chain_id(), service.has_own_node());
    narration.issuer(&app.issuer.name, &app.keys);
    let holder = Holder::new()?;
    narration.holder(&holder);
    let load = || evidence::load(kind, evidence, holder.user_id);
    let result = load()?;
    narration.evidence(&result);
    let signing = rehearse(app, load()?).await?;

    let known = network::find(app, By::Address(&holder.wallet.address())).await?.exists;
    let start = Instant::now();
    user::create_profile(app, caller, &holder).await?;
    narration.profile(known, start.elapsed());

    let grant = user::signed_grant(app, &holder).await?;
    narration.grant(&grant.grant);

    let submission = Submission {
        user_id: holder.user_id,
        evidence: result.into(),
        files: None,
        authority: Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None },
        contact: None,
        reference: None,
        renews: None,
        claim: None,
    };
    let start = Instant::now();
    let accepted = intake::accept(app, caller, &user::request_key(app, caller), submission).await?.record;
    narration.accepted(&accepted, signing, start.elapsed());
    let start = Instant::now();
    let issued = until_issued(app, &accepted).await?;
    narration.written(&issued, start.elapsed());

    // From here on, as others: first the user, with nothing but the wallet and the password.
    let start = Instant::now();
    let mine = user::read_own(app, &holder, issued.ids.original).await?;
    let signing = &app.keys.signing_at(app.clock.now())?.method;
    let (id, controller) = (signing.id().to_owned(), signing.controller().to_owned());
    let accepted = AcceptedIssuer::named(id, controller, signing.key())?;
    let verdict = verify(&mine, &[accepted], app.clock.now());
    let same = issued.content_hash.as_deref() == Some(&hex::encode(Sha256::digest(&*mine)));
    narration.read_by_user(&verdict, mine.len(), same, start.elapsed());

    let start = Instant::now();
    let copy = read_back::issued_copy(app, caller, &issued.id).await?;
    let same_copy = *copy.credential == *mine && copy.problem.is_none();
    narration.read_by_issuer(same_copy, start.elapsed());
    Ok(verdict.is_ok() && same && same_copy)
}

/// A kind of which there can be a result.
fn of_a_result(name: &str) -> Result<Kind, &'static str> {
    let kind: Option<Kind> = name.parse().ok();
    kind.filter(|kind| Kind::GIVEN.contains(kind)).ok_or("must be kyc, kyc_v3, edd or personhood")
}

/// What would be refused is refused now, and not when a profile has been made and a grant been signed for nothing. Gives the
/// time that building and signing took.
async fn rehearse(app: &App, result: Evidence) -> Result<Duration, Error> {
    let ids = Ids { original: random_id(), copy: random_id(), notes: random_id() };
    let start = Instant::now();
    let now = app.clock.now();
    let key = app.keys.signing_at(now)?;
    let unsigned = credential::build(result, ids, &app.issuer_url(), &key.method, now)?;
    let signed = key.sign_credential(unsigned).await?;
    let took = start.elapsed();
    credential::check_size(signed.text().len(), true, app.content_place().await?)?;
    Ok(took)
}

/// Waits for what comes of an issuance, which is a credential or a reason why there is none.
async fn until_issued(app: &App, accepted: &Issuance) -> Result<Issuance, Error> {
    let look = async || app.store.issuance(&accepted.id).await;
    let issuance = until(app, accepted.id.as_str(), look, |issuance| issuance.state.is_settled()).await?;
    match (issuance.state, issuance.halt) {
        (State::Issued, _) => Ok(issuance),
        (_, Some(code)) => {
            Err(format!("the issuance has stopped ({code}): {}", code.cure(issuance.stopped())).into())
        }
        (state, None) => Err(format!("the issuance is {state}").into()),
    }
}
