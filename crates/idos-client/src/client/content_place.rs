//! Where a network keeps the encrypted contents of credentials: it is seen by the actions that its schema has.

use super::{Client, Viewer};
use crate::Error;
use crate::actions::{Action, CreateCredentialsByDwg, CreatePreliminaryCredentialsByDwg};
use crate::encoding::Value;
use crate::refusal::Refusal;
use crate::signer::Signer;

/// Where a network keeps the encrypted contents of credentials, which decides how they are written and what signatures cover.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContentPlace {
    /// In the credential's row, which one transaction writes.
    Row,
    /// At the blob gateway: a transaction announces it by its identifier, and an upload follows.
    Gateway,
}

impl Client {
    /// Where the network keeps contents now. A network that has both ways has moved on to the gateway, as far as readers are
    /// concerned: so that is the answer then.
    pub async fn content_place(&self, signer: &Signer) -> Result<ContentPlace, Error> {
        if self.has_action::<CreatePreliminaryCredentialsByDwg<'_>>(signer).await? {
            Ok(ContentPlace::Gateway)
        } else if self.has_action::<CreateCredentialsByDwg<'_>>(signer).await? {
            Ok(ContentPlace::Row)
        } else {
            Err(Error::Malformed("the schema has no action that writes credentials by write grant"))
        }
    }

    /// Whether the schema has an action. It is asked for as if it were a view, without values, which changes nothing: a node
    /// says either that it does not know it, or that it is none.
    ///
    /// To read the list of actions (`info.actions`) would take a right that idOS gives nobody.
    async fn has_action<A: Action>(&self, signer: &Signer) -> Result<bool, Error> {
        let nulls = A::PARAMETERS.iter().map(|(_, scalar)| Value::Null(*scalar)).collect();
        match self.ask_action(Viewer::As(signer), A::NAME, nulls).await {
            Ok(()) => Ok(true),
            Err(error) => match error.refusal() {
                Some(Refusal::ActionUnknown) => Ok(false),
                // Who may not do it, or not so, has it.
                Some(_) => Ok(true),
                None if matches!(error, Error::View { .. }) => Ok(true),
                None => Err(error),
            },
        }
    }
}
