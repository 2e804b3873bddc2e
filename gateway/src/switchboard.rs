//! Drives the switch: one task that owns it, fed by all WebSockets and all media.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cc_sdk::FlowId;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::media::{MediaId, MediaReply, Peers};
use crate::switch::{Input, Output, Switch};

/// What a WebSocket is told.
#[derive(Debug)]
pub(crate) enum ToSocket {
    /// Send this.
    Send(Vec<u8>),
    /// Close, and say why.
    Close(&'static str),
}

/// What the WebSockets tell.
enum FromSocket {
    Opened(FlowId, mpsc::Sender<ToSocket>),
    Frame(FlowId, Vec<u8>),
    Closed(FlowId),
    Stop(oneshot::Sender<()>),
}

/// The way to the switch, for anybody.
#[derive(Clone)]
pub(crate) struct Switchboard {
    inputs: mpsc::Sender<FromSocket>,
    last: Arc<AtomicU32>,
}

/// A WebSocket's own end. The switch hears that it is gone when this is dropped.
pub(crate) struct Line {
    flow: FlowId,
    inputs: mpsc::Sender<FromSocket>,
    pub(crate) orders: mpsc::Receiver<ToSocket>,
}

impl Switchboard {
    /// Begins the task. Media of service calls uses the given addresses.
    pub(crate) fn start(switch: Switch, media: Vec<IpAddr>) -> Self {
        let (inputs, receiver) = mpsc::channel(INPUTS);
        let (replies, media_replies) = mpsc::channel(INPUTS);
        let board = Board {
            switch,
            clock: Clock::start(),
            sockets: HashMap::new(),
            peers: Peers::new(media, replies),
        };
        tokio::spawn(board.run(receiver, media_replies));
        Self { inputs, last: Arc::default() }
    }

    /// A WebSocket has opened.
    pub(crate) async fn open(&self) -> Line {
        let flow = FlowId(self.last.fetch_add(1, Ordering::Relaxed));
        let (sender, orders) = mpsc::channel(ORDERS);
        // It can only fail when everything ends; then the line is deaf, and closed soon.
        let _ = self.inputs.send(FromSocket::Opened(flow, sender)).await;
        Line { flow, inputs: self.inputs.clone(), orders }
    }

    /// Waits until the task has ended, which it does by itself only if it broke.
    pub(crate) async fn failed(&self) {
        self.inputs.closed().await;
    }

    /// Ends service calls; returns when what that sends is on its way to the WebSockets.
    pub(crate) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.inputs.send(FromSocket::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

impl Line {
    /// The number that logs know this WebSocket by.
    pub(crate) const fn number(&self) -> u32 {
        self.flow.0
    }

    /// Brings a message to the switch. Waits while the switch has much to do, and so slows down
    /// whoever sends much.
    pub(crate) async fn bring(&self, frame: Vec<u8>) {
        let _ = self.inputs.send(FromSocket::Frame(self.flow, frame)).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let (flow, inputs) = (self.flow, self.inputs.clone());
        if let Err(TrySendError::Full(closed)) = inputs.try_send(FromSocket::Closed(flow)) {
            tokio::spawn(async move { inputs.send(closed).await });
        }
    }
}

struct Board {
    switch: Switch,
    clock: Clock,
    sockets: HashMap<FlowId, mpsc::Sender<ToSocket>>,
    peers: Peers,
}

impl Board {
    async fn run(
        mut self,
        mut inputs: mpsc::Receiver<FromSocket>,
        mut media: mpsc::Receiver<(MediaId, MediaReply)>,
    ) {
        loop {
            let due = self.switch.next_timeout().map(|time| self.clock.instant(time));
            let timer = sleep_until(due.unwrap_or_else(Instant::now));
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.on_socket(input),
                    None => return,
                },
                Some((id, reply)) = media.recv() => self.handle(Input::Media(id, reply)),
                () = timer, if due.is_some() => self.handle(Input::Timeout),
            }
        }
    }

    fn on_socket(&mut self, input: FromSocket) {
        match input {
            FromSocket::Opened(flow, sender) => {
                self.sockets.insert(flow, sender);
                self.handle(Input::Opened(flow));
            }
            FromSocket::Frame(flow, frame) => self.handle(Input::Frame(flow, &frame)),
            FromSocket::Closed(flow) => {
                self.sockets.remove(&flow);
                self.handle(Input::Closed(flow));
            }
            FromSocket::Stop(done) => {
                self.handle(Input::Stop);
                for sender in self.sockets.values() {
                    let _ = sender.try_send(ToSocket::Close("the gateway stops"));
                }
                let _ = done.send(());
            }
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.switch.handle(self.clock.now(), input);
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Transmit(flow, bytes) => self.order(flow, ToSocket::Send(bytes)),
                Output::Close(flow, why) => self.order(flow, ToSocket::Close(why)),
                Output::Media(id, request) => self.peers.request(id, request),
            }
        }
    }

    /// A WebSocket that does not read what it is sent is given up: dropping the sender closes it.
    fn order(&mut self, flow: FlowId, order: ToSocket) {
        let Some(Err(error)) = self.sockets.get(&flow).map(|sender| sender.try_send(order)) else {
            return;
        };
        if let TrySendError::Full(_) = error {
            tracing::warn!(flow = flow.0, "does not read what it is sent");
        }
        self.sockets.remove(&flow);
    }
}

/// Messages that may wait for the switch.
const INPUTS: usize = 256;
/// Messages that may wait for one WebSocket.
const ORDERS: usize = 256;
