//! Free ports for servers that cannot be told to take any.

use std::net::{Ipv4Addr, TcpListener};

use rand::Rng;

/// Below the ports that Linux gives to outgoing connections, which could take one between our look and its use.
const RANGE: std::ops::Range<u16> = 16384..32768;
/// How many ports are tried.
const TRIES: u32 = 1000;

/// So many different ports of 127.0.0.1 at which nobody listens now. Somebody else can still be faster: whoever uses
/// them must be ready to ask for others.
pub(crate) fn free(count: usize) -> std::io::Result<Vec<u16>> {
    hold(count)?.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// Takes so many of them.
fn hold(count: usize) -> std::io::Result<Vec<TcpListener>> {
    let mut held = Vec::new();
    let mut random = rand::thread_rng();
    for _ in 0..TRIES {
        if held.len() == count {
            break;
        }
        // None is let go before all are there, so that none comes twice.
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, random.gen_range(RANGE))) {
            held.push(listener);
        }
    }
    if held.len() < count {
        return Err(std::io::Error::other("there are not enough free ports"));
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ports(held: &[TcpListener]) -> HashSet<u16> {
        held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
    }

    #[test]
    fn they_are_different_and_nobody_elses() {
        // Held: what is let go can be somebody else's before this test looks at it.
        let first = hold(20).unwrap();
        let second = hold(20).unwrap();
        assert_eq!((ports(&first).len(), ports(&second).len()), (20, 20));
        assert!(ports(&first).is_disjoint(&ports(&second)));
        assert!(ports(&first).iter().chain(&ports(&second)).all(|port| RANGE.contains(port)));
    }

    #[test]
    fn so_many_are_given_as_are_wanted() {
        assert_eq!(free(3).unwrap().len(), 3);
    }
}
