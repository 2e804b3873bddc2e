//! Who may come in, and how often: requests by rate, connections and WebSockets by number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use tokio::sync::watch;

use crate::settings::Limits;

/// Counts what every address takes.
pub(crate) struct Door {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    connections: Room,
    sockets: Room,
}

/// So many places in all, and so many for one address.
struct Room {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
    most_per_address: usize,
    /// Whoever has a place holds a receiver, so that it is known when all have left.
    inside: watch::Sender<()>,
}

/// A place, given back when dropped.
pub(crate) struct Place {
    address: IpAddr,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _inside: watch::Receiver<()>,
}

impl Door {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            requests: RateLimiter::keyed(quota(limits.requests_per_second, limits.request_burst)),
            connections: Room::new(limits.connections, limits.connections_per_address),
            sockets: Room::new(limits.sockets, limits.sockets_per_address),
        }
    }

    /// Takes one request. Otherwise says how long to wait, in whole seconds.
    pub(crate) fn request(&self, address: IpAddr) -> Result<(), u64> {
        self.requests.check_key(&address).map_err(|until| {
            self.requests.retain_recent();
            seconds_until(&until)
        })
    }

    /// Takes a place for a TCP connection, if there is one.
    pub(super) fn connection(&self, address: IpAddr) -> Option<Place> {
        self.connections.enter(address)
    }

    /// Takes a place for a WebSocket, if there is one.
    pub(super) fn socket(&self, address: IpAddr) -> Option<Place> {
        self.sockets.enter(address)
    }

    /// Waits until every connection and every WebSocket is closed.
    pub(crate) async fn all_left(&self) {
        self.connections.inside.closed().await;
        self.sockets.inside.closed().await;
    }
}

impl Room {
    fn new(most: usize, most_per_address: usize) -> Self {
        Self { taken: Arc::default(), most, most_per_address, inside: watch::Sender::new(()) }
    }

    fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.get(&address).copied().unwrap_or_default();
        if all >= self.most || own >= self.most_per_address {
            return None;
        }
        taken.insert(address, own + 1);
        drop(taken);
        let taken = self.taken.clone();
        Some(Place { address, taken, _inside: self.inside.subscribe() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            taken.remove(&self.address);
        } else {
            taken.insert(self.address, left);
        }
    }
}

/// So many a second, so many at once; zero is read as one.
pub(crate) fn quota(per_second: u32, burst: u32) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst))
}

/// How long to wait, in whole seconds.
pub(super) fn seconds_until(until: &NotUntil<<DefaultClock as Clock>::Instant>) -> u64 {
    until.wait_time_from(DefaultClock::default().now()).as_secs() + 1
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
        assert!(door.connection(addresses[2]).is_some(), "another room");
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
