//! An `RTCPeerConnection` that carries out the core's requests one after the other.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::{Array, Promise};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Event, EventTarget, MediaStream, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcSdpType,
    RtcSessionDescriptionInit, RtcTrackEvent,
};

use super::connection;
use super::devices::{self, stop, tracks};
use super::driver::Driver;
use super::listening::{Listening, Names};
use super::promise::{self, Settled, settled};
use crate::api::CallId;
use crate::media::{IceServer, MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};

/// A peer connection and the sound that goes through it.
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) call: CallId,
    driver: Weak<Driver>,
    pub(super) connection: RtcPeerConnection,
    /// What is asked and not yet begun.
    queue: RefCell<VecDeque<(Ticket, MediaRequest)>>,
    state: Cell<State>,
    /// One that changes a session is set with its answer: rollbacks leave tracks mute in Chromium.
    offer: RefCell<Option<String>>,
    restarts: Cell<bool>, // ICE, and no answer has come yet
    path: Cell<Path>,
    local: RefCell<Option<MediaStream>>,
    remote: RefCell<Option<MediaStream>>,
    /// The digit that is being played.
    pub(super) digit: Cell<Option<char>>,
    pub(super) tones: RefCell<Option<Listening>>,
    listening: RefCell<Vec<Listening>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A promise of the browser is awaited.
    Busy,
    Closed,
}

/// The last that was told of the media path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    New,
    Up,
    Silent,
    Gone,
}

/// What follows a promise of the browser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The microphone is taken.
    Microphone,
    /// The remote offer is set: an answer is made.
    Answer,
    /// The offer is made: it is told.
    Offer,
    /// The local description is set: it is told.
    Describe,
    Done,
}

impl Peer {
    /// Makes the connection; the microphone comes with [`MediaRequest::Open`] itself.
    ///
    /// # Errors
    ///
    /// Why this page cannot have one.
    pub(super) fn new(
        id: PeerId,
        call: CallId,
        servers: &[IceServer],
        relay_only: bool,
        driver: &Rc<Driver>,
    ) -> Result<Rc<Self>, MediaFailure> {
        devices::check(&driver.window)?;
        let connection =
            connection::open(servers, relay_only).map_err(|thrown| refused(&thrown))?;
        let peer = Rc::new(Self {
            id,
            call,
            driver: Rc::downgrade(driver),
            connection,
            queue: RefCell::default(),
            state: Cell::new(State::Idle),
            offer: RefCell::default(),
            restarts: Cell::new(false),
            path: Cell::new(Path::New),
            local: RefCell::default(),
            remote: RefCell::default(),
            digit: Cell::new(None),
            tones: RefCell::default(),
            listening: RefCell::default(),
        });
        peer.listen_to(&peer.connection, CONNECTION_EVENTS);
        Ok(peer)
    }

    /// Begins the first request: the tracks of another peer, or the microphone.
    pub(super) fn open(self: &Rc<Self>, ticket: Ticket, taken_over: Option<MediaStream>) {
        self.state.set(State::Busy);
        match taken_over {
            Some(stream) => self.on_settled(ticket, Next::Microphone, Ok(stream.into())),
            None => match self.driver.upgrade().map(|driver| devices::microphone(&driver.window)) {
                Some(Ok(promise)) => self.await_then(&promise, ticket, Next::Microphone),
                Some(Err(failure)) => self.reply(ticket, MediaReply::Failed(failure)),
                None => {}
            },
        }
    }

    /// Carries a request out as soon as those before it are answered.
    pub(super) fn ask(self: &Rc<Self>, ticket: Ticket, request: MediaRequest) {
        self.queue.borrow_mut().push_back((ticket, request));
        self.begin_next();
    }

    /// Gives the local tracks away, so that closing does not stop them.
    pub(super) fn give_local(&self) -> Option<MediaStream> {
        self.local.take()
    }

    /// What this side sends.
    pub(super) fn local(&self) -> Option<MediaStream> {
        self.local.borrow().clone()
    }

    /// What the far side sends.
    pub(super) fn remote(&self) -> Option<MediaStream> {
        self.remote.borrow().clone()
    }

    /// Stops the tracks and closes, at once. Nothing is told or answered afterwards.
    pub(super) fn close(&self) {
        self.state.set(State::Closed);
        self.queue.borrow_mut().clear();
        self.listening.take();
        self.tones.take();
        stop(self.local.take().as_ref());
        self.remote.take();
        self.connection.close();
    }

    fn begin_next(self: &Rc<Self>) {
        if self.state.get() != State::Idle {
            return;
        }
        let Some((ticket, request)) = self.take_next() else { return };
        self.state.set(State::Busy);
        match request {
            MediaRequest::Offer { ice_restart } => {
                if ice_restart {
                    self.restarts.set(true);
                    connection::restart_ice(&self.connection);
                }
                if self.restarts.get() || self.connection.remote_description().is_none() {
                    let described = connection::describe_itself(&self.connection);
                    self.await_then(&described, ticket, Next::Describe);
                } else {
                    self.await_then(&self.connection.create_offer(), ticket, Next::Offer);
                }
            }
            MediaRequest::Answer { sdp } => self.set_remote(RtcSdpType::Offer, &sdp, ticket),
            MediaRequest::Apply { sdp } => {
                if let Some(offer) = self.offer.take() {
                    connection::set_own_offer(&self.connection, &offer);
                }
                self.restarts.set(false);
                self.set_remote(RtcSdpType::Answer, &sdp, ticket);
            }
            MediaRequest::Rollback if self.offer.take().is_some() => {
                self.reply(ticket, MediaReply::Done);
            }
            MediaRequest::Rollback => {
                let back = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
                let promise = self.connection.set_local_description(&back);
                self.await_then(promise.unchecked_ref(), ticket, Next::Done);
            }
            MediaRequest::Direction { receive } => {
                connection::set_direction(&self.connection, receive);
                self.reply(ticket, MediaReply::Done);
            }
            MediaRequest::Mute(muted) => {
                for track in tracks(self.local.borrow().as_ref()) {
                    track.set_enabled(!muted);
                }
                self.reply(ticket, MediaReply::Done);
            }
            MediaRequest::Digits { digits, tone_ms, gap_ms } => {
                let outcome = self.play(&digits, tone_ms, gap_ms);
                self.reply(ticket, outcome.map_or_else(MediaReply::Failed, |()| MediaReply::Done));
            }
            // The driver does these two itself.
            MediaRequest::Open { .. } | MediaRequest::Close => self.state.set(State::Idle),
        }
    }

    /// Apart, so that the borrow ends here.
    fn take_next(&self) -> Option<(Ticket, MediaRequest)> {
        self.queue.borrow_mut().pop_front()
    }

    fn set_remote(self: &Rc<Self>, kind: RtcSdpType, sdp: &str, ticket: Ticket) {
        let next = if kind == RtcSdpType::Offer { Next::Answer } else { Next::Done };
        let description = RtcSessionDescriptionInit::new(kind);
        let what = if kind == RtcSdpType::Offer { "remote offer" } else { "remote answer" };
        description.set_sdp(&self.edited(sdp.to_owned(), what));
        let promise = self.connection.set_remote_description(&description);
        self.await_then(promise.unchecked_ref(), ticket, next);
    }

    /// Without keeping the peer: a promise of a closed connection may never settle, and would keep
    /// the connection with it.
    fn await_then(self: &Rc<Self>, promise: &Promise, ticket: Ticket, next: Next) {
        let peer = Rc::downgrade(self);
        settled(
            promise,
            Box::new(move |outcome| match peer.upgrade() {
                Some(peer) if peer.state.get() != State::Closed => {
                    peer.on_settled(ticket, next, outcome);
                }
                _ => too_late(next, outcome),
            }),
        );
    }

    fn on_settled(self: &Rc<Self>, ticket: Ticket, next: Next, outcome: Settled) {
        let reply = match (next, outcome) {
            (Next::Microphone, Ok(stream)) => self.add_tracks(stream.unchecked_into()),
            (Next::Microphone, Err(thrown)) => MediaReply::Failed(self.microphone_failure(&thrown)),
            (Next::Answer, Ok(_)) => {
                return self.await_then(
                    &connection::describe_itself(&self.connection),
                    ticket,
                    Next::Describe,
                );
            }
            (Next::Offer, Ok(offer)) => {
                let sdp = promise::text(&offer, "sdp").unwrap_or_default();
                self.offer.replace(Some(sdp.clone()));
                MediaReply::Sdp(sdp)
            }
            (Next::Describe, Ok(_)) => self.describe(),
            (Next::Done, Ok(_)) => MediaReply::Done,
            (_, Err(thrown)) => {
                connection::abandon_offer(&self.connection);
                MediaReply::Failed(refused(&thrown))
            }
        };
        self.reply(ticket, reply);
    }

    fn reply(self: &Rc<Self>, ticket: Ticket, reply: MediaReply) {
        self.state.set(State::Idle);
        if let Some(driver) = self.driver.upgrade() {
            driver.on_media(self.id, ticket, reply);
        }
        self.begin_next();
    }

    fn add_tracks(self: &Rc<Self>, stream: MediaStream) -> MediaReply {
        for track in tracks(Some(&stream)) {
            self.connection.add_track(&track, &stream, &Array::new());
            self.listen_to(&track, &["ended"]);
        }
        self.local.replace(Some(stream));
        MediaReply::Done
    }

    fn describe(&self) -> MediaReply {
        self.connection.local_description().map_or_else(
            || MediaReply::Failed(MediaFailure::Refused(String::new())),
            |description| {
                let is_offer = description.type_() == RtcSdpType::Offer;
                let what = if is_offer { "local offer" } else { "local answer" };
                MediaReply::Sdp(self.edited(description.sdp(), what))
            },
        )
    }

    fn edited(&self, sdp: String, what: &str) -> String {
        match self.driver.upgrade() {
            Some(driver) => driver.edited(self.call, sdp, what),
            None => sdp,
        }
    }

    fn microphone_failure(&self, thrown: &JsValue) -> MediaFailure {
        match self.driver.upgrade() {
            Some(driver) => devices::failure(&driver.window, thrown),
            None => refused(thrown),
        }
    }

    fn listen_to(self: &Rc<Self>, target: &EventTarget, names: Names) {
        let listening = self.listening_to(target, names);
        self.listening.borrow_mut().push(listening);
    }

    pub(super) fn listening_to(self: &Rc<Self>, target: &EventTarget, names: Names) -> Listening {
        let peer = Rc::downgrade(self);
        let listener = move |event: Event| {
            if let Some(peer) = peer.upgrade() {
                peer.on_event(&event);
            }
        };
        Listening::to(target, names, Box::new(listener))
    }

    fn on_event(&self, event: &Event) {
        match event.type_().as_str() {
            "icecandidate" => self.on_candidate(event.unchecked_ref()),
            "track" => self.on_track(event.unchecked_ref()),
            "tonechange" => self.on_tone(event.unchecked_ref()),
            "ended" => self.tell(MediaEvent::MicrophoneLost),
            _ => self.on_state(),
        }
    }

    fn on_candidate(&self, event: &RtcPeerConnectionIceEvent) {
        match event.candidate() {
            None => self.tell(MediaEvent::GatheringDone),
            // An empty one ends a generation in Firefox; the null one follows.
            Some(candidate) if candidate.candidate().is_empty() => {}
            Some(candidate) => self.tell(MediaEvent::Candidate {
                mid: candidate.sdp_mid().unwrap_or_default(),
                line: candidate.candidate(),
            }),
        }
    }

    /// A stream of its own: if a later answer changes the msid, Chromium empties `streams[0]`.
    fn on_track(&self, event: &RtcTrackEvent) {
        let track = event.track();
        if track.kind() != "audio" {
            // The answer refuses it or says inactive, as browsers differ: nobody would see it.
            return event.transceiver().stop();
        }
        if let Ok(stream) = MediaStream::new_with_tracks(&Array::of1(&track)) {
            self.remote.replace(Some(stream));
            self.tell(MediaEvent::Track);
        }
    }

    fn on_state(&self) {
        // As text, which is small. Chromium tells of silence by the second of the two first.
        let state = |name| promise::text(&self.connection, name).unwrap_or_default();
        let (whole, ice) = (state("connectionState"), state("iceConnectionState"));
        let either = |name| whole == name || ice == name;
        let (path, event) = if either("failed") {
            (Path::Gone, MediaEvent::Failed)
        } else if either("disconnected") {
            (Path::Silent, MediaEvent::Disconnected)
        } else if whole == "connected" {
            (Path::Up, MediaEvent::Connected)
        } else {
            return;
        };
        if self.path.replace(path) != path {
            self.tell(event);
        }
    }

    pub(super) fn tell(&self, event: MediaEvent) {
        if let Some(driver) = self.driver.upgrade() {
            driver.on_media_event(self.id, event);
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.close();
    }
}

const CONNECTION_EVENTS: Names =
    &["icecandidate", "track", "connectionstatechange", "iceconnectionstatechange"];

/// The call ended while the person was asked for the microphone.
fn too_late(next: Next, outcome: Settled) {
    if let (Next::Microphone, Ok(stream)) = (next, outcome) {
        stop(Some(stream.unchecked_ref()));
    }
}

fn refused(thrown: &JsValue) -> MediaFailure {
    MediaFailure::Refused(promise::words(thrown))
}
