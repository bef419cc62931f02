//! `healthcheck`: does a running service live?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use url::Url;

use super::context::Context;
use super::{Outcome, output};
use crate::{config, outbound};

/// Less than what container engines give a health check.
const TIMEOUT: Duration = Duration::from_secs(4);

#[derive(Args)]
pub(super) struct Healthcheck {
    /// What to ask. Without it: /livez where this machine's service serves health, by --config,
    /// `IDOS_ISSUER_HTTP_HEALTH_LISTEN` or `IDOS_ISSUER_HTTP_LISTEN`; and if nobody listens there, where it serves the API.
    url: Option<Url>,
}

impl Healthcheck {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let urls = if let Some(url) = self.url {
            vec![url]
        } else {
            let http = match context.path() {
                Some(_) => context.config()?.http,
                None => config::Http::of_environment()?,
            };
            let url = |listen| format!("http://{}/livez", reachable(listen)).parse();
            vec![url(http.health())?, url(http.listen)?]
        };
        context.answer(async {
            let client = outbound::client(TIMEOUT)?;
            let mut lives = false;
            for url in urls {
                let answer = client.get(url).send().await;
                lives = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
                // One that listens and is silent is not alive, whatever another address says.
                if !answer.is_err_and(|error| error.is_connect()) {
                    break;
                }
            }
            output::line(if lives { "it lives" } else { "it does NOT answer as it should" });
            Ok(lives)
        })
    }
}

/// Where a service can be reached that listens at all addresses.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_reached_at_loopback() {
        for (listen, expected) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.1.2.3:80", "10.1.2.3:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), expected.parse().unwrap());
        }
    }
}
