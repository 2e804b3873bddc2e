//! The driver: turns what a browser tells into [`Input`](crate::Input), and
//! [`Output`](crate::Output) into what a browser does. It knows no SIP.
//!
//! One wasm class crosses to JavaScript, [`exports::Core`]. Commands come in as plain objects
//! ([`commands`]), events go out as plain objects. Everything asynchronous is a callback that
//! feeds an input; nothing waits, and no executor of futures is shipped.

#[cfg(feature = "bench")]
mod bench;
mod commands;
mod connection;
mod credential;
mod devices;
mod driver;
mod exports;
mod listening;
mod page;
mod peer;
mod promise;
mod shape;
mod socket;
mod timer;
mod tones;
mod writer;

pub use exports::Core;

/// std's takes 2 KB more of what a visitor downloads.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
