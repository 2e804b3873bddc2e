//! What the page and its browser do.

use cc_sdk::account::Account;
use cc_sdk::api::{
    AcceptTransfers, Ask, AskMethod, AutoAnswer, CallId, Command, Config, Credential, Dial,
    DigitTransport, ErrandId, OneTimeToken, ProviderId, SeatStatus, TransferTo, Words,
};
use cc_sdk::{CredentialReply, Input, MediaFailure, MediaReply, MediaRequest};

use super::words::{CANDIDATE, SDP, TARGETS, media_event};
use super::{Choices, World, account};

impl World {
    pub(super) fn page_does(&mut self, choices: &mut Choices<'_>) {
        let call = *choices.latest(&self.calls).unwrap_or(&CallId(1));
        let command = match choices.byte() % 32 {
            0..=4 => return self.dials(choices),
            5..=7 => Command::Answer(call),
            8 => Command::Reject(call, *choices.of(&[302, 480, 486, 603, 200]).unwrap_or(&603)),
            9 | 10 => Command::Hangup(call),
            11 => Command::Mute(call, choices.flag()),
            12 => {
                let transport = [DigitTransport::Auto, DigitTransport::Rtp, DigitTransport::Info];
                let transport = choices.of(&transport).copied().unwrap_or_default();
                Command::SendDigits(call, "5,#".into(), transport)
            }
            13 => Command::SendCallMessage {
                call,
                id: ErrandId(self.agent.reserve_call().0),
                body: String::from_utf8_lossy(choices.bytes()).into_owned(),
                content_type: "text/plain".into(),
            },
            14 => return self.registers(choices),
            15 => Command::Unregister,
            16 => {
                let seat = if choices.flag() { SeatStatus::Paused } else { SeatStatus::Idle };
                Command::SetSeatStatus(seat)
            }
            17 => Command::FinishWrapUp,
            18 => Command::Configure(settings(choices)),
            19 | 20 => Command::Hold(call, choices.flag()),
            21 => Command::Renegotiate { call, ice_restart: choices.flag() },
            22 | 23 => return self.transfers(call, choices),
            24 => return self.wishes_for(Command::AcceptTransfer(call)),
            25 => Command::RefuseTransfer(call, 603),
            26 | 27 => return self.begins_errand(choices),
            28 => Command::Refresh(self.errand(choices)),
            29 => Command::Withdraw(self.errand(choices)),
            30 => with_words(call, choices),
            _ => Command::Hangup(CallId(1)),
        };
        self.tries(command);
    }

    /// What may make the phone dial once, if it is not refused.
    fn wishes_for(&mut self, command: Command) {
        self.wishes += 1;
        if !self.tries(command) {
            self.wishes -= 1;
        }
    }

    fn transfers(&mut self, call: CallId, choices: &mut Choices<'_>) {
        let to = if choices.flag() {
            TransferTo::Call(choices.latest(&self.calls).copied().unwrap_or(call))
        } else {
            TransferTo::Target("carol".into())
        };
        let progress = choices.flag();
        self.tries(Command::Transfer { call, to, headers: Vec::new(), progress });
    }

    fn begins_errand(&mut self, choices: &mut Choices<'_>) {
        let methods =
            [AskMethod::Message, AskMethod::Options, AskMethod::Subscribe, AskMethod::Publish];
        let id = ErrandId(self.agent.reserve_call().0);
        let ask = Ask {
            method: methods[choices.byte() % 4],
            target: choices.of(&TARGETS).copied().unwrap_or_default().to_owned(),
            event: ["message-summary", "dialog", "presence", "x"][choices.byte() % 4].into(),
            body: "hello".into(),
            ..Ask::default()
        };
        if self.tries(Command::Ask(id, Box::new(ask))) {
            self.errands.push(id);
        }
    }

    fn errand(&self, choices: &mut Choices<'_>) -> ErrandId {
        choices.latest(&self.errands).copied().unwrap_or(ErrandId(1))
    }

    fn dials(&mut self, choices: &mut Choices<'_>) {
        let call = self.agent.reserve_call();
        let target = choices.of(&TARGETS).copied().unwrap_or_default().to_owned();
        let how = choices.byte();
        let dial = Dial {
            target,
            info: (how & 1 == 1).then(|| "order 42 \u{260e}".to_owned()),
            headers: if how & 2 == 0 { vec![] } else { vec![("X-Id".into(), "7".into())] },
            display_name: (how & 4 == 4).then(|| "A \"B\" \\ C".to_owned()),
            anonymous: how & 8 == 8,
            token: (how & 0x30 == 0x30).then(|| OneTimeToken("t-1".into())),
            pickup: how & 64 == 64,
            from: (how & 128 == 128).then(|| "100".to_owned()),
        };
        self.wishes += 1;
        if self.tries(Command::Dial(call, dial)) {
            self.calls.push(call);
        }
    }

    fn registers(&mut self, choices: &mut Choices<'_>) {
        let how = choices.byte();
        let credential = match how % 4 {
            0 => Credential::Provider(ProviderId(1)),
            1 => Credential::Token(String::from_utf8_lossy(choices.bytes()).into_owned()),
            _ => Credential::Account(Box::new(Account {
                password: (how & 4 == 4).then(|| "another".to_owned()),
                register: how & 8 == 0,
                relay_only: how & 16 == 16,
                outbound_only: how & 32 == 32,
                bearer: (how & 64 == 64).then(|| "e30.e30.e30".to_owned()),
                ..account()
            })),
        };
        self.tries(Command::Register(credential));
    }

    pub(super) fn media_replies(&mut self, choices: &mut Choices<'_>) {
        if self.asked.is_empty() {
            return;
        }
        let asked = self.asked.remove(choices.byte() % self.asked.len());
        let how = choices.byte();
        let reply = match &asked.2 {
            _ if how % 8 == 7 => MediaReply::Failed(failure(how / 8)),
            MediaRequest::Offer { .. } | MediaRequest::Answer { .. } => {
                MediaReply::Sdp(SDP.to_owned())
            }
            _ => MediaReply::Done,
        };
        self.gives(Input::Media(asked.0, asked.1, reply));
    }

    pub(super) fn media_tells(&mut self, choices: &mut Choices<'_>) {
        let peers: Vec<_> = self.peers.keys().copied().collect();
        let Some(peer) = choices.latest(&peers).copied() else { return };
        self.gives(Input::MediaEvent(peer, media_event(choices.byte())));
    }

    pub(super) fn credential(&mut self, choices: &mut Choices<'_>) {
        if self.credentials.is_empty() {
            return;
        }
        let (account_id, ticket, _) =
            self.credentials.remove(choices.byte() % self.credentials.len());
        let reply = match choices.byte() % 5 {
            0 => CredentialReply::Token(String::from_utf8_lossy(choices.bytes()).into_owned()),
            1 => CredentialReply::Token("Bearer app:seat:uuid".into()),
            2 => CredentialReply::Account(Box::new(account()), Some(60)),
            3 => CredentialReply::Refused(401),
            _ => CredentialReply::Failed("no".into()),
        };
        self.gives(Input::Credential(account_id, ticket, reply));
    }

    /// Every peer does what it is asked, the link opens, the last request gets a 200.
    pub(super) fn all_goes_well(&mut self) {
        let mut replies = 0;
        while !self.asked.is_empty() && replies < 32 {
            replies += 1;
            let (peer, ticket, request) = self.asked.remove(0);
            let describes =
                matches!(request, MediaRequest::Offer { .. } | MediaRequest::Answer { .. });
            let reply = if describes { MediaReply::Sdp(SDP.to_owned()) } else { MediaReply::Done };
            self.gives(Input::Media(peer, ticket, reply));
            if describes {
                let line = CANDIDATE.to_owned();
                let candidate = cc_sdk::MediaEvent::Candidate { mid: "0".into(), line };
                self.gives(Input::MediaEvent(peer, candidate));
                self.gives(Input::MediaEvent(peer, cc_sdk::MediaEvent::GatheringDone));
                self.gives(Input::MediaEvent(peer, cc_sdk::MediaEvent::Connected));
            }
        }
        if let Some(flow) = self.flows.last().copied() {
            self.gives(Input::Link(flow, cc_sdk::LinkEvent::Opened));
        }
        self.takes_all();
    }
}

fn failure(n: usize) -> MediaFailure {
    match n % 4 {
        0 => MediaFailure::MicrophoneDenied,
        1 => MediaFailure::Insecure,
        2 => MediaFailure::Unsupported,
        _ => MediaFailure::Refused("no".into()),
    }
}

fn settings(choices: &mut Choices<'_>) -> Config {
    Config {
        calls_at_once: u32::try_from(choices.byte() % 5).unwrap_or_default(),
        rate_calls: 1000,
        wrap_up: choices.flag(),
        session_expires: [90, 0, 1800][choices.byte() % 3],
        accept_transfers: [AcceptTransfers::Ask, AcceptTransfers::Never][choices.byte() % 2],
        reliable_ringing: choices.flag(),
        auto_answer: [AutoAnswer::Never, AutoAnswer::Asked, AutoAnswer::After(2)]
            [choices.byte() % 3],
        ..Config::default()
    }
}

/// A call is taken or ended with headers and a reason.
fn with_words(call: CallId, choices: &mut Choices<'_>) -> Command {
    let words = Words {
        headers: vec![("X-Why".into(), "because".into())],
        reason: Some(String::from_utf8_lossy(choices.bytes()).into_owned()),
    };
    let command = match choices.byte() % 3 {
        0 => Command::Hangup(call),
        1 => Command::Reject(call, 486),
        _ => Command::Answer(call),
    };
    Command::With(words, Box::new(command))
}
