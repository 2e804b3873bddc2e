//! The loop: one input, then all outputs, then the timer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use js_sys::{Function, JSON};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, Performance, VisibilityState, Window, console};

use super::credential::{self, Asked, Providers};
use super::listening::Listening;
use super::page;
use super::peer::Peer;
use super::socket::{Ear, Socket};
use super::timer::Timer;
use super::writer;
use crate::agent::{
    CredentialReply, CredentialRequest, FlowId, Input, LinkEvent, LinkRequest, Output, UserAgent,
};
use crate::api::{AccountId, CallId, CallState, Command, ProviderId, UaEvent};
use crate::error::ApiMisuse;
use crate::media::{MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};
use crate::time::Time;

/// The core and all that it drives.
pub(super) struct Driver {
    pub(super) window: Window,
    pub(super) ear: Ear,
    pub(super) timer: Timer,
    this: Weak<Self>,
    agent: RefCell<UserAgent>,
    pumping: Cell<bool>,
    sockets: RefCell<Vec<(FlowId, Socket)>>,
    /// In the order of their numbers, which only grow.
    peers: RefCell<Vec<Rc<Peer>>>,
    providers: RefCell<Providers>,
    /// Calls that a page which is left must not leave behind.
    calls: RefCell<Vec<(CallId, AccountId)>>,
    events: RefCell<VecDeque<(AccountId, UaEvent)>>,
    sink: Function,
    edit: Option<Function>,
    /// The page's clock, and its beginning in milliseconds since the Unix epoch.
    clock: Option<(Performance, f64)>,
    /// Tells the events, once the caller of a command has its answer.
    tell: Closure<dyn Fn()>,
    _page: Vec<Listening>,
}

impl Driver {
    pub(super) fn new(
        window: Window,
        sink: Function,
        edit: Option<Function>,
        agent: UserAgent,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let driver = Weak::clone(this);
            let tell = move || {
                if let Some(driver) = driver.upgrade() {
                    driver.tell_all();
                }
            };
            Self {
                ear: Ear::default(),
                timer: Timer::default(),
                this: Weak::clone(this),
                agent: RefCell::new(agent),
                pumping: Cell::new(false),
                sockets: RefCell::default(),
                peers: RefCell::default(),
                providers: RefCell::default(),
                calls: RefCell::default(),
                events: RefCell::default(),
                sink,
                edit,
                clock: window.performance().map(|clock| {
                    let origin = clock.time_origin();
                    (clock, origin)
                }),
                tell: Closure::wrap(Box::new(tell)),
                _page: page::listen(&window, this),
                window,
            }
        })
    }

    /// Carries a command out; its events follow when the caller is done.
    ///
    /// # Errors
    ///
    /// As [`UserAgent::handle`].
    pub(super) fn command(&self, account: AccountId, command: Command) -> Result<(), ApiMisuse> {
        let outcome = self.feed(Input::Command(account, command));
        let agent = self.agent.borrow();
        self.providers.borrow_mut().retain(|account, provider| agent.may_ask(account, provider));
        outcome
    }

    pub(super) fn reserve_call(&self) -> CallId {
        self.agent.borrow_mut().reserve_call()
    }

    /// The number of the token provider that is kept next.
    pub(super) fn next_provider(&self) -> ProviderId {
        self.providers.borrow().next()
    }

    /// Keeps a token provider for the command that follows, and as long as the core may ask it.
    pub(super) fn keep_provider(&self, account: AccountId, provider: Function) {
        self.providers.borrow_mut().keep(account, provider);
    }

    /// What the far side of a call sends.
    pub(super) fn remote_stream(&self, call: CallId) -> Option<MediaStream> {
        self.peers
            .borrow()
            .iter()
            .rev()
            .filter(|peer| peer.call == call)
            .find_map(|peer| peer.remote())
    }

    /// What this side of a call sends.
    pub(super) fn local_stream(&self, call: CallId) -> Option<MediaStream> {
        self.peers
            .borrow()
            .iter()
            .rev()
            .filter(|peer| peer.call == call)
            .find_map(|peer| peer.local())
    }

    /// A description as the page would have it; as it is if the page has nothing to say.
    pub(super) fn edited(&self, call: CallId, sdp: String, what: &str) -> String {
        let Some(edit) = &self.edit else { return sdp };
        let of =
            self.calls.borrow().iter().find(|(of, _)| *of == call).map(|(_, account)| account.0);
        let given = edit.call4(
            &JsValue::UNDEFINED,
            &of.unwrap_or_default().into(),
            &call.0.into(),
            &sdp.as_str().into(),
            &what.into(),
        );
        given.ok().and_then(|given| given.as_string()).unwrap_or(sdp)
    }

    pub(super) fn is_visible(&self) -> bool {
        let document = self.window.document();
        document.is_some_and(|document| document.visibility_state() == VisibilityState::Visible)
    }

    pub(super) fn on_timeout(&self) {
        self.note(Input::Timeout);
    }

    pub(super) fn on_online(&self) {
        self.note(Input::Online);
    }

    pub(super) fn on_link(&self, flow: FlowId, event: LinkEvent) {
        self.note(Input::Link(flow, event));
    }

    pub(super) fn on_closed(&self, flow: FlowId, code: u16, reason: String) {
        self.forget_socket(flow);
        self.on_link(flow, LinkEvent::Closed { code, reason });
    }

    pub(super) fn on_frame(&self, flow: FlowId, bytes: &[u8]) {
        self.note(Input::Frame(flow, bytes));
    }

    pub(super) fn on_media(&self, peer: PeerId, ticket: Ticket, reply: MediaReply) {
        self.note(Input::Media(peer, ticket, reply));
    }

    pub(super) fn on_media_event(&self, peer: PeerId, event: MediaEvent) {
        self.note(Input::MediaEvent(peer, event));
    }

    pub(super) fn on_credential(&self, account: AccountId, ticket: Ticket, reply: CredentialReply) {
        self.note(Input::Credential(account, ticket, reply));
    }

    /// The page is being left. What is sent now still arrives.
    pub(super) fn hang_up_all(&self) {
        for (call, account) in self.calls.take() {
            self.note(Input::Command(account, Command::Hangup(call)));
        }
    }

    /// The page is back from the cache of pages, its connections are not.
    pub(super) fn on_thawed(&self) {
        let gone = |(flow, socket): &(FlowId, Socket)| socket.is_gone().then_some(*flow);
        let flows: Vec<FlowId> = self.sockets.borrow().iter().filter_map(gone).collect();
        for flow in flows {
            self.on_closed(flow, 1006, String::new());
        }
        self.on_online();
    }

    /// An input that is no command of the page: there is nobody to tell of a misuse.
    fn note(&self, input: Input<'_>) {
        let _ = self.feed(input);
    }

    /// Outputs may lead to inputs; those are handled at once and delivered by the running pump.
    fn feed(&self, input: Input<'_>) -> Result<(), ApiMisuse> {
        let now = self.now();
        let outcome = self.agent.borrow_mut().handle(now, input);
        if self.pumping.replace(true) {
            return outcome;
        }
        while let Some(output) = self.next_output() {
            self.deliver(output);
        }
        self.pumping.set(false);
        self.timer.arm(now, self.agent.borrow().next_timeout(), &self.this);
        outcome
    }

    /// Apart, so that the borrow ends here: in `while let`, a temporary lives through the body.
    fn next_output(&self) -> Option<Output> {
        self.agent.borrow_mut().poll_output()
    }

    fn deliver(&self, output: Output) {
        match output {
            Output::Link(flow, LinkRequest::Open { url }) => self.open_socket(flow, &url),
            Output::Link(flow, LinkRequest::Close) => self.forget_socket(flow),
            Output::Transmit(flow, bytes) => self.transmit(flow, &bytes),
            Output::Media(peer, ticket, request) => self.ask_peer(peer, ticket, request),
            Output::Credential(account, ticket, request) => self.ask(account, ticket, request),
            Output::Event(account, event) => self.queue_event(account, event),
        }
    }

    fn open_socket(&self, flow: FlowId, url: &str) {
        match Socket::open(url, flow, &self.this) {
            Ok(socket) => self.sockets.borrow_mut().push((flow, socket)),
            Err(reason) => self.on_closed(flow, 1006, reason),
        }
    }

    fn forget_socket(&self, flow: FlowId) {
        self.sockets.borrow_mut().retain(|(of, _)| *of != flow);
    }

    fn transmit(&self, flow: FlowId, bytes: &[u8]) {
        if let Some((_, socket)) = self.sockets.borrow().iter().find(|(of, _)| *of == flow) {
            socket.send(bytes);
        }
    }

    fn ask_peer(&self, id: PeerId, ticket: Ticket, request: MediaRequest) {
        match request {
            MediaRequest::Open { call, ice_servers, relay_only, take_over } => {
                let Some(driver) = self.this.upgrade() else { return };
                match Peer::new(id, call, &ice_servers, relay_only, &driver) {
                    Ok(peer) => {
                        // Not before there is who will stop them.
                        let taken_over = take_over.and_then(|old| self.peer(old)?.give_local());
                        self.peers.borrow_mut().push(Rc::clone(&peer));
                        peer.open(ticket, taken_over);
                    }
                    Err(failure) => self.on_media(id, ticket, MediaReply::Failed(failure)),
                }
            }
            MediaRequest::Close => {
                if let Some(peer) = self.take_peer(id) {
                    peer.close();
                }
            }
            request => {
                if let Some(peer) = self.peer(id) {
                    return peer.ask(ticket, request);
                }
                let gone = MediaFailure::Refused(String::new());
                self.on_media(id, ticket, MediaReply::Failed(gone));
            }
        }
    }

    fn peer(&self, id: PeerId) -> Option<Rc<Peer>> {
        let peers = self.peers.borrow();
        let at = peers.binary_search_by_key(&id, |peer| peer.id).ok()?;
        Some(Rc::clone(&peers[at]))
    }

    fn take_peer(&self, id: PeerId) -> Option<Rc<Peer>> {
        let mut peers = self.peers.borrow_mut();
        let at = peers.binary_search_by_key(&id, |peer| peer.id).ok()?;
        Some(peers.remove(at))
    }

    fn ask(&self, account: AccountId, ticket: Ticket, request: CredentialRequest) {
        let asked = Asked { account, ticket, driver: Weak::clone(&self.this) };
        match request {
            CredentialRequest::AskProvider(provider) => {
                let provider = self.providers.borrow().get(provider);
                credential::ask_provider(provider, asked);
            }
            CredentialRequest::Exchange { service, token } => {
                credential::exchange(&self.window, &service, &token, asked);
            }
        }
    }

    fn queue_event(&self, account: AccountId, event: UaEvent) {
        match &event {
            UaEvent::Call { call, .. } => {
                let mut calls = self.calls.borrow_mut();
                let at = calls.partition_point(|known| known.0.0 < *call);
                calls.insert(at, (CallId(*call), account));
            }
            UaEvent::CallState { call, state: CallState::Ended, .. } => {
                let mut calls = self.calls.borrow_mut();
                if let Ok(at) = calls.binary_search_by_key(call, |known| known.0.0) {
                    calls.remove(at);
                }
            }
            _ => {}
        }
        let mut events = self.events.borrow_mut();
        events.push_back((account, event));
        if events.len() == 1 {
            self.window.queue_microtask(self.tell.as_ref().unchecked_ref());
        }
    }

    /// A listener may call straight back in, or throw: neither harms the events that follow.
    fn tell_all(&self) {
        while let Some((account, event)) = self.next_event() {
            let event = JSON::parse(&writer::json(&event)).unwrap_or_default();
            if let Err(thrown) = self.sink.call2(&JsValue::UNDEFINED, &account.0.into(), &event) {
                console::error_1(&thrown);
            }
        }
    }

    fn next_event(&self) -> Option<(AccountId, UaEvent)> {
        self.events.borrow_mut().pop_front()
    }

    /// The page's clock: since the Unix epoch, and never back.
    fn now(&self) -> Time {
        let milliseconds = self.clock.as_ref().map_or(0.0, |(clock, origin)| origin + clock.now());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "microseconds since 1970 fit, and a clock before that says zero"
        )]
        Time::from_epoch(Duration::from_micros((milliseconds * 1000.0) as u64))
    }
}
