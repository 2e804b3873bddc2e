//! The gateway from outside: the switch on a virtual clock, and the whole program over real
//! HTTP, WebSockets and media.

#![expect(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]

mod phone;
mod server;
mod stage;

mod credentials;
mod forks;
mod garbage;
mod http;
mod media;
mod orphans;
mod registrar;
mod services;
mod sockets;
