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
    let mut held = Vec::new();
    let mut random = rand::thread_rng();
    for _ in 0..TRIES {
        if held.len() == count {
            break;
        }
        // All are held until the end, so that none comes twice.
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, random.gen_range(RANGE))) {
            held.push(listener);
        }
    }
    if held.len() < count {
        return Err(std::io::Error::other("there are not enough free ports"));
    }
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn they_are_free_and_different() {
        let ports = free(20).unwrap();
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 20);
        for port in ports {
            assert!(RANGE.contains(&port));
            drop(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
        }
    }
}
