//! The step: what is due happens, and what follows from it is put under way.

use std::time::Duration;

use crate::agent::{FlowId, Input, LinkEvent, LinkRequest, Output};
use crate::error::ApiMisuse;
use crate::media::MediaEvent;
use crate::time::{Time, soonest};

use super::faults::Fault;
use super::media::{Does, Stage};
use super::phone::{Flow, FlowState};
use super::proxy::{Leg, Net};
use super::{PhoneId, Simulation};

/// What will happen.
#[derive(Debug)]
pub(super) enum UnderWay {
    ToProxy(Leg, Vec<u8>),
    ToPhone(Leg, Vec<u8>),
    Opened(Leg),
    Closed(Leg),
    /// A close of the phone's own arrives.
    Left(Leg),
    Media(PhoneId, Does),
}

impl Simulation {
    /// Makes one thing go wrong now.
    pub fn inject(&mut self, fault: Fault) -> &mut Self {
        self.trace.note(self.now, || format!("       ✗      {fault:?}"));
        match fault {
            Fault::Cut(phone) => self.cut_flows(phone),
            Fault::Freeze(phone) => self.freeze_flows(phone),
            Fault::Restart(down) => {
                self.counts.restarts += 1;
                self.proxy_down_until = self.now + down;
                self.proxy.restart();
                for phone in self.phones() {
                    self.cut_flows(phone);
                }
            }
            Fault::Silence(phone) => self.tell_peers(phone, &MediaEvent::Disconnected),
            Fault::LosePath(phone) => self.tell_peers(phone, &MediaEvent::Failed),
            Fault::Unplug(phone) => self.tell_peers(phone, &MediaEvent::MicrophoneLost),
            Fault::Say(phone, bytes) => {
                let up = self.phones[phone.0].flows.iter().find(|it| it.state == FlowState::Up);
                if let Some(flow) = up.map(|flow| flow.id) {
                    self.under_way.push(self.now, UnderWay::ToPhone((phone, flow), bytes));
                }
            }
        }
        self
    }

    /// The next moment at which something is due.
    pub(super) fn next_due(&self) -> Option<Time> {
        let alarms = self.phones.iter().filter_map(|phone| phone.alarm.falls).min();
        soonest(soonest(alarms, self.under_way.next_at()), self.proxy.next_timeout())
    }

    /// What is due happens, one thing of it.
    pub(super) fn step(&mut self) {
        self.steps += 1;
        let now = self.now;
        if self.under_way.next_at().is_some_and(|at| at <= now) {
            if let Some(what) = self.under_way.pop() {
                self.arrive(what);
            }
        } else if self.proxy.next_timeout().is_some_and(|at| at <= now) {
            self.with_proxy(super::Proxy::on_timeout);
        } else if let Some(index) =
            self.phones.iter().position(|phone| phone.alarm.falls.is_some_and(|at| at <= now))
        {
            let alarm = &mut self.phones[index].alarm;
            let times = if alarm.fell.0 == now { alarm.fell.1 + 1 } else { 1 };
            alarm.fell = (now, times);
            if times > 1000 {
                self.violations.push("a deadline does not fall".to_owned());
                self.steps = u64::MAX / 2;
            }
            let _ = self.tell(PhoneId(index), Input::Timeout);
        }
    }

    /// Gives a phone an input and does what follows from it.
    pub(super) fn tell(&mut self, phone: PhoneId, input: Input<'_>) -> Result<(), ApiMisuse> {
        let answer = self.phones[phone.0].agent.handle(self.now, input);
        while let Some(output) = self.phones[phone.0].agent.poll_output() {
            self.carry_out(phone, output);
        }
        self.wind_alarm(phone);
        answer
    }

    fn arrive(&mut self, what: UnderWay) {
        match what {
            UnderWay::ToProxy(leg, frame) => {
                let name = &self.phones[leg.0.0].name;
                self.trace.message(self.now, name, "proxy", &frame);
                if self.phones[leg.0.0].is_heard(leg.1) {
                    self.with_proxy(|proxy, net| proxy.hears(net, leg, &frame));
                }
            }
            UnderWay::ToPhone(leg, frame) => {
                if self.phones[leg.0.0].is_up(leg.1) {
                    let name = &self.phones[leg.0.0].name;
                    self.trace.message(self.now, "proxy", name, &frame);
                    let _ = self.tell(leg.0, Input::Frame(leg.1, &frame));
                    self.perhaps_break(leg);
                }
            }
            UnderWay::Opened(leg) => self.on_opened(leg),
            UnderWay::Closed(leg) => self.close(leg),
            UnderWay::Left(leg) => {
                self.phones[leg.0.0].flows.retain(|flow| flow.id != leg.1);
                self.with_proxy(|proxy, net| proxy.on_closed(net, leg));
            }
            UnderWay::Media(phone, does) => self.on_media(phone, does),
        }
    }

    fn carry_out(&mut self, phone: PhoneId, output: Output) {
        match output {
            Output::Link(flow, LinkRequest::Open { .. }) => {
                let flow = Flow {
                    id: flow,
                    state: FlowState::Opening,
                    last_in: self.now,
                    last_out: self.now,
                };
                self.phones[phone.0].flows.push(flow);
                let wait = self.faults.delay + self.chance.up_to(self.faults.jitter);
                self.under_way.push(self.now + wait, UnderWay::Opened((phone, flow.id)));
            }
            Output::Link(flow, LinkRequest::Close) => self.drop_flow((phone, flow)),
            Output::Transmit(flow, frame) => self.transmit((phone, flow), frame),
            Output::Media(peer, ticket, request) => {
                let name = self.phones[phone.0].name.clone();
                self.trace
                    .note(self.now, || format!("{name:>8} ♪    {peer:?} {}", short(&request)));
                let mut to_come = Vec::new();
                let mut stage = Stage {
                    now: self.now,
                    chance: &mut self.chance,
                    faults: &self.faults,
                    counts: &mut self.counts,
                    to_come: &mut to_come,
                    wrong: &mut self.violations,
                };
                self.phones[phone.0].studio.ask(&mut stage, peer, ticket, &request);
                for (at, does) in to_come {
                    self.under_way.push(at, UnderWay::Media(phone, does));
                }
            }
            // No phone of a simulation has a token.
            Output::Credential(..) => {}
            Output::Event(_, event) => {
                let own = &mut self.phones[phone.0];
                let name = &own.name;
                self.trace.note(self.now, || format!("{name:>8} ·    {event:?}"));
                own.ledger.take(self.now, &event, &mut self.violations);
                own.told.push(event);
            }
        }
    }

    /// From the phone to the proxy: ordered and reliable, as a WebSocket is.
    fn transmit(&mut self, leg: Leg, frame: Vec<u8>) {
        let (now, delay) = (self.now, self.faults.delay);
        let Some(flow) = self.phones[leg.0.0].flow(leg.1) else { return };
        if flow.state == FlowState::Up {
            flow.last_out = flow.last_out.max(now + delay);
            let at = flow.last_out;
            self.under_way.push(at, UnderWay::ToProxy(leg, frame));
        }
    }

    /// From the proxy to the phone, by way of a network where much can happen.
    fn send(&mut self, leg: Leg, mut frame: Vec<u8>) {
        let is_message = frame.len() > 4;
        let to = self.phones[leg.0.0].name.clone();
        let mut note = |word: &str, frame: &[u8]| {
            let what = || format!("       ✗ {word} to {to}: {}", super::trace::summary(frame));
            self.trace.note(self.now, what);
        };
        if is_message && self.chance.happens(self.faults.drop) {
            self.counts.dropped += 1;
            return note("dropped", &frame);
        }
        if is_message && self.chance.happens(self.faults.corrupt) {
            self.counts.corrupted += 1;
            note("corrupted", &frame);
            for _ in 0..=self.chance.below(3) {
                let at = self.chance.index(frame.len());
                frame[at] = self.chance.bits().to_le_bytes()[0];
            }
        }
        let late = is_message && self.chance.happens(self.faults.late);
        if late {
            self.counts.late += 1;
            note("late", &frame);
        }
        if is_message && self.chance.happens(self.faults.duplicate) {
            self.counts.duplicated += 1;
            note("twice", &frame);
            let at = self.now + self.faults.delay + self.chance.up_to(self.faults.jitter);
            self.under_way.push(at, UnderWay::ToPhone(leg, frame.clone()));
        }
        let jitter = if late { self.chance.up_to(self.faults.jitter) } else { Duration::ZERO };
        let mut at = self.now + self.faults.delay + jitter;
        if let Some(flow) = self.phones[leg.0.0].flow(leg.1).filter(|_| !late) {
            flow.last_in = flow.last_in.max(at);
            at = flow.last_in;
        }
        self.under_way.push(at, UnderWay::ToPhone(leg, frame));
    }

    fn perhaps_break(&mut self, leg: Leg) {
        if self.chance.happens(self.faults.cut) {
            self.trace.note(self.now, || "       ✗      the connection is cut".to_owned());
            self.cut_flows(leg.0);
        } else if self.chance.happens(self.faults.freeze) {
            self.trace.note(self.now, || "       ✗      the connection is dead".to_owned());
            self.freeze_flows(leg.0);
        }
    }

    fn with_proxy(&mut self, does: impl FnOnce(&mut super::Proxy, &mut Net<'_>)) {
        let mut out = Vec::new();
        let up: Vec<Leg> = self.legs(FlowState::Up);
        let mut net = Net {
            now: self.now,
            chance: &mut self.chance,
            faults: &self.faults,
            counts: &mut self.counts,
            out: &mut out,
            up: &up,
        };
        does(&mut self.proxy, &mut net);
        for (leg, frame) in out {
            self.send(leg, frame);
        }
    }

    fn on_opened(&mut self, leg: Leg) {
        let refused =
            self.now < self.proxy_down_until || self.chance.happens(self.faults.unreachable);
        let Some(flow) = self.phones[leg.0.0].flow(leg.1) else { return };
        if flow.state != FlowState::Opening {
            return;
        }
        if refused {
            self.counts.unreachable += 1;
            return self.close(leg);
        }
        flow.state = FlowState::Up;
        let _ = self.tell(leg.0, Input::Link(leg.1, LinkEvent::Opened));
    }

    fn on_media(&mut self, phone: PhoneId, does: Does) {
        let peer = match &does {
            Does::Reply(peer, ..) | Does::Tell(peer, _) => *peer,
        };
        // Of a closed peer nothing is heard any more.
        if !self.phones[phone.0].studio.is_open(peer) {
            return;
        }
        let name = self.phones[phone.0].name.clone();
        self.trace.note(self.now, || format!("{name:>8} ♪    {}", short(&does)));
        let _ = match does {
            Does::Reply(peer, ticket, reply) => self.tell(phone, Input::Media(peer, ticket, reply)),
            Does::Tell(peer, event) => self.tell(phone, Input::MediaEvent(peer, event)),
        };
    }

    fn tell_peers(&mut self, phone: PhoneId, event: &MediaEvent) {
        self.counts.paths += 1;
        let peers: Vec<_> = self.phones[phone.0].studio.all().collect();
        for peer in peers {
            let _ = self.tell(phone, Input::MediaEvent(peer, event.clone()));
        }
    }

    fn legs(&self, state: FlowState) -> Vec<Leg> {
        let of = |(index, phone): (usize, &super::Phone)| {
            phone
                .flows
                .iter()
                .filter(|flow| flow.state == state)
                .map(|flow| (PhoneId(index), flow.id))
                .collect::<Vec<_>>()
        };
        self.phones.iter().enumerate().flat_map(of).collect()
    }

    fn cut_flows(&mut self, phone: PhoneId) {
        let flows: Vec<FlowId> = self.phones[phone.0].flows.iter().map(|flow| flow.id).collect();
        for flow in flows {
            self.counts.cut += 1;
            // Frozen until the phone hears of it, so that nothing passes in between.
            if let Some(flow) = self.phones[phone.0].flow(flow) {
                flow.state = FlowState::Frozen;
            }
            self.under_way.push(self.now, UnderWay::Closed((phone, flow)));
            self.with_proxy(|proxy, net| proxy.on_closed(net, (phone, flow)));
        }
    }

    fn freeze_flows(&mut self, phone: PhoneId) {
        for flow in &mut self.phones[phone.0].flows {
            if flow.state == FlowState::Up {
                flow.state = FlowState::Frozen;
                self.counts.frozen += 1;
            }
        }
    }

    /// The connection is gone, and the phone is told.
    fn close(&mut self, leg: Leg) {
        let flows = &mut self.phones[leg.0.0].flows;
        let before = flows.len();
        flows.retain(|flow| flow.id != leg.1);
        if flows.len() < before {
            let closed = LinkEvent::Closed { code: 1006, reason: String::new() };
            let _ = self.tell(leg.0, Input::Link(leg.1, closed));
        }
    }

    /// The phone closes it.
    fn drop_flow(&mut self, leg: Leg) {
        let Some(flow) = self.phones[leg.0.0].flow(leg.1) else {
            self.violations.push(format!("{:?} is closed and was not open", leg.1));
            return;
        };
        // What was said on a dead one, or before it was up, is lost.
        if flow.state == FlowState::Up {
            flow.state = FlowState::Closing;
        } else {
            flow.state = FlowState::Frozen;
        }
        let at = flow.last_out;
        self.under_way.push(at.max(self.now), UnderWay::Left(leg));
    }

    fn wind_alarm(&mut self, phone: PhoneId) {
        let wanted = self.phones[phone.0].agent.next_timeout();
        if wanted == self.phones[phone.0].alarm.wanted && wanted.is_some_and(|at| at > self.now) {
            return;
        }
        let mut falls = wanted.map(|at| at.max(self.now));
        if let Some(at) = falls
            && self.chance.happens(self.faults.late_timers)
        {
            self.counts.late_timers += 1;
            falls = Some(at + self.chance.up_to(self.faults.timer_lateness));
        }
        let alarm = &mut self.phones[phone.0].alarm;
        (alarm.wanted, alarm.falls) = (wanted, falls);
    }
}

/// Without the descriptions, which would fill the page.
fn short(what: &impl std::fmt::Debug) -> String {
    let mut text = format!("{what:?}");
    if let Some((at, _)) = text.char_indices().nth(120) {
        text.truncate(at);
        text.push('…');
    }
    text
}
