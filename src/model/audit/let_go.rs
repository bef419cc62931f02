//! Which entries were let go: places in the chain, which say nothing about anybody.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{AuditAction, ChainedEntry};

/// A set of places in the chain, as ranges that do not touch each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<i64, i64>);

/// A text is no list of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no list of places")]
pub struct NotPlaces;

impl Places {
    /// Adds a place that is behind all others. One that is not is left out, and not added again.
    pub fn push(&mut self, seq: i64) {
        match self.0.last_entry() {
            Some(mut last) if last.get().saturating_add(1) == seq => {
                last.insert(seq);
            }
            Some(last) if *last.get() >= seq => {}
            _ => {
                self.0.insert(seq, seq);
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.ranges().map(|(from, to)| to - from + 1).sum()
    }

    /// The first one.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        self.0.keys().next().copied()
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.0.values().next_back().copied()
    }

    /// The ranges, with both of their ends, in their order.
    pub fn ranges(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().map(|(from, to)| (*from, *to))
    }

    /// Takes the places of `others` away. Gives how many of them were not there.
    pub fn take(&mut self, others: &Self) -> i64 {
        others.ranges().map(|(from, to)| (to - from + 1) - self.take_range(from, to)).sum()
    }

    fn take_range(&mut self, from: i64, to: i64) -> i64 {
        let start = self.0.range(..=from).next_back().map_or(from, |(start, _)| *start);
        let overlapping: Vec<_> = self.0.range(start..=to).map(|(first, last)| (*first, *last)).collect();
        let mut taken = 0;
        for (first, last) in overlapping.into_iter().filter(|(_, last)| *last >= from) {
            self.0.remove(&first);
            if first < from {
                self.0.insert(first, from - 1);
            }
            if last > to {
                self.0.insert(to + 1, last);
            }
            taken += last.min(to) - first.max(from) + 1;
        }
        taken
    }

    /// Parts of at most so many ranges.
    fn parts(&self, ranges: usize) -> Vec<Self> {
        let all: Vec<_> = self.ranges().collect();
        all.chunks(ranges).map(|part| Self(part.iter().copied().collect())).collect()
    }
}

impl FromIterator<i64> for Places {
    fn from_iter<T: IntoIterator<Item = i64>>(places: T) -> Self {
        let mut sorted: Vec<_> = places.into_iter().collect();
        sorted.sort_unstable();
        let mut all = Self::default();
        for seq in sorted {
            all.push(seq);
        }
        all
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (from, to)) in self.ranges().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            if from == to { write!(f, "{comma}{from}") } else { write!(f, "{comma}{from}-{to}") }?;
        }
        Ok(())
    }
}

impl FromStr for Places {
    type Err = NotPlaces;

    /// Only as [`Display`](fmt::Display) writes it: from 1 on, in their order, and no range touches the next.
    fn from_str(text: &str) -> Result<Self, NotPlaces> {
        let mut all = Self::default();
        for range in text.split(',').filter(|_| !text.is_empty()) {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let number = |text: &str| text.parse::<i64>().map_err(|_| NotPlaces);
            let (from, to) = (number(from)?, number(to)?);
            let is_behind = all.last().map_or(from > 0, |last| from > last.saturating_add(1));
            // The last number has nothing behind it.
            if !is_behind || from > to || to == i64::MAX {
                return Err(NotPlaces);
            }
            all.0.insert(from, to);
        }
        if all.to_string() == text { Ok(all) } else { Err(NotPlaces) }
    }
}

/// Which entries were let go, as the entry `erased` says it: `1,5-9;12` are the entries 1 and 5 to 9 as a whole, and of entry 12
/// the other record that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetGo {
    /// Entries that were about what is forgotten.
    pub whole: Places,
    /// Entries about others, that have named it.
    pub also: Places,
}

impl LetGo {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.also.is_empty()
    }

    /// Keeps account, along a chain, of what was let go and what was said of it: afterwards these are the places of which no entry has
    /// said so yet. Gives how many entries this one says were let go that were not. An entry that says what cannot be is the error.
    pub fn account(&mut self, entry: &ChainedEntry) -> Result<i64, NotPlaces> {
        if entry.is_let_go() {
            self.whole.push(entry.seq);
        }
        if entry.also_is_let_go() {
            self.also.push(entry.seq);
        }
        if entry.act != AuditAction::Erased.as_str() {
            return Ok(0);
        }
        let said: Self = entry.detail.parse()?;
        if said.last().is_some_and(|last| last >= entry.seq) {
            return Err(NotPlaces);
        }
        Ok(self.whole.take(&said.whole).saturating_add(self.also.take(&said.also)))
    }

    /// The first place of all.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        [self.whole.first(), self.also.first()].into_iter().flatten().min()
    }

    /// How many places there are in both.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.whole.count() + self.also.count()
    }

    /// The last place of all.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.whole.last().max(self.also.last())
    }

    /// In parts of at most so many ranges of each kind, at least one: what is said in one entry.
    #[must_use]
    pub fn parts(&self, ranges: usize) -> Vec<Self> {
        let (whole, also) = (self.whole.parts(ranges), self.also.parts(ranges));
        let count = whole.len().max(also.len()).max(1);
        let part = |of: &[Places], number| of.get(number).cloned().unwrap_or_default();
        (0..count).map(|number| Self { whole: part(&whole, number), also: part(&also, number) }).collect()
    }
}

impl fmt::Display for LetGo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole.fmt(f)?;
        if self.also.is_empty() { Ok(()) } else { write!(f, ";{}", self.also) }
    }
}

impl FromStr for LetGo {
    type Err = NotPlaces;

    fn from_str(text: &str) -> Result<Self, NotPlaces> {
        let (whole, also) = text.split_once(';').unwrap_or((text, ""));
        let all = Self { whole: whole.parse()?, also: also.parse()? };
        if all.to_string() == text { Ok(all) } else { Err(NotPlaces) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn they_are_written_in_one_way() {
        for text in ["", "1", "1,5-9", "1,5-9;12", ";3-4", "2-3,5"] {
            assert_eq!(text.parse::<LetGo>().unwrap().to_string(), text);
        }
        for wrong in [
            "0",
            "-1",
            "1,",
            ",1",
            "1,2",
            "2,1",
            "1-1",
            "3-1",
            "1-",
            "01",
            "+1",
            "1 ",
            "1;",
            ";",
            "1;2;3",
            "x",
            "1-2,3",
            "9223372036854775807",
            "1-9223372036854775807",
            "99999999999999999999",
        ] {
            assert_eq!(wrong.parse::<LetGo>(), Err(NotPlaces), "{wrong}");
        }
    }

    #[test]
    fn many_are_told_in_parts() {
        let all = LetGo { whole: (1..=9).step_by(2).collect(), also: [20, 22].into_iter().collect() };
        let parts: Vec<_> = all.parts(2).iter().map(ToString::to_string).collect();
        assert_eq!(parts, ["1,3;20,22", "5,7", "9"]);
        assert_eq!(LetGo::default().parts(2), [LetGo::default()]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn they_are_a_set(there: BTreeSet<u8>, others: BTreeSet<u8>) {
            let of = |set: &BTreeSet<u8>| -> Places { set.iter().map(|seq| i64::from(*seq) + 1).collect() };
            let (mut all, taken) = (of(&there), of(&others));
            prop_assert_eq!(all.count(), i64::try_from(there.len()).unwrap());
            prop_assert_eq!(all.to_string().parse::<Places>().unwrap(), all.clone());
            let missing = all.take(&taken);
            prop_assert_eq!(missing, i64::try_from(others.difference(&there).count()).unwrap());
            let left: Places = there.difference(&others).map(|seq| i64::from(*seq) + 1).collect();
            let seqs = |of: &Places| of.ranges().flat_map(|(from, to)| from..=to).collect::<Vec<_>>();
            prop_assert_eq!(seqs(&all), seqs(&left));
        }
    }
}
