//! Calls in place of others: Replaces (RFC 3891).
//!
//! Whoever names a call's Call-ID and both tags was a party of it, was told by one, or is the
//! server that carried it; nothing else is asked for (RFC 3891 §3 leaves that to policy, and a
//! browser's only way to authenticate a caller is its server). Such a call is taken without
//! ringing, since the person is in a call with that party already; what was muted or on hold stays
//! so. The old call ends when the new one is up, with cause `replaced`.

use crate::api::CallId;
use crate::context::Context;
use crate::error::ApiMisuse;
use crate::sip::{Replaces, Uri};
use crate::text;

use super::transfer::Destination;
use super::{Call, Sound, State, info};

/// The call that another one takes further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Continues {
    pub(crate) call: CallId,
    pub(super) how: How,
    /// Whoever was not to be heard is not heard now.
    sound: Sound,
}

/// See [`Continues`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Its far side asked for the new one (RFC 3515).
    Referred,
    /// The new one came in its place.
    Replaced,
}

impl Call {
    /// How a call is made that takes this one's place at its far side: a Refer-To with Replaces
    /// (RFC 5589 §7).
    ///
    /// # Errors
    ///
    /// [`ApiMisuse::NotConnected`].
    pub(crate) fn hand_over(&mut self) -> Result<Destination, ApiMisuse> {
        let State::Up(up) = &self.state else { return Err(ApiMisuse::NotConnected(self.id)) };
        if !up.is_talking() {
            return Err(ApiMisuse::NotConnected(self.id));
        }
        let place = place(up.dialog.target(), up.dialog.remote());
        let replaces = info::escape(&up.dialog.replaces());
        let refer_to = ["<", place, "?Replaces=", &replaces, ">"].concat();
        self.is_handed_over = true;
        Ok(Destination { target: self.number.clone(), refer_to, other: Some(self.id) })
    }

    /// The status for somebody who wants to replace this call and may not (RFC 3891 §3).
    pub(crate) const fn why_not_replaced(&self, replaces: &Replaces) -> Option<u16> {
        match &self.state {
            State::Up(_) if replaces.early_only => Some(486),
            State::Up(_) | State::Calling(_) => None,
            State::Leaving(_) | State::Gone => Some(603),
            // Early dialogs that the other side began are not replaced.
            State::Incoming(_) | State::Preparing { .. } => Some(481),
        }
    }

    /// Whether this call is about to take that one's place.
    pub(crate) fn replaces(&self, call: CallId) -> bool {
        let is_in_place = |it: Continues| it.how == How::Replaced && it.call == call;
        !self.is_ended() && self.continues.is_some_and(is_in_place)
    }

    /// What a call is that takes this one further.
    pub(crate) const fn continued(&self, how: How) -> Continues {
        Continues { call: self.id, how, sound: self.sound }
    }

    /// Takes over what the person did in the call that this one takes further. The page was told
    /// of this one.
    pub(super) fn take_over(&mut self, ctx: &mut Context<'_>) {
        let Some(Continues { sound, .. }) = self.continues else { return };
        self.sound = sound;
        if sound.muted {
            self.mute(ctx, true);
        }
    }
}

/// Where the far side of a dialog can be called by somebody else. The Contact of a browser leads
/// nowhere but through its own server, so that the address of record is better, unless the Contact
/// is a GRUU (RFC 5627) or there is no such address.
fn place<'a>(contact: &'a str, remote: &'a str) -> &'a str {
    // A URI has no `<`, a display name may.
    let aor = match text::cut_last(remote, b'<') {
        Some((_, rest)) => text::before(rest, b">?"),
        None => text::before(remote, b";?"),
    };
    let is_gruu = Uri::parse(contact).is_ok_and(|uri| uri.param("gr").is_some());
    let is_reachable = Uri::parse(aor)
        .is_ok_and(|uri| uri.is_sip() && uri.user().is_some() && !uri.host().ends_with(".invalid"));
    if is_reachable && !is_gruu { aor } else { text::before(contact, b"?") }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn somebody_else_is_sent_to_the_address_of_record_where_there_is_one() {
        let browser = "sip:bob@x9f.invalid;transport=ws";
        for (contact, remote, expected) in [
            (browser, "\"Bob <b>\" <sip:bob@example.com>;tag=7", "sip:bob@example.com"),
            (browser, "sip:bob@example.com;tag=7", "sip:bob@example.com"),
            (browser, "<sip:bob@example.com?subject=x>", "sip:bob@example.com"),
            (
                "sip:bob@example.com;gr=urn:x",
                "<sip:bob@example.com>",
                "sip:bob@example.com;gr=urn:x",
            ),
            ("sip:7@192.0.2.1", "<sip:anonymous@anonymous.invalid>;tag=7", "sip:7@192.0.2.1"),
            ("sip:7@192.0.2.1?a=b", "<tel:+34600>;tag=7", "sip:7@192.0.2.1"),
        ] {
            assert_eq!(place(contact, remote), expected, "{remote}");
        }
    }
}
