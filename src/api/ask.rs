//! What a page says of a request beyond calls.

/// A request beyond calls. What its method has no use for is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// What is asked.
    pub method: AskMethod,
    /// What people type, a user name, or a `sip:`, `sips:` or `tel:` URI. With SUBSCRIBE and
    /// PUBLISH nothing means the account's own address.
    pub target: String,
    /// The event package of SUBSCRIBE and PUBLISH, with parameters if need be.
    pub event: String,
    /// SUBSCRIBE: the MIME types that may come; those of the package unless told.
    pub accept: Option<String>,
    /// Wished lifetime of a subscription or publication, in seconds. A subscription of zero
    /// seconds asks for the state once (RFC 6665 §4.4.3).
    pub expires: Option<u32>,
    /// Further headers; those that the stack owns are refused.
    pub headers: Vec<(String, String)>,
    /// MIME type of the body, `text/plain` unless told.
    pub content_type: Option<String>,
    /// The body, UTF-8; with `open` the note for people.
    pub body: String,
    /// PUBLISH: the core writes a presence document (RFC 3863) that says so.
    pub open: Option<bool>,
}

/// See [`Ask::method`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AskMethod {
    /// RFC 3428
    #[default]
    Message,
    /// RFC 3261 §11
    Options,
    /// RFC 6665
    Subscribe,
    /// RFC 3903
    Publish,
}
