//! What a page adds to the message that answers or ends a call.

use crate::api::{Command, Words};
use crate::auth::push_quoted;
use crate::error::ApiMisuse;
use crate::sip::{Headers, printable};

use super::draft::check_headers;

impl Words {
    /// Whether they may go with this command.
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::BadHeader`].
    pub(super) fn check(&self, command: &Command) -> Result<(), ApiMisuse> {
        // A refusal may send the call elsewhere.
        let is_elsewhere = matches!(command, Command::Reject(_, 300..=399));
        check_headers(&self.headers, is_elsewhere.then_some("Contact"))?;
        match &self.reason {
            Some(reason) if !printable(reason) => Err(ApiMisuse::BadHeader("Reason".to_owned())),
            _ => Ok(()),
        }
    }

    /// Puts the page's headers behind those of the stack.
    pub(super) fn push_to(&self, headers: &mut Headers) {
        for (name, value) in &self.headers {
            headers.push(name, value);
        }
    }

    /// The value of a Reason header: a person cleared the call (RFC 3326, ITU-T Q.850).
    pub(super) fn reason_header(&self) -> Option<String> {
        let mut value = String::from("Q.850;cause=16;text=");
        push_quoted(&mut value, self.reason.as_ref()?);
        Some(value)
    }
}
