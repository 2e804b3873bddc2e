//! When to connect, fail over, back off and probe; it owns no socket (RFC 7118, RFC 5626 §4.4).
//!
//! Servers are tried in their order, one after the other without a pause; after a round of them
//! the wait of RFC 5626 §4.5 comes, with times that suit people. A connection that was lost is
//! tried again at once, at the same server first.

use std::time::Duration;

use crate::agent::{FlowId, LinkEvent, LinkRequest};
use crate::ids::Ids;
use crate::line::Step;
use crate::registration::Failure;
use crate::time::Time;
use crate::transaction::Wire;

/// The connection of one account to one of its servers.
pub(crate) struct Link {
    servers: Vec<Server>,
    /// The server that is tried or used.
    at: usize,
    /// How many servers of this round are left, behind `at`.
    untried: usize,
    /// Rounds and connections that came to nothing since one last held.
    failures: u32,
    /// Attempts since the link was lost.
    attempt: u32,
    /// Silence after which the far side is asked for a sign of life.
    interval: Duration,
    /// The server gives a flow up on which it hears nothing for so long (RFC 5626 §5.3).
    timer: Option<Duration>,
    /// When it last heard something that was sent to show life.
    shown: Time,
    state: State,
}

struct Server {
    url: String,
    pulse: Pulse,
}

/// What a server answers, as far as we know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pulse {
    /// A double CRLF (RFC 5626 §4.4.1), until it once stays unanswered.
    Crlf,
    /// OPTIONS.
    Options,
}

enum State {
    /// Not wanted.
    Off,
    /// On its way.
    Opening { flow: FlowId, until: Time },
    /// Up. `proven` once the server did more than accept.
    Up { flow: FlowId, since: Time, proven: bool, beat: Beat },
    /// Until the next round.
    Waiting { until: Time },
}

#[derive(Clone, Copy)]
enum Beat {
    /// Something was heard not long ago.
    Quiet { due: Time },
    /// A double CRLF is out.
    Probing { until: Time },
    /// OPTIONS is out.
    Pinging { until: Time },
}

/// What became of the link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkNews {
    /// The connection is up.
    Up,
    /// The connection is gone, after the server had done its part on it.
    Lost { flow: FlowId, retry: Retry },
    /// An attempt came to nothing, before or after the connection was up.
    Failed { flow: FlowId, failure: Failure, retry: Retry, round_over: bool },
    /// OPTIONS has to be sent.
    PingDue,
}

/// The next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// Zero if it is already on its way.
    pub(crate) wait: Duration,
    /// Counts since the link was lost, from 1.
    pub(crate) attempt: u32,
}

impl Link {
    /// Not yet wanted. `first` is the server that is tried first, counted round.
    pub(crate) fn new(servers: &[String], first: usize) -> Self {
        let server = |url: &String| Server { url: url.clone(), pulse: Pulse::Crlf };
        let mut servers: Vec<Server> = servers.iter().map(server).collect();
        let first = first.checked_rem(servers.len()).unwrap_or_default();
        servers.rotate_left(first);
        Self {
            servers,
            at: 0,
            untried: 0,
            failures: 0,
            attempt: 0,
            interval: IDLE_INTERVAL,
            timer: None,
            shown: Time::default(),
            state: State::Off,
        }
    }

    /// Connects, unless it is connected or about to be.
    pub(crate) fn open(&mut self, step: &mut Step<'_>) {
        if matches!(self.state, State::Off) && !self.servers.is_empty() {
            self.failures = 0;
            self.attempt = 1;
            self.begin_round(step, 0);
        }
    }

    /// Closes the connection for good; says which it was, if it was up.
    pub(crate) fn close(&mut self, step: &mut Step<'_>) -> Option<FlowId> {
        let up = self.flow();
        if let State::Opening { flow, .. } | State::Up { flow, .. } = self.state {
            step.out.link(flow, LinkRequest::Close);
        }
        self.state = State::Off;
        up
    }

    /// The connection that is up.
    pub(crate) const fn flow(&self) -> Option<FlowId> {
        if let State::Up { flow, .. } = self.state { Some(flow) } else { None }
    }

    /// The connection that is up or on its way.
    pub(crate) const fn any_flow(&self) -> Option<FlowId> {
        match self.state {
            State::Opening { flow, .. } | State::Up { flow, .. } => Some(flow),
            State::Off | State::Waiting { .. } => None,
        }
    }

    /// Of the server that is tried or used.
    pub(crate) fn url(&self) -> &str {
        self.servers.get(self.at).map_or("", |server| &server.url)
    }

    /// Whether this connection is the link's.
    pub(crate) fn owns(&self, flow: FlowId) -> bool {
        matches!(self.state, State::Opening { flow: own, .. } | State::Up { flow: own, .. } if own == flow)
    }

    /// Nothing is open, tried or waited for.
    pub(crate) const fn is_off(&self) -> bool {
        matches!(self.state, State::Off)
    }

    /// Whether another server is left before the wait.
    pub(crate) const fn has_untried(&self) -> bool {
        self.untried > 0
    }

    pub(crate) fn on_event(&mut self, step: &mut Step<'_>, event: LinkEvent) -> Option<LinkNews> {
        match (&self.state, event) {
            (State::Opening { flow, .. }, LinkEvent::Opened) => {
                let flow = *flow;
                (self.timer, self.shown) = (None, step.now);
                let beat = self.quiet(step.now);
                self.state = State::Up { flow, since: step.now, proven: false, beat };
                Some(LinkNews::Up)
            }
            (_, LinkEvent::Closed { code, reason }) => {
                let text = if reason.is_empty() {
                    ["the connection was closed, code ", &code.to_string()].concat()
                } else {
                    reason
                };
                self.lose(step, Failure::new("network", text))
            }
            // Opened twice.
            _ => None,
        }
    }

    /// Whatever comes in is a sign of life.
    pub(crate) fn on_frame(&mut self, now: Time) {
        let quiet = self.quiet(now);
        if let State::Up { beat, .. } = &mut self.state {
            *beat = quiet;
        }
    }

    /// Shows life within this time, which the server told with the registration, whatever is heard
    /// meanwhile: between 80 and 100 % of it (RFC 5626 §4.4.1).
    pub(crate) fn set_flow_timer(&mut self, step: &mut Step<'_>, seconds: Option<u32>) {
        self.timer = seconds.filter(|seconds| *seconds > 0).map(|seconds| {
            let seconds = seconds.clamp(SHORTEST_TIMER, LONGEST_TIMER);
            Duration::from_millis((seconds * 800 + step.ids.below(seconds * 200)).into())
        });
        self.on_frame(step.now);
    }

    fn quiet(&self, now: Time) -> Beat {
        let due = now + self.interval;
        Beat::Quiet { due: self.timer.map_or(due, |timer| due.min(self.shown + timer)) }
    }

    /// The server did what it is there for: its loss is a loss and no failed attempt.
    pub(crate) fn prove(&mut self) {
        if let State::Up { proven, .. } = &mut self.state {
            *proven = true;
        }
    }

    /// Gives the connection up as useless, as if it had been lost.
    pub(crate) fn give_up(&mut self, step: &mut Step<'_>, text: &str) -> Option<LinkNews> {
        if let State::Opening { flow, .. } | State::Up { flow, .. } = self.state {
            step.out.link(flow, LinkRequest::Close);
        }
        self.lose(step, Failure::new("timeout", text))
    }

    /// There is a network again: no more waiting, and no trust in an old connection.
    pub(crate) fn wake(&mut self, step: &mut Step<'_>) {
        match &mut self.state {
            State::Waiting { .. } => {
                self.failures = 0;
                self.begin_round(step, self.at);
            }
            State::Up { beat: beat @ Beat::Quiet { .. }, .. } => {
                *beat = Beat::Quiet { due: step.now };
            }
            // On its way already, or not wanted.
            _ => {}
        }
    }

    /// Calls are up, or not: silence is suspicious earlier.
    pub(crate) fn set_in_call(&mut self, now: Time, in_call: bool) {
        self.interval = if in_call { CALL_INTERVAL } else { IDLE_INTERVAL };
        if let State::Up { beat: Beat::Quiet { due }, .. } = &mut self.state {
            *due = (*due).min(now + self.interval);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<Time> {
        match self.state {
            State::Off => None,
            State::Opening { until, .. } | State::Waiting { until } => Some(until),
            State::Up { beat, .. } => Some(match beat {
                Beat::Quiet { due: until } | Beat::Probing { until } | Beat::Pinging { until } => {
                    until
                }
            }),
        }
    }

    pub(crate) fn on_timeout(&mut self, step: &mut Step<'_>) -> Option<LinkNews> {
        if self.next_timeout().is_none_or(|due| due > step.now) {
            return None;
        }
        match &mut self.state {
            State::Off => None,
            State::Opening { .. } => self.give_up(step, "the server did not answer"),
            State::Waiting { .. } => {
                self.begin_round(step, 0);
                None
            }
            State::Up { flow, beat, .. } => {
                self.shown = step.now;
                let pulse = &mut self.servers[self.at].pulse;
                match (*beat, *pulse) {
                    (Beat::Quiet { .. }, Pulse::Crlf) => {
                        step.out.transmit(*flow, b"\r\n\r\n".to_vec());
                        *beat = Beat::Probing { until: step.now + PONG_WAIT };
                        None
                    }
                    (Beat::Quiet { .. }, Pulse::Options) | (Beat::Probing { .. }, _) => {
                        *pulse = Pulse::Options;
                        *beat = Beat::Pinging { until: step.now + PING_WAIT };
                        Some(LinkNews::PingDue)
                    }
                    (Beat::Pinging { .. }, _) => self.give_up(step, "the server is silent"),
                }
            }
        }
    }

    fn lose(&mut self, step: &mut Step<'_>, failure: Failure) -> Option<LinkNews> {
        match self.state {
            State::Up { flow, since, proven: true, .. } => {
                if step.now.since(since) >= STEADY {
                    self.failures = 0;
                }
                self.attempt = 1;
                let wait = self.wait(step, self.at);
                Some(LinkNews::Lost { flow, retry: Retry { wait, attempt: 1 } })
            }
            State::Opening { flow, .. } | State::Up { flow, .. } => {
                self.attempt += 1;
                let round_over = self.untried == 0;
                let wait = if round_over {
                    self.failures = self.failures.max(1);
                    self.wait(step, 0)
                } else {
                    self.untried -= 1;
                    self.at = (self.at + 1) % self.servers.len();
                    self.attempt(step);
                    Duration::ZERO
                };
                let retry = Retry { wait, attempt: self.attempt };
                Some(LinkNews::Failed { flow, failure, retry, round_over })
            }
            // News of a connection that was given up.
            State::Off | State::Waiting { .. } => None,
        }
    }

    /// Waits as long as the failures so far call for; the first time not at all.
    fn wait(&mut self, step: &mut Step<'_>, first: usize) -> Duration {
        let wait = back_off(step.ids, self.failures);
        self.failures = self.failures.saturating_add(1);
        if wait.is_zero() {
            self.begin_round(step, first);
        } else {
            self.state = State::Waiting { until: step.now + wait };
        }
        wait
    }

    fn begin_round(&mut self, step: &mut Step<'_>, first: usize) {
        self.at = first;
        self.untried = self.servers.len() - 1;
        self.attempt(step);
    }

    fn attempt(&mut self, step: &mut Step<'_>) {
        // Tickets are never given out twice, and so are flows that have their number.
        let flow = FlowId(step.out.ticket().0);
        step.out.link(flow, LinkRequest::Open { url: self.url().to_owned() });
        self.state = State::Opening { flow, until: step.now + CONNECT_WAIT };
    }
}

/// How long to wait after so many failures in a row: 50 to 100 % of what doubles each time
/// (RFC 5626 §4.5), from two seconds to one minute.
pub(crate) fn back_off(ids: &mut Ids, failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
    let half = (1000 << doublings.min(6)).min(30_000);
    Duration::from_millis(u64::from(half + ids.below(half)))
}

/// For the WebSocket to open.
const CONNECT_WAIT: Duration = Duration::from_secs(8);
/// For the answer to a double CRLF.
const PONG_WAIT: Duration = Duration::from_secs(4);
/// For the answer to OPTIONS.
const PING_WAIT: Duration = Duration::from_secs(6);
const IDLE_INTERVAL: Duration = Duration::from_secs(25);
const CALL_INTERVAL: Duration = Duration::from_secs(5);
/// A server's wish for signs of life is taken for no less and no more, in seconds.
const SHORTEST_TIMER: u32 = 5;
const LONGEST_TIMER: u32 = 3600;
/// A connection that lived so long was no failure.
const STEADY: Duration = Duration::from_secs(10);
