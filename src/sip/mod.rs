//! The SIP language, RFC 3261 §7, §19 and §25: what is on the wire, without state or time.
//!
//! [`Message`] borrows a frame and reads a header only when asked for it; [`Request`] and
//! [`Response`] are owned and are written with [`Request::to_bytes`]. What may be tolerated is
//! read; what cannot be used is a [`ParseError`] that names the header and the byte.
//!
//! Left out: stream framing (a WebSocket message is one SIP message, RFC 7118 §5) and the
//! grammar of headers that no phone acts on.

mod build;
mod challenge;
mod check;
pub mod digest;
mod error;
mod header;
mod message;
mod method;
mod name_addr;
mod parse;
mod reply;
mod scan;
mod target;
mod typed;
mod uri;
mod via;

pub use build::{Headers, Request, Response, Unprintable, printable, standard_reason};
pub use challenge::Challenge;
pub use error::{ParseError, ParseErrorKind};
pub use header::{CSeq, Item, RAck, Refresher, Replaces, SessionExpires};
pub use message::Message;
pub(crate) use message::long_name;
pub use method::Method;
pub use name_addr::NameAddr;
pub use parse::is_keep_alive;
pub use reply::Reply;
pub use target::{number_of, target_uri};
pub use uri::{Uri, unescape};
pub use via::Via;

/// The longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;
/// The longest start line with all headers, in bytes.
pub const MAX_HEAD: usize = 64 * 1024;
/// The most header lines that are read.
pub const MAX_HEADERS: usize = 1000;
