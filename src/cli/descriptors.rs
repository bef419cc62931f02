//! File descriptors: the operating system's limit on connections.

/// How many are kept for other things than connections of callers: databases, nodes, webhooks, files, health.
const OTHERS: usize = 256;

/// The fewest connections that are taken, whatever the limit.
const FEWEST: usize = 16;

/// Has the limit on open files raised to what so many connections need, and gives how many it allows.
///
/// Shells and service managers often leave it at 1024 though the system allows more (the soft and the hard limit); where
/// it is used up, nothing can be opened any more, the answer to a health check included.
#[cfg(unix)]
pub(super) fn fit(connections: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let wanted = u64::try_from(connections.saturating_add(OTHERS)).unwrap_or(u64::MAX);
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: Some(limit.maximum.map_or(wanted, |most| most.min(wanted))), ..limit };
    let has = match limit.current {
        Some(current) if current < wanted && setrlimit(Resource::Nofile, raised).is_ok() => raised.current,
        current => current,
    };
    let allowed = has.map_or(usize::MAX, |has| usize::try_from(has).unwrap_or(usize::MAX));
    let fits = allowed.saturating_sub(OTHERS).max(FEWEST).min(connections);
    if fits < connections {
        tracing::warn!(
            "The limit on open files allows {fits} connections, and http.max_connections is {connections}"
        );
    }
    fits
}

/// As many as are wanted.
#[cfg(not(unix))]
pub(super) fn fit(connections: usize) -> usize {
    connections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_wanted_or_as_are_allowed() {
        assert_eq!(fit(100), 100);
        assert!((FEWEST..usize::MAX).contains(&fit(usize::MAX)));
    }
}
