//! Agreement: what is written is forgotten here only when more than one node shows it, where there is more than one. One
//! that lies, or has lost what it said it had, would else cost the content.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use idos_client::actions::{CredentialExistAsInserter, HasProfile};
use idos_client::{Client, Error, Signer};

use crate::app::{App, NodeError};
use crate::model::issuance::Issuance;
use crate::model::profile::{Profile, WalletClaim};
use crate::store::StoreError;

/// A node whose last block is older than so many times the patience for a block is cut off. kwild makes a block each minute,
/// if only an empty one.
const CUT_OFF: u32 = 10;

/// How long a node has to confirm something. Longer than a busy one takes; shorter than a client waits for one, because who
/// asks settles one transaction after the other.
const CONFIRMS_WITHIN: Duration = Duration::from_secs(10);

/// What is to be seen.
pub(super) enum Sight {
    /// A credential.
    Credential(uuid::Uuid),
    /// A wallet of this address.
    Wallet(zeroize::Zeroizing<String>),
}

impl Sight {
    pub(super) fn of_issuance(issuance: &Issuance) -> Self {
        Self::Credential(issuance.ids.original)
    }

    /// `None` where the wallet is not to be read any more.
    pub(super) async fn of_profile(app: &App, profile: &Profile) -> Result<Option<Self>, StoreError> {
        let locked = app.store.locked_wallet(&profile.id).await?;
        let claim = locked
            .and_then(|locked| app.vault.unlock_record::<WalletClaim>(profile.id.as_str(), &locked).ok());
        Ok(claim.map(|claim| Self::Wallet(zeroize::Zeroizing::new(claim.address.expose().clone()))))
    }

    async fn at(&self, node: usize, client: &Client, signer: &Signer) -> Result<bool, Error> {
        let row = match self {
            Self::Credential(id) => {
                client.call_one_at(node, signer, &CredentialExistAsInserter { id: *id }).await?
            }
            Self::Wallet(address) => client.call_one_at(node, signer, &HasProfile { address }).await?,
        };
        Ok(row.unwrap_or(false))
    }

    /// What a node says of it, if it was said to be there `waited` ago.
    async fn seen_at(
        &self,
        node: usize,
        app: &App,
        signer: &Signer,
        waited: Duration,
    ) -> Result<Word, NodeError> {
        let client = app.idos().await?;
        if self.at(node, client, signer).await? {
            return Ok(Word::Shows);
        }
        let age = client.health_at(node).await?.block_age.unwrap_or_default();
        let age = Duration::from_millis(age.unsigned_abs());
        Ok(if age < waited {
            Word::Lacks
        } else if age <= app.block_patience().saturating_mul(CUT_OFF) {
            Word::IsBehind
        } else {
            Word::Nothing
        })
    }
}

/// What one node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// It is there.
    Shows,
    /// It is not, and should be: there has been a block since.
    Lacks,
    /// It is not, and that says nothing yet.
    IsBehind,
    /// Nothing: it does not answer, or is cut off from the others.
    Nothing,
}

/// What the nodes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Enough of them show it.
    Enough,
    /// One that could show it has not answered, or not caught up yet.
    NotYet,
    /// Some show it and some do not, for longer than a block takes: one of them is wrong.
    Never,
}

/// How many nodes must show what was written, of those that there are.
fn needed(app: &App, client: &Client) -> usize {
    app.must_agree().unwrap_or(2).min(client.node_count())
}

/// Whether the word of one node is enough.
pub fn one_is_enough(app: &App, client: &Client) -> bool {
    needed(app, client) <= 1
}

/// Whether enough nodes show what one of them says was written. `waited`: for how long that has been asked.
pub(super) async fn agreement(
    app: &App,
    signer: &Signer,
    sight: &Sight,
    waited: Duration,
) -> Result<Agreement, NodeError> {
    let client = app.idos().await?;
    if one_is_enough(app, client) {
        return Ok(Agreement::Enough);
    }
    let ask = |node| async move {
        if app.node_is_silent(node) {
            return Word::Nothing;
        }
        let answer = tokio::time::timeout(CONFIRMS_WITHIN, sight.seen_at(node, app, signer, waited)).await;
        app.node_answers(node, answer.is_ok());
        answer.ok().and_then(Result::ok).unwrap_or(Word::Nothing)
    };
    let mut answers: FuturesUnordered<_> = (0..client.node_count()).map(ask).collect();
    let (needed, mut words) = (needed(app, client), Vec::new());
    while let Some(word) = answers.next().await {
        words.push(word);
        if count(&words, Word::Shows) >= needed {
            // Nobody waits for the others, of which one may not answer at all.
            break;
        }
    }
    Ok(weigh(&words, needed, app.must_agree().is_some(), waited > app.block_patience()))
}

fn count(words: &[Word], word: Word) -> usize {
    words.iter().filter(|said| **said == word).count()
}

fn weigh(words: &[Word], needed: usize, is_strict: bool, is_late: bool) -> Agreement {
    match count(words, Word::Shows) {
        shown if shown >= needed => Agreement::Enough,
        _ if is_late && count(words, Word::Lacks) > 0 => Agreement::Never,
        // Nobody else says anything. Who wants to wait for them says so.
        1.. if is_late && !is_strict && count(words, Word::IsBehind) == 0 => Agreement::Enough,
        _ => Agreement::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_is_believed_only_where_no_other_says_anything() {
        use Agreement::{Enough, Never, NotYet};
        use Word::{IsBehind, Lacks, Nothing, Shows};
        for (words, is_strict, is_late, expected) in [
            ([Shows, Shows], false, false, Enough),
            ([Shows, Shows], true, true, Enough),
            ([Shows, Lacks], false, false, NotYet),
            ([Shows, Lacks], false, true, Never),
            ([Lacks, Lacks], false, true, Never),
            ([Shows, IsBehind], false, true, NotYet),
            ([Shows, Nothing], false, false, NotYet),
            ([Shows, Nothing], false, true, Enough),
            ([Shows, Nothing], true, true, NotYet),
            ([Nothing, Nothing], false, true, NotYet),
        ] {
            let found = weigh(&words, 2, is_strict, is_late);
            assert_eq!(found, expected, "{words:?} {is_strict} {is_late}");
        }
        assert_eq!(weigh(&[Shows, Shows, Lacks], 2, true, true), Enough);
        assert_eq!(weigh(&[Shows, Shows, Nothing], 3, true, true), NotYet);
    }
}
