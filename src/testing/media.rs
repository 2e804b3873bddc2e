//! Peer connections that are played: descriptions, candidates, a path that comes up or does not.
//!
//! They keep the rules that a browser keeps, so that a request which a browser would refuse is a
//! fault of the phone here.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::media::{MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId, Ticket};
use crate::time::Time;

use super::chance::Chance;
use super::faults::{FaultCounts, Faults};

/// The peer connections of one phone.
#[derive(Debug, Default)]
pub(super) struct Studio {
    peers: BTreeMap<PeerId, Peer>,
}

#[derive(Debug)]
struct Peer {
    number: u64,
    /// Of the ICE credentials; each restart makes another.
    generation: u32,
    signaling: Signaling,
    /// Both sides have described themselves once.
    agreed: bool,
    /// The far side's sound is wanted.
    receives: bool,
    /// Requests are answered one after the other.
    busy_until: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signaling {
    Stable,
    HaveLocalOffer,
}

/// What a peer does after a while.
#[derive(Debug)]
pub(super) enum Does {
    Reply(PeerId, Ticket, MediaReply),
    Tell(PeerId, MediaEvent),
}

/// What a studio is lent for one step.
pub(super) struct Stage<'a> {
    pub(super) now: Time,
    pub(super) chance: &'a mut Chance,
    pub(super) faults: &'a Faults,
    pub(super) counts: &'a mut FaultCounts,
    /// What is to come, and when.
    pub(super) to_come: &'a mut Vec<(Time, Does)>,
    /// What a browser would have refused.
    pub(super) wrong: &'a mut Vec<String>,
}

impl Studio {
    /// Peers that are open: their microphones are on.
    pub(super) fn open(&self) -> usize {
        self.peers.len()
    }

    pub(super) fn is_open(&self, peer: PeerId) -> bool {
        self.peers.contains_key(&peer)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = PeerId> {
        self.peers.keys().copied()
    }

    pub(super) fn ask(
        &mut self,
        stage: &mut Stage<'_>,
        id: PeerId,
        ticket: Ticket,
        request: &MediaRequest,
    ) {
        match request {
            MediaRequest::Open { take_over, .. } => {
                if let Some(other) = take_over.filter(|other| !self.peers.contains_key(other)) {
                    stage
                        .wrong
                        .push(format!("{id:?} is to take over from {other:?}, which is closed"));
                }
                if self.peers.insert(id, Peer::new(stage)).is_some() {
                    stage.wrong.push(format!("{id:?} is opened twice"));
                }
            }
            MediaRequest::Close => {
                if self.peers.remove(&id).is_none() {
                    stage.wrong.push(format!("{id:?} is closed and was not open"));
                }
                return;
            }
            _ => {}
        }
        match self.peers.get_mut(&id) {
            Some(peer) => peer.ask(stage, id, ticket, request),
            None => stage.wrong.push(format!("{id:?} is not open and asked {request:?}")),
        }
    }
}

impl Peer {
    fn new(stage: &mut Stage<'_>) -> Self {
        Self {
            number: stage.chance.bits(),
            generation: 0,
            signaling: Signaling::Stable,
            agreed: false,
            receives: true,
            busy_until: stage.now,
        }
    }

    fn ask(&mut self, stage: &mut Stage<'_>, id: PeerId, ticket: Ticket, request: &MediaRequest) {
        let work = stage.chance.up_to(WORK);
        self.busy_until = self.busy_until.max(stage.now) + work;
        let failed = stage.chance.happens(stage.faults.media);
        let reply = match request {
            MediaRequest::Open { .. } if failed => MediaReply::Failed(microphone(stage.chance)),
            MediaRequest::Offer { .. }
            | MediaRequest::Answer { .. }
            | MediaRequest::Apply { .. }
                if failed =>
            {
                if matches!(request, MediaRequest::Answer { .. } | MediaRequest::Apply { .. }) {
                    self.signaling = Signaling::Stable;
                }
                MediaReply::Failed(MediaFailure::Refused("the simulator refuses".to_owned()))
            }
            _ => self.carry_out(stage, request, id),
        };
        stage.counts.media += u64::from(matches!(reply, MediaReply::Failed(_)));
        let is_description = matches!(reply, MediaReply::Sdp(_));
        let is_refused = matches!(reply, MediaReply::Failed(_));
        stage.to_come.push((self.busy_until, Does::Reply(id, ticket, reply)));
        if is_description {
            self.gather(stage, id);
        }
        let settles = matches!(request, MediaRequest::Answer { .. } | MediaRequest::Apply { .. });
        if settles && !is_refused {
            self.connect(stage, id);
        }
        if let MediaRequest::Digits { digits, tone_ms, gap_ms } = request {
            let each = Duration::from_millis(u64::from(*tone_ms) + u64::from(*gap_ms));
            for digit in digits.chars() {
                self.busy_until = self.busy_until + each;
                let done = Does::Tell(id, MediaEvent::DigitDone(digit));
                stage.to_come.push((self.busy_until, done));
            }
        }
    }

    /// What a browser does, and whether it may.
    fn carry_out(
        &mut self,
        stage: &mut Stage<'_>,
        request: &MediaRequest,
        id: PeerId,
    ) -> MediaReply {
        match request {
            MediaRequest::Offer { ice_restart, .. } => {
                self.generation += u32::from(*ice_restart);
                self.signaling = Signaling::HaveLocalOffer;
                let direction = if self.receives { "sendrecv" } else { "sendonly" };
                MediaReply::Sdp(self.describe("actpass", direction))
            }
            MediaRequest::Answer { sdp, .. } => {
                if self.signaling == Signaling::HaveLocalOffer {
                    stage.wrong.push(format!("{id:?} is to answer while its own offer is out"));
                }
                self.signaling = Signaling::Stable;
                self.agreed = true;
                MediaReply::Sdp(self.describe("active", answering(sdp, self.receives)))
            }
            MediaRequest::Apply { .. } => {
                if self.signaling == Signaling::Stable {
                    stage.wrong.push(format!("{id:?} is to take an answer and offered nothing"));
                }
                self.signaling = Signaling::Stable;
                self.agreed = true;
                MediaReply::Done
            }
            MediaRequest::Direction { receive } => {
                self.receives = *receive;
                MediaReply::Done
            }
            MediaRequest::Rollback => {
                self.signaling = Signaling::Stable;
                MediaReply::Done
            }
            _ => MediaReply::Done,
        }
    }

    fn gather(&self, stage: &mut Stage<'_>, id: PeerId) {
        let mut at = self.busy_until;
        let none = stage.chance.happens(stage.faults.media);
        let found = if none { 0 } else { 1 + stage.chance.below(3) };
        for number in 0..found {
            at = at + stage.chance.up_to(WORK);
            let line = self.candidate(number);
            let candidate = MediaEvent::Candidate { mid: "0".to_owned(), line };
            stage.to_come.push((at, Does::Tell(id, candidate)));
        }
        // A gathering that never ends is no rare thing (a STUN server that is silent).
        if stage.chance.happens(900) {
            at = at + stage.chance.up_to(WORK);
            stage.to_come.push((at, Does::Tell(id, MediaEvent::GatheringDone)));
        }
    }

    fn connect(&self, stage: &mut Stage<'_>, id: PeerId) {
        let mut at = self.busy_until + stage.chance.up_to(WORK * 4);
        if stage.chance.happens(stage.faults.path) {
            stage.counts.paths += 1;
            let lost = if stage.chance.happens(500) {
                MediaEvent::Failed
            } else {
                MediaEvent::Disconnected
            };
            stage.to_come.push((at, Does::Tell(id, lost)));
            if stage.chance.happens(300) {
                return;
            }
            at = at + stage.chance.up_to(Duration::from_secs(40));
        }
        stage.to_come.push((at, Does::Tell(id, MediaEvent::Connected)));
        stage.to_come.push((at, Does::Tell(id, MediaEvent::Track)));
    }

    fn candidate(&self, number: u64) -> String {
        let (priority, port) = (2_113_937_151 - number, 50_000 + number);
        format!(
            "candidate:{number} 1 udp {priority} 192.0.2.{} {port} typ host generation 0 ufrag {}",
            1 + self.number % 250,
            self.ice_user()
        )
    }

    fn ice_user(&self) -> String {
        format!("{:08x}{}", self.number & 0xffff_ffff, self.generation)
    }

    fn describe(&self, setup: &str, direction: &str) -> String {
        let user = self.ice_user();
        let print: Vec<String> =
            (0..32_u32).map(|at| format!("{:02X}", (self.number >> (at % 8 * 8)) & 0xff)).collect();
        [
            "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126\r\nc=IN IP4 0.0.0.0\r\n\
            a=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:",
            &user,
            "\r\na=ice-pwd:ulPPt5gvbfLuWx3kulPPt5gv\r\na=ice-options:trickle\r\n\
            a=fingerprint:sha-256 ",
            &print.join(":"),
            "\r\na=setup:",
            setup,
            "\r\na=mid:0\r\na=",
            direction,
            "\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n\
            a=rtpmap:126 telephone-event/8000\r\n",
        ]
        .concat()
    }
}

/// What a browser answers to this offer: what the far side takes, and gives, as far as wanted.
fn answering(offer: &str, receives: bool) -> &'static str {
    let says = |directions: [&str; 2]| offer.lines().any(|line| directions.contains(&line.trim()));
    let sends = !says(["a=inactive", "a=sendonly"]);
    let receives = receives && !says(["a=inactive", "a=recvonly"]);
    match (sends, receives) {
        (true, true) => "sendrecv",
        (true, false) => "sendonly",
        (false, true) => "recvonly",
        (false, false) => "inactive",
    }
}

fn microphone(chance: &mut Chance) -> MediaFailure {
    let failures = [
        MediaFailure::MicrophoneDenied,
        MediaFailure::MicrophonePolicy,
        MediaFailure::MicrophoneMissing,
        MediaFailure::MicrophoneBusy,
        MediaFailure::Unsupported,
    ];
    chance.pick(&failures).cloned().unwrap_or(MediaFailure::Insecure)
}

/// The longest that a browser works at a request.
const WORK: Duration = Duration::from_millis(60);
