//! Who gets how much.

/// What one of several asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// With less it cannot be.
    pub(crate) least: u64,
    /// With more it does nothing.
    pub(crate) most: u64,
    /// Its part, against those of the others, of what there is between.
    pub(crate) weight: u64,
}

/// Divides `total` fairly: each gets its weight of a level that is the same for all, but no less than its least and no more than its
/// most. So whoever needs little keeps what it has, and leaves the rest to the others. Nothing if not even the least is there.
pub(crate) fn divide(total: u64, demands: &[Demand]) -> Option<Vec<u64>> {
    let shares = |level: u64| -> Vec<u64> {
        let share = |demand: &Demand| {
            level.saturating_mul(demand.weight).clamp(demand.least, demand.most.max(demand.least))
        };
        demands.iter().map(share).collect()
    };
    let fits = |level: u64| shares(level).into_iter().fold(0_u64, u64::saturating_add) <= total;
    if !fits(0) {
        return None;
    }
    // The highest level that fits. Nobody gets more than all at a weight of one.
    let (mut low, mut high) = (0, total);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    Some(shares(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(least: u64, most: u64, weight: u64) -> Demand {
        Demand { least, most, weight }
    }

    #[test]
    fn the_small_keep_what_they_have() {
        let demands = [demand(10, 100, 1), demand(10, 5000, 3), demand(10, 5000, 3)];
        assert_eq!(divide(1100, &demands), Some(vec![100, 498, 498]));
        assert_eq!(divide(20_000, &demands), Some(vec![100, 5000, 5000]));
    }

    #[test]
    fn documents_get_more_than_faces_and_everybody_the_least() {
        assert_eq!(
            divide(700, &[demand(10, 900, 1), demand(10, 900, 3), demand(10, 900, 3)]),
            Some(vec![100, 300, 300])
        );
        assert_eq!(divide(700, &[demand(400, 900, 1), demand(10, 900, 3)]), Some(vec![400, 300]));
        assert_eq!(divide(700, &[demand(400, 900, 1), demand(301, 900, 3)]), None);
        assert_eq!(divide(5, &[]), Some(vec![]));
    }
}
