//! Holds a chain against what was signed about it.

use std::collections::BTreeMap;
use std::fmt;

use idos_credential::VerificationKey;

use super::{ChainedEntry, Checkpoint, LetGo, Link, SignedBy};
use crate::model::time::HOUR;

/// How far apart the entries behind the last checkpoint may be, in milliseconds: three hours. One is signed each hour in
/// which something is done.
const LONGEST: i64 = 3 * HOUR;

/// A signed word about the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The checkpoint of this number, beside the chain.
    Checkpoint(i64),
    /// One that was kept elsewhere: where it was read from.
    Anchor(String),
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(number) => write!(f, "checkpoint {number}"),
            Self::Anchor(place) => write!(f, "the anchor of {place}"),
        }
    }
}

/// Something that does not hold. Names places, and nothing that stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An entry that does not follow on the one before: altered, missing, or not readable.
    #[error("the audit chain is broken at entry {0}")]
    Entry(i64),
    /// What an entry was about is not there any more, and no later entry says that it was let go.
    #[error(
        "entry {entry} was emptied, and no entry says that it was let go ({count} such entries): somebody may have hidden \
         what was done"
    )]
    Emptied {
        /// The first one.
        entry: i64,
        /// How many there are.
        count: i64,
    },
    /// The entry that is recorded as the last one is not.
    #[error("the chain ends at entry {0}, which is not the one that is recorded as its end")]
    End(i64),
    /// There are later checkpoints, and not this one.
    #[error("checkpoint {0} is missing")]
    Missing(i64),
    /// It does not come behind the one before it.
    #[error("checkpoint {0} is not in its order")]
    OutOfOrder(i64),
    /// The signature is none of the key that it names.
    #[error("{0} is forged or altered: its signature is not one of the key that it names")]
    Forged(Witness),
    /// The chain was longer.
    #[error("the chain ends at entry {end}, before entry {entry} of {witness}: its end was cut off")]
    EndsBefore {
        /// Who says so.
        witness: Witness,
        /// The last entry that is there.
        end: i64,
        /// The entry that was there.
        entry: i64,
    },
    /// The chain was another one.
    #[error(
        "entry {entry} is not the one that {witness} vouches for: the chain was written anew, or is another database's"
    )]
    Differs {
        /// Who says so.
        witness: Witness,
        /// The entry.
        entry: i64,
    },
    /// Too long without a checkpoint.
    #[error(
        "entries from {0} on were written over more than three hours, and no checkpoint vouches for them: they were \
         taken away, or no background work was done"
    )]
    NoWitness(i64),
}

/// What was found, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing is wrong.
    Holds,
    /// Something is wrong.
    Broken,
    /// Nothing is wrong that can be seen, and what was signed last was signed with a key that is not known.
    NotJudged,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries follow on each other, from the first.
    pub entries: i64,
    /// How many of them are of erased records: what they were about is forgotten.
    pub erased: i64,
    /// How many were let go, as later entries say, and can be read again: somebody has put them back.
    pub put_back: i64,
    /// The last signature of the issuer that agrees with them: the entries up to its own are neither altered nor missing.
    pub proof: Option<(Witness, Checkpoint)>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Signatures, valid, of keys that are not known as the issuer's, about entries that nothing else proves; and all such
    /// anchors.
    pub not_judged: Vec<(Witness, Checkpoint)>,
}

impl Verdict {
    /// In one word.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match (self.faults.is_empty(), self.not_judged.is_empty()) {
            (false, _) => Answer::Broken,
            (true, false) => Answer::NotJudged,
            (true, true) => Answer::Holds,
        }
    }

    /// The last entry that is proven; 0 if none is.
    #[must_use]
    pub fn proven(&self) -> i64 {
        self.proof.as_ref().map_or(0, |(_, checkpoint)| checkpoint.entry)
    }
}

/// Goes along a chain. It is told first what was signed, and then each entry in its order.
#[derive(Debug, Default)]
pub struct Judge {
    known: Vec<VerificationKey>,
    claims: BTreeMap<i64, Vec<(Witness, Checkpoint, SignedBy)>>,
    next_number: i64,
    last_checkpoint: i64,
    at: Link,
    is_broken: bool,
    /// What was let go, and no entry has said so yet.
    unsaid: LetGo,
    /// What is told from here on may have been let go after it was read.
    is_late: bool,
    /// Time of the first entry that no checkpoint vouches for, and of the last one.
    unwitnessed: Option<(i64, i64, i64)>,
    verdict: Verdict,
}

impl Judge {
    /// Knows these keys as the issuer's.
    #[must_use]
    pub fn new(known: Vec<VerificationKey>) -> Self {
        Self { known, next_number: 1, ..Self::default() }
    }

    /// A checkpoint that lies beside the chain: the next one.
    pub fn checkpoint(&mut self, checkpoint: Checkpoint) {
        let number = checkpoint.number;
        // Another key may sign the same entry once more.
        let is_behind = number >= self.next_number && checkpoint.entry >= self.last_checkpoint;
        if !is_behind || checkpoint.entry <= self.at.seq {
            self.verdict.faults.push(Fault::OutOfOrder(number));
        } else if number > self.next_number {
            self.verdict.faults.push(Fault::Missing(self.next_number));
        }
        self.next_number = self.next_number.max(number.saturating_add(1));
        self.last_checkpoint = self.last_checkpoint.max(checkpoint.entry);
        self.claim(Witness::Checkpoint(number), checkpoint);
    }

    /// A checkpoint that was kept elsewhere, in `place`.
    pub fn anchor(&mut self, place: String, checkpoint: Checkpoint) {
        self.claim(Witness::Anchor(place), checkpoint);
    }

    fn claim(&mut self, witness: Witness, checkpoint: Checkpoint) {
        match checkpoint.signed_by(&self.known) {
            SignedBy::Nobody => self.verdict.faults.push(Fault::Forged(witness)),
            signed_by => {
                self.claims.entry(checkpoint.entry).or_default().push((witness, checkpoint, signed_by));
            }
        }
    }

    /// The next entry. Whether it makes sense to go on.
    pub fn entry(&mut self, entry: &ChainedEntry) -> bool {
        if !self.is_broken
            && let Err(place) = self.at.follow(entry)
        {
            self.break_at(place);
        }
        if self.is_broken || !self.account(entry) {
            return false;
        }
        let first = self.unwitnessed.map_or((entry.seq, entry.at), |(seq, at, _)| (seq, at));
        self.unwitnessed = Some((first.0, first.1, entry.at));
        // What vouches for an entry before the first has been refused as out of order.
        if self.claims.first_key_value().is_some_and(|(place, _)| *place <= entry.seq)
            && let Some((_, claims)) = self.claims.pop_first()
        {
            self.compare(claims);
        }
        true
    }

    /// Keeps account of what was let go, and what was said of it. Whether what this entry says can be.
    fn account(&mut self, entry: &ChainedEntry) -> bool {
        if entry.is_let_go() {
            self.verdict.erased = self.verdict.erased.saturating_add(1);
        }
        let Ok(there) = self.unsaid.account(entry) else {
            self.break_at(entry.seq);
            return false;
        };
        if !self.is_late {
            self.verdict.put_back = self.verdict.put_back.saturating_add(there);
        }
        true
    }

    /// Whether something was let go, and no entry so far has said so. Where the chain is read while others write, what says so may
    /// stand behind the end that it had at first: if so, whoever reads goes on.
    #[must_use]
    pub fn waits_for_word(&self) -> bool {
        !self.is_broken && !self.unsaid.is_empty()
    }

    /// What comes now was written after all before was read: what it says was let go may have been there then.
    pub fn goes_on_late(&mut self) {
        self.is_late = true;
    }

    fn compare(&mut self, claims: Vec<(Witness, Checkpoint, SignedBy)>) {
        for (witness, checkpoint, signed_by) in claims {
            if checkpoint.link() != self.at {
                self.verdict.faults.push(Fault::Differs { witness, entry: checkpoint.entry });
                continue;
            }
            self.unwitnessed = None;
            match signed_by {
                SignedBy::TheIssuer => self.verdict.proof = Some((witness, checkpoint)),
                SignedBy::Another | SignedBy::Nobody => self.verdict.not_judged.push((witness, checkpoint)),
            }
        }
    }

    /// The next entry is not there, or cannot be read.
    pub fn entry_is_missing(&mut self) {
        self.break_at(self.at.seq.saturating_add(1));
    }

    fn break_at(&mut self, place: i64) {
        self.is_broken = true;
        self.verdict.faults.push(Fault::Entry(place));
    }

    /// Where the chain has been followed to.
    #[must_use]
    pub fn at(&self) -> &Link {
        &self.at
    }

    /// The chain is over; `end` is what is recorded as its end, where something is.
    #[must_use]
    pub fn finish(mut self, end: Option<&Link>) -> Verdict {
        let mut verdict = self.verdict;
        verdict.entries = self.at.seq;
        if !self.is_broken {
            if let Some(entry) = self.unsaid.first() {
                let count = self.unsaid.count();
                verdict.faults.push(Fault::Emptied { entry, count });
            }
            if end.is_some_and(|end| *end != self.at) {
                verdict.faults.push(Fault::End(self.at.seq));
            }
            // Of the checkpoints, the last one says how long the chain was; each anchor is asked about.
            let ends_before = |witness, entry| Fault::EndsBefore { witness, end: self.at.seq, entry };
            let mut last = None;
            for (witness, checkpoint, _) in std::mem::take(&mut self.claims).into_values().flatten() {
                match witness {
                    Witness::Checkpoint(_) => last = Some(ends_before(witness, checkpoint.entry)),
                    Witness::Anchor(_) => verdict.faults.push(ends_before(witness, checkpoint.entry)),
                }
            }
            verdict.faults.extend(last);
            if let Some((seq, from, to)) = self.unwitnessed
                && self.next_number > 1
                && to.saturating_sub(from) > LONGEST
            {
                verdict.faults.push(Fault::NoWitness(seq));
            }
        }
        let proven = verdict.proven();
        verdict.not_judged.retain(|(witness, checkpoint)| {
            matches!(witness, Witness::Anchor(_)) || checkpoint.entry > proven
        });
        verdict
    }
}

#[cfg(test)]
mod tests {
    use crate::model::time::Timestamp;
    use idos_credential::IssuerKey;
    use rand::rngs::OsRng;

    use super::super::{Actor, AuditAction, AuditEntry};
    use super::*;

    const MINUTE: i64 = 60_000;

    fn key(seed: u8) -> IssuerKey {
        IssuerKey::of_did_key(&[seed; 32])
    }

    /// A chain of so many entries, one a minute.
    fn chain(length: i64, first: &Actor) -> Vec<ChainedEntry> {
        let actor = |seq| if seq == 1 { first.clone() } else { Actor::Service };
        of((1..=length).map(|seq| (actor(seq), AuditAction::Received, "iss_1", String::new())))
    }

    fn of(entries: impl Iterator<Item = (Actor, AuditAction, &'static str, String)>) -> Vec<ChainedEntry> {
        let mut at = Link::default();
        let chained = entries.map(|(actor, act, subject, detail)| {
            let seq = at.seq + 1;
            let time = Timestamp::EPOCH.plus_millis(seq * MINUTE);
            let entry = AuditEntry::new(time, actor, act, subject).detail(detail);
            let entry = ChainedEntry::new(&entry, seq, at.hash.clone(), &mut OsRng);
            at.follow(&entry).unwrap();
            entry
        });
        chained.collect()
    }

    fn let_go(entry: &mut ChainedEntry) {
        for column in [&mut entry.subject, &mut entry.detail, &mut entry.salt] {
            column.clear();
        }
    }

    fn checkpoint(number: i64, chain: &[ChainedEntry], entry: usize, key: &IssuerKey) -> Checkpoint {
        let ChainedEntry { seq, hash, .. } = &chain[entry - 1];
        let end = Link { seq: *seq, hash: hash.clone() };
        let unsigned = Checkpoint::unsigned(number, &end, Timestamp::EPOCH.plus_millis(1), key.method());
        let signature = key.sign_statement(&unsigned.text());
        unsigned.signed(&signature)
    }

    /// Checkpoints, anchors, entries, and what is wrong.
    type Case<'a> = (&'a [Checkpoint], &'a [Checkpoint], &'a [ChainedEntry], Vec<Fault>);

    fn judge(
        checkpoints: &[Checkpoint],
        anchors: &[Checkpoint],
        chain: &[ChainedEntry],
        known: &[IssuerKey],
    ) -> Verdict {
        let mut judge = Judge::new(known.iter().map(IssuerKey::verification_key).collect());
        for checkpoint in checkpoints {
            judge.checkpoint(checkpoint.clone());
        }
        for anchor in anchors {
            judge.anchor("a".to_owned(), anchor.clone());
        }
        let _ = chain.iter().all(|entry| judge.entry(entry));
        judge.finish(None)
    }

    #[test]
    fn a_chain_that_holds_is_proven_up_to_the_last_checkpoint() {
        let whole = chain(9, &Actor::Service);
        let signed = [checkpoint(1, &whole, 3, &key(1)), checkpoint(2, &whole, 8, &key(1))];
        let verdict = judge(&signed, &signed[..1], &whole, &[key(1)]);
        assert_eq!((verdict.answer(), verdict.entries, verdict.proven()), (Answer::Holds, 9, 8));
        let verdict = judge(&[], &[], &whole, &[]);
        assert_eq!((verdict.answer(), verdict.entries, verdict.proven()), (Answer::Holds, 9, 0));
        assert_eq!(judge(&[], &[], &[], &[]).answer(), Answer::Holds);
    }

    #[test]
    fn whatever_was_done_to_it_is_said() {
        let whole = chain(9, &Actor::Service);
        let anew = chain(9, &Actor::Operator);
        let mut altered = whole.clone();
        altered[4].actor = "operator".to_owned();
        let mut without = whole.clone();
        without.remove(4);
        let (first, second) = (checkpoint(1, &whole, 3, &key(1)), checkpoint(2, &whole, 8, &key(1)));
        let both = [first.clone(), second.clone()];
        let mut forged = second.clone();
        forged.entry = 7;
        let differs = |witness, entry| Fault::Differs { witness, entry };
        let (one, two, anchor) =
            (Witness::Checkpoint(1), Witness::Checkpoint(2), Witness::Anchor("a".to_owned()));
        let cut = |witness| Fault::EndsBefore { witness, end: 7, entry: 8 };
        let (swapped, with_forged) = ([second.clone(), first.clone()], [first.clone(), forged.clone()]);
        let forged = [forged];
        let cases: Vec<Case> = vec![
            (&both, &[], &altered, vec![Fault::Entry(5)]),
            (&both, &[], &without, vec![Fault::Entry(5)]),
            (&both, &[], &whole[1..], vec![Fault::Entry(1)]),
            (&both, &[], &anew, vec![differs(one.clone(), 3), differs(two.clone(), 8)]),
            (&both, &[], &whole[..7], vec![cut(two.clone())]),
            (&both[..1], &both[1..], &whole[..7], vec![cut(anchor.clone())]),
            (&[], &both[1..], &anew, vec![differs(anchor.clone(), 8)]),
            (&both[1..], &[], &whole, vec![Fault::Missing(1)]),
            (&swapped, &[], &whole, vec![Fault::Missing(1), Fault::OutOfOrder(1)]),
            (&with_forged, &[], &whole, vec![Fault::Forged(two)]),
            (&[], &forged, &whole, vec![Fault::Forged(anchor)]),
        ];
        for (place, (checkpoints, anchors, chain, faults)) in cases.into_iter().enumerate() {
            let verdict = judge(checkpoints, anchors, chain, &[key(1)]);
            assert_eq!(verdict.faults, faults, "case {place}");
            assert_eq!(verdict.answer(), Answer::Broken, "case {place}");
        }
    }

    #[test]
    fn a_key_that_is_not_known_is_not_judged_unless_a_known_one_has_signed_later() {
        let whole = chain(9, &Actor::Service);
        let (old, new) = (checkpoint(1, &whole, 3, &key(2)), checkpoint(2, &whole, 8, &key(1)));
        let verdict = judge(&[old.clone(), new.clone()], &[], &whole, &[key(1)]);
        assert_eq!((verdict.answer(), verdict.proven()), (Answer::Holds, 8));
        for (checkpoints, anchors) in [(vec![old.clone()], vec![]), (vec![], vec![old.clone()])] {
            let verdict = judge(&checkpoints, &anchors, &whole, &[key(1)]);
            assert_eq!((verdict.answer(), verdict.proven()), (Answer::NotJudged, 0));
        }
        let verdict = judge(&[old], &[], &whole, &[key(1), key(2)]);
        assert_eq!((verdict.answer(), verdict.proven()), (Answer::Holds, 3));
        // Somebody writes all of it anew, with a key of their own.
        let anew = chain(9, &Actor::Operator);
        let verdict = judge(&[checkpoint(1, &anew, 9, &key(3))], &[], &anew, &[key(1)]);
        assert_eq!(verdict.answer(), Answer::NotJudged);
        let verdict = judge(&[checkpoint(1, &anew, 9, &key(3))], &[new], &anew, &[key(1)]);
        assert_eq!(verdict.answer(), Answer::Broken);
    }

    #[test]
    fn entries_of_hours_need_a_checkpoint_where_checkpoints_are_signed() {
        let long = chain(400, &Actor::Service);
        assert_eq!(judge(&[], &[], &long, &[key(1)]).answer(), Answer::Holds);
        let signed = [checkpoint(1, &long, 9, &key(1))];
        assert_eq!(judge(&signed, &[], &long, &[key(1)]).faults, [Fault::NoWitness(10)]);
        assert_eq!(judge(&signed, &[], &long[..100], &[key(1)]).answer(), Answer::Holds);
        let anchor = checkpoint(7, &long, 395, &key(1));
        assert_eq!(judge(&signed, &[anchor], &long, &[key(1)]).answer(), Answer::Holds);
    }

    #[test]
    fn what_is_emptied_must_have_been_let_go() {
        const ISSUANCE: &str = "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let erased = |said: &str| (Actor::Service, AuditAction::Erased, "issuance", said.to_owned());
        let with = |said: &str| {
            let mut all: Vec<_> = (1..=4)
                .map(|_| (Actor::Service, AuditAction::ClaimUsed, "clm_1", ISSUANCE.to_owned()))
                .collect();
            all.insert(3, erased(said));
            of(all.into_iter())
        };
        let verdict = |chain: &[ChainedEntry]| judge(&[], &[], chain, &[]);
        let counts = |verdict: Verdict| (verdict.faults, verdict.erased, verdict.put_back);
        let emptied = |entry, count| Fault::Emptied { entry, count };

        let mut chain = with("1,3;2");
        assert_eq!(counts(verdict(&chain)), (vec![], 0, 3), "nothing was emptied");
        let_go(&mut chain[0]);
        let_go(&mut chain[2]);
        chain[1].also.clear();
        chain[1].also_salt.clear();
        assert_eq!(counts(verdict(&chain)), (vec![], 2, 0));
        // One more, one that was written later, and one of which something else was let go.
        let mut more = chain.clone();
        let_go(&mut more[1]);
        assert_eq!(counts(verdict(&more)), (vec![emptied(2, 1)], 3, 0));
        let_go(&mut more[4]);
        more[4].also.clear();
        more[4].also_salt.clear();
        assert_eq!(counts(verdict(&more)), (vec![emptied(2, 3)], 4, 0));
        // The one that says it: emptied itself, or saying what cannot be.
        let mut hidden = chain.clone();
        let_go(&mut hidden[3]);
        assert_eq!(verdict(&hidden).faults, [Fault::Entry(4)]);
        for wrong in ["4", "1-4", "5", "x", "3,1", "9223372036854775807"] {
            assert_eq!(verdict(&with(wrong)).faults, [Fault::Entry(4)], "{wrong}");
        }
    }

    #[test]
    fn what_is_let_go_while_it_is_read_is_waited_for() {
        let all = |seq| match seq {
            4 => (Actor::Service, AuditAction::Erased, "issuance", "1-2".to_owned()),
            _ => (Actor::Service, AuditAction::Received, "iss_1", String::new()),
        };
        let mut chain = of((1..=4).map(all));
        // The first was read before it was let go, the second after.
        let_go(&mut chain[1]);
        let mut judge = Judge::new(Vec::new());
        assert!(chain[..3].iter().all(|entry| judge.entry(entry)));
        assert!(judge.waits_for_word());
        judge.goes_on_late();
        assert!(judge.entry(&chain[3]));
        assert!(!judge.waits_for_word());
        let verdict = judge.finish(None);
        assert_eq!((verdict.faults, verdict.erased, verdict.put_back), (vec![], 1, 0));
    }
}
