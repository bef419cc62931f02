//! Sample people: what a console shows where people work with it. They come in as everybody does, by the flows that the API calls, the
//! stand-ins for vendors and the node; what has stopped has stopped for a reason that there really is.
//!
//! They are made while the service runs, so that nobody waits for them. Each is the same at each start in the same folder, and each request
//! has a key of its own, so that what was broken off goes on; a file says that all of them are there.

mod cases;
mod halts;
mod holders;
mod person;
mod verifications;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::try_join_all;
use idos_devnode::Faults;
use idos_devnode::Inserter;
use tokio::try_join;

use self::person::{ALL, Becomes, Person};
use super::Error;
use crate::app::App;
use crate::cli::background::until;
use crate::cli::demo::holder::Holder;
use crate::cli::demo::user;
use crate::flow::{intake, revoke};
use crate::model::client::Idempotency;
use crate::model::issuance::{Delivery, Issuance, State};
use crate::model::submission::{Authority, SignedGrant, Submission};
use crate::model::submitter::Submitter;

/// The client whose people most of them are.
pub(super) const CLIENT: &str = "onboarding";

/// Another one, so that the console has those of several.
pub(super) const PARTNER: &str = "partner";

/// The file that says that all of them are there.
const DONE: &str = "people.done";

/// Another issuer of the network, which creates profiles, too.
pub(super) fn another_issuer() -> Inserter {
    Inserter::new("Another issuer", [halts::another_issuer().caller()])
}

/// What is needed to make them.
pub(super) struct People {
    /// The service.
    pub(super) app: Arc<App>,
    /// Who submits most of them.
    pub(super) onboarding: Submitter,
    /// Who submits the others.
    pub(super) partner: Submitter,
    /// The stand-ins for their vendors: name and URL.
    pub(super) vendors: Vec<(&'static str, String)>,
    /// Switches of the node, if it has any.
    pub(super) faults: Option<Faults>,
    /// Whether the node lets an inserter write.
    pub(super) has_inserter: bool,
    /// The folder of the service.
    pub(super) folder: PathBuf,
}

impl People {
    /// Makes those that are not there.
    pub(super) async fn make(self) {
        let done = self.folder.join(DONE);
        if done.exists() {
            return;
        }
        let made = match Box::pin(self.all()).await {
            Ok(()) => std::fs::write(done, "").map_err(Error::from),
            Err(error) => Err(error),
        };
        match made {
            Ok(()) => tracing::info!("The sample people of the console are there"),
            Err(error) => tracing::warn!("Not all sample people of the console are there: {error}"),
        }
    }

    async fn all(&self) -> Result<(), Error> {
        // What waits for somebody else, first: it is there at once.
        verifications::open(self).await?;
        let brought = try_join_all(ALL.iter().map(|person| self.bring(person)));
        try_join!(brought, verifications::decide(self), halts::make(self))?;
        // About some of those who are there now.
        halts::value_that_the_node_refuses(self).await?;
        cases::make(self).await
    }

    fn caller(&self, person: &Person) -> &Submitter {
        if person.is_of_partner { &self.partner } else { &self.onboarding }
    }

    /// What makes a request about this sample the same at each start.
    fn key(&self, caller: &Submitter, name: &str) -> Idempotency {
        intake::idempotency(&self.app, caller, &format!("sample-{name}"), &[])
    }

    fn delivery(&self) -> Delivery {
        if self.has_inserter { Delivery::Inserter } else { Delivery::WriteGrant }
    }

    async fn holder(&self, name: &'static str) -> Result<Holder, Error> {
        holders::of(&self.app, name, idos_wallet::WalletType::Evm).await
    }

    /// Has somebody's profile created.
    async fn with_profile(
        &self,
        caller: &Submitter,
        name: &'static str,
        holder: &Holder,
    ) -> Result<(), Error> {
        let key = self.key(caller, &format!("{name}-profile"));
        let profile = user::ask_for_profile(&self.app, caller, &key, holder).await?;
        match profile.halt {
            None => Ok(()),
            Some(code) => Err(format!("the profile of {name} has stopped: {code}").into()),
        }
    }

    /// Authority to write into a profile at once.
    async fn authority(&self, holder: &Holder) -> Result<Authority, Error> {
        if self.has_inserter {
            return Ok(Authority::Inserter);
        }
        Ok(by_grant(user::signed_grant(&self.app, holder).await?))
    }

    async fn submit(
        &self,
        person: &Person,
        holder: &Holder,
        authority: Authority,
    ) -> Result<Issuance, Error> {
        let caller = self.caller(person);
        let submission = Submission {
            user_id: holder.user_id,
            evidence: person.evidence(holder.user_id, self.app.clock.now())?.into(),
            files: None,
            authority,
            contact: person.contact()?,
            reference: Some(person.reference().parse()?),
            renews: None,
            claim: None,
        };
        Ok(intake::accept(&self.app, caller, &self.key(caller, person.name), submission).await?.record)
    }

    /// Brings one as far as they are to come.
    async fn bring(&self, person: &'static Person) -> Result<(), Error> {
        if person.becomes == Becomes::Erased && cases::is_carried_out(self).await? {
            // Nothing says any more that they were there.
            return Ok(());
        }
        let caller = self.caller(person);
        let holder = self.holder(person.name).await?;
        if person.becomes == Becomes::WithoutProfile {
            self.submit(person, &holder, Authority::without_grant(self.delivery(), None)).await?;
            return Ok(());
        }
        self.with_profile(caller, person.name, &holder).await?;
        if person.becomes == Becomes::WithoutGrant {
            self.submit(person, &holder, Authority::WriteGrant { grant: None, copy_for: None }).await?;
            return Ok(());
        }
        let issuance = self.submit(person, &holder, self.authority(&holder).await?).await?;
        let issuance = self.settled(issuance).await?;
        if person.becomes == Becomes::Revoked && issuance.state == State::Issued {
            revoke::request(&self.app, caller, &issuance.id).await?;
        }
        Ok(())
    }

    /// Waits until the background work has done with it what it can.
    async fn settled(&self, issuance: Issuance) -> Result<Issuance, Error> {
        let look = async || self.app.store.issuance(&issuance.id).await;
        let is_settled = |issuance: &Issuance| {
            !matches!(issuance.state, State::AwaitingProfile | State::Queued | State::Uploading)
        };
        Ok(until(&self.app, issuance.id.as_str(), look, is_settled).await?)
    }
}

fn by_grant(grant: SignedGrant) -> Authority {
    Authority::WriteGrant { grant: Some(Box::new(grant)), copy_for: None }
}
