//! The gateway from outside: the switch on a virtual clock, and the whole program over real
//! HTTP, WebSockets and media.

#![expect(clippy::unwrap_used, reason = "a test may stop where it cannot go on")]
#![expect(clippy::format_push_string, reason = "scripts are read more often than they run")]
#![expect(clippy::large_futures, reason = "each test has a stack of its own")]
#![expect(clippy::cast_precision_loss, reason = "samples are few and small")]
#![expect(clippy::suboptimal_flops, reason = "the formula as it stands in books")]

mod phone;
mod server;
mod stage;

mod credentials;
mod events;
mod forks;
mod garbage;
mod http;
mod media;
mod one_time;
mod orphans;
mod registrar;
mod sdk;
mod services;
mod sockets;
mod transfers;
