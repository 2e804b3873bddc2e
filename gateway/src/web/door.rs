//! Who may come in, and how often: requests by rate, WebSockets by number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::watch;

use crate::settings::Limits;

/// Counts what every address takes.
pub(crate) struct Door {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    sockets: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
    most_per_address: usize,
    /// Whoever has a place holds a receiver, so that it is known when all have left.
    inside: watch::Sender<()>,
}

/// A place for one WebSocket, given back when dropped.
pub(crate) struct Place {
    address: IpAddr,
    sockets: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _inside: watch::Receiver<()>,
}

impl Door {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            requests: RateLimiter::keyed(quota(limits.requests_per_second, limits.request_burst)),
            sockets: Arc::default(),
            most: limits.sockets,
            most_per_address: limits.sockets_per_address,
            inside: watch::Sender::new(()),
        }
    }

    /// Takes one request. Otherwise says how long to wait, in whole seconds.
    pub(crate) fn request(&self, address: IpAddr) -> Result<(), u64> {
        self.requests.check_key(&address).map_err(|until| {
            self.requests.retain_recent();
            until.wait_time_from(DefaultClock::default().now()).as_secs() + 1
        })
    }

    /// Takes a place for a WebSocket, if there is one.
    pub(crate) fn socket(&self, address: IpAddr) -> Option<Place> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = sockets.values().sum();
        let own = sockets.entry(address).or_default();
        if all >= self.most || *own >= self.most_per_address {
            return None;
        }
        *own += 1;
        let sockets = self.sockets.clone();
        Some(Place { address, sockets, _inside: self.inside.subscribe() })
    }

    /// Waits until every WebSocket is closed.
    pub(crate) async fn all_left(&self) {
        self.inside.closed().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = sockets.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                sockets.remove(&self.address);
            }
        }
    }
}

/// So many a second, so many at once; zero is read as one.
pub(crate) fn quota(per_second: u32, burst: u32) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_when_its_socket_is_gone() {
        let door = Door::new(&Limits { sockets_per_address: 1, sockets: 2, ..Limits::default() });
        let addresses = [1, 2, 3].map(|last| IpAddr::from([10, 0, 0, last]));
        let first = door.socket(addresses[0]);
        assert!(first.is_some() && door.socket(addresses[0]).is_none());
        let second = door.socket(addresses[1]);
        assert!(second.is_some() && door.socket(addresses[2]).is_none(), "two in all");
        drop(first);
        assert!(door.socket(addresses[0]).is_some());
    }

    #[test]
    fn the_request_past_the_burst_waits() {
        let limits = Limits { requests_per_second: 1, request_burst: 2, ..Limits::default() };
        let door = Door::new(&limits);
        let address = IpAddr::from([10, 0, 0, 1]);
        assert!(door.request(address).is_ok() && door.request(address).is_ok());
        assert_eq!(door.request(address), Err(1));
        assert!(door.request(IpAddr::from([10, 0, 0, 2])).is_ok());
    }
}
