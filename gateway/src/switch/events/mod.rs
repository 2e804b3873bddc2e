//! What seats are told of each other: a small server of events (RFC 6665) for the presence of a
//! seat, its dialogs (busy lamps) and its waiting messages, and of publications of presence
//! (RFC 3903).
//!
//! Every document is full, and is sent when it is another than the one before. Who asks is a seat
//! that the gate let in; all seats of a gateway may watch each other, but publish for themselves.

mod documents;
mod published;

use std::time::Duration;

use cc_sdk::sip::{Message, Method, Request};
use cc_sdk::transaction::LostWhy;
use cc_sdk::{FlowId, Time};

use super::calls::{DialogId, Presence};
use super::signalling::{Arrival, Signalling, contact_uri};
use super::{Owner, Switch};
use crate::tokens::Grant;

pub(super) use self::documents::Sight;

use self::documents::Package;
use self::published::Published;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WatchId(u32);

/// Who watches what, and what seats say of themselves.
#[derive(Debug, Default)]
pub(super) struct Events {
    last: u32,
    watches: Vec<Watch>,
    published: Vec<Published>,
}

/// A subscription.
#[derive(Debug)]
struct Watch {
    id: WatchId,
    /// Whose state is told.
    seat: String,
    package: Package,
    /// Event as it was asked for, with its parameters.
    event: String,
    /// Who is told.
    watcher: String,
    flow: FlowId,
    dialog: DialogId,
    /// Whole values of From and To in our requests, without tags.
    addresses: (String, String),
    /// Where NOTIFYs go.
    contact: String,
    their_cseq: u32,
    our_cseq: u32,
    expires_at: Time,
    /// Counts documents.
    version: u32,
    /// What was told last.
    told: Option<String>,
}

impl Events {
    /// Whether a request within a dialog is for us.
    pub(super) fn owns(&self, id: &DialogId) -> bool {
        self.watches.iter().any(|watch| watch.dialog == *id)
    }

    /// The watcher of one of our subscriptions, and where it is.
    pub(super) fn watcher(&self, id: &DialogId) -> Option<(&str, Presence)> {
        let watch = self.watches.iter().find(|watch| watch.dialog == *id)?;
        Some((&watch.watcher, Presence::Here(watch.flow)))
    }

    pub(super) fn flow_lost(&mut self, flow: FlowId) {
        self.watches.retain(|watch| watch.flow != flow);
    }

    pub(super) fn next_timeout(&self) -> Option<Time> {
        let watches = self.watches.iter().map(|watch| watch.expires_at);
        watches.chain(self.published.iter().map(|published| published.expires_at)).min()
    }

    pub(super) fn on_timeout(&mut self, signalling: &mut Signalling) {
        let now = signalling.now;
        self.published.retain(|published| published.expires_at > now);
        for watch in &mut self.watches {
            if watch.expires_at <= now {
                watch.send(signalling, "terminated;reason=timeout", None);
            }
        }
        self.watches.retain(|watch| watch.expires_at > now);
    }

    /// A watcher does not know the subscription, or does not answer.
    pub(super) fn on_response(&mut self, id: WatchId, message: &Message<'_>) {
        if message.status().is_some_and(|status| status >= 300) {
            self.watches.retain(|watch| watch.id != id);
        }
    }

    pub(super) fn on_lost(&mut self, id: WatchId, why: LostWhy) {
        if why == LostWhy::Timeout {
            self.watches.retain(|watch| watch.id != id);
        }
    }

    fn on_flow(&self, flow: FlowId) -> usize {
        self.watches.iter().filter(|watch| watch.flow == flow).count()
    }
}

impl Switch {
    /// SUBSCRIBE and PUBLISH for a seat.
    pub(super) fn on_event_request(&mut self, arrival: Arrival<'_>, seat: &str, grant: &Grant) {
        let Arrival { server, message, .. } = arrival;
        let event = message.header("Event").unwrap_or_default();
        let is_publish = message.method() == Some(Method::Publish);
        let package = Package::named(&event);
        let package = package.filter(|package| !is_publish || *package == Package::Presence);
        let Some(package) = package else {
            let mut response = self.signalling.reply(message).response(489);
            let allowed = if is_publish { "presence" } else { Package::ALL };
            response.headers.push("Allow-Events", allowed);
            return self.signalling.respond(server, &response);
        };
        let expires = message.expires().ok().flatten().unwrap_or(MAX_SECONDS).min(MAX_SECONDS);
        if (1..MIN_SECONDS).contains(&expires) {
            let mut response = self.signalling.reply(message).response(423);
            response.headers.push("Min-Expires", MIN_SECONDS.to_string());
            return self.signalling.respond(server, &response);
        }
        // Whose messages wait is nobody else's business.
        let own_only = is_publish || package == Package::Messages;
        if own_only && seat != grant.seat {
            return self.signalling.refuse(arrival, 403);
        }
        if is_publish {
            self.events.publish(&mut self.signalling, arrival, seat, expires);
        } else {
            self.watch(arrival, seat, grant, package, expires);
        }
    }

    fn watch(
        &mut self,
        arrival: Arrival<'_>,
        seat: &str,
        grant: &Grant,
        package: Package,
        expires: u32,
    ) {
        let Arrival { flow, server, message } = arrival;
        let (Ok(from), Ok(to), Ok(cseq), Ok(call_id), Some(contact)) =
            (message.from(), message.to(), message.cseq(), message.call_id(), contact_uri(message))
        else {
            return self.signalling.refuse(arrival, 400);
        };
        if self.events.on_flow(flow) >= WATCHES_PER_FLOW {
            return self.signalling.refuse(arrival, 503);
        }
        let tag = self.signalling.ids.token();
        let mut reply = cc_sdk::sip::Reply::of(message);
        let mut response = reply.tag(&tag).response(200);
        let own = format!("<{}>", self.signalling.own_contact(seat));
        response.headers.push("Contact", own).push("Expires", expires.to_string());
        self.signalling.respond(server, &response);
        self.events.last = self.events.last.wrapping_add(1);
        self.events.watches.push(Watch {
            id: WatchId(self.events.last),
            seat: seat.to_owned(),
            package,
            event: message.header("Event").unwrap_or_default().into_owned(),
            watcher: grant.seat.clone(),
            flow,
            dialog: DialogId {
                call_id: call_id.into_owned(),
                from_tag: from.tag().unwrap_or_default().into_owned(),
                to_tag: tag,
            },
            addresses: (to.uri_text().to_owned(), from.uri_text().to_owned()),
            contact,
            their_cseq: cseq.number,
            our_cseq: 0,
            expires_at: self.signalling.now + Duration::from_secs(expires.into()),
            version: 0,
            told: None,
        });
        tracing::debug!(watcher = grant.seat, seat, event = package.name(), "watches");
        if expires == 0 {
            // The state is told once.
            self.tell_watchers();
            self.events.on_timeout(&mut self.signalling);
        }
    }

    /// A request inside a subscription: a refresh, or the end.
    pub(super) fn on_watch_request(&mut self, arrival: Arrival<'_>, id: &DialogId) {
        let Arrival { server, message, .. } = arrival;
        let Some(watch) = self.events.watches.iter_mut().find(|watch| watch.dialog == *id) else {
            return;
        };
        if message.method() != Some(Method::Subscribe) {
            return self.signalling.refuse(arrival, 405);
        }
        let number = message.cseq().map(|cseq| cseq.number).unwrap_or_default();
        if number <= watch.their_cseq {
            return self.signalling.refuse(arrival, 500);
        }
        watch.their_cseq = number;
        let expires = message.expires().ok().flatten().unwrap_or(MAX_SECONDS).min(MAX_SECONDS);
        if let Some(contact) = contact_uri(message) {
            watch.contact = contact;
        }
        watch.expires_at = self.signalling.now + Duration::from_secs(expires.into());
        // A refresh is answered with the whole state (RFC 6665 §4.2.1.2).
        watch.told = None;
        let mut response = self.signalling.reply(message).response(200);
        response.headers.push("Expires", expires.to_string());
        self.signalling.respond(server, &response);
        if expires == 0 {
            self.tell_watchers();
            self.events.on_timeout(&mut self.signalling);
        }
    }

    /// Sends every document that is another than before.
    pub(super) fn tell_watchers(&mut self) {
        let mut watches = std::mem::take(&mut self.events.watches);
        for watch in &mut watches {
            let document = self.document(watch);
            if watch.told.as_ref() != Some(&document) {
                let left = watch.expires_at.since(self.signalling.now).as_secs();
                watch.send(
                    &mut self.signalling,
                    &format!("active;expires={left}"),
                    Some(&document),
                );
                watch.told = Some(document);
            }
        }
        self.events.watches = watches;
    }

    /// What is to be told, but for the version.
    fn document(&self, watch: &Watch) -> String {
        let seat = watch.seat.as_str();
        let entity = format!("sip:{seat}@{}", self.gate.authority.domain);
        match watch.package {
            Package::Messages => documents::messages(&entity),
            Package::Dialogs => {
                let calls = self.calls.of_seat(seat).chain(self.services.of_seat(seat));
                documents::dialogs(&entity, calls)
            }
            Package::Presence => {
                let published = self.events.published.iter().find(|it| it.seat == seat);
                let is_here = !self.registrar.bindings(seat).is_empty();
                published
                    .map_or_else(|| documents::presence(&entity, is_here), |it| it.body.clone())
            }
        }
    }
}

impl Watch {
    fn send(&mut self, signalling: &mut Signalling, state: &str, document: Option<&str>) {
        self.our_cseq += 1;
        let mut notify = Request::new(Method::Notify, self.contact.as_str());
        let (us, them) = &self.addresses;
        let contact = format!("<{}>", signalling.own_contact(&self.seat));
        notify
            .headers
            .push("Max-Forwards", "70")
            .push("From", format!("<{us}>;tag={}", self.dialog.to_tag))
            .push("To", format!("<{them}>;tag={}", self.dialog.from_tag))
            .push("Call-ID", self.dialog.call_id.as_str())
            .push("CSeq", format!("{} NOTIFY", self.our_cseq))
            .push("Contact", contact)
            .push("Event", self.event.as_str())
            .push("Subscription-State", state);
        if let Some(document) = document {
            notify.headers.push("Content-Type", self.package.content_type());
            notify.body = document.replace(documents::VERSION, &self.version.to_string()).into();
            self.version += 1;
        }
        signalling.send(self.flow, notify, Owner::Watch(self.id));
    }
}

/// A call as a watcher sees it.
pub(super) fn sight(id: &str, is_caller: bool, is_up: bool, other: &str) -> Sight {
    Sight { id: id.to_owned(), is_caller, is_up, other: other.to_owned() }
}

const MIN_SECONDS: u32 = 60;
const MAX_SECONDS: u32 = 3600;
/// One page cannot make the gateway tell it of more than that.
const WATCHES_PER_FLOW: usize = 256;
