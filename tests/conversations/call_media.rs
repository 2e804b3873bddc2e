//! When the INVITE leaves, and with what (design.md §8); the microphone.

use std::time::Duration;

use cc_sdk::account::{Account, IceWait};
use cc_sdk::api::{CallId, Command, EndCause, EndedBy};
use cc_sdk::{IceServer, MediaEvent, MediaFailure, MediaReply, MediaRequest, PeerId};

use crate::call_play::*;
use crate::stage::{SDP, Stage, account};

const HOST: &str = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host generation 0";
const SECOND_HOST: &str = "candidate:9 1 udp 2113937150 198.51.100.1 50009 typ host generation 0";
const MDNS: &str = "candidate:2 1 udp 2113937151 4f3a-11.local 50001 typ host generation 0";
const TCP: &str = "candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active";
const SRFLX: &str =
    "candidate:4 1 udp 1677729535 203.0.113.9 50002 typ srflx raddr 192.0.2.1 rport 50000";
const RELAY: &str =
    "candidate:5 1 udp 41885695 203.0.113.77 50003 typ relay raddr 203.0.113.9 rport 50002";

#[test]
fn without_ice_servers_the_first_candidate_and_a_moment_of_quiet_are_enough() {
    let mut play = Gathering::of(account());
    play.stage.passes(ms(300)).says_nothing();
    play.finds(HOST).passes(ms(19)).says_nothing();
    play.finds(SECOND_HOST).passes(ms(19)).says_nothing();
    play.passes(ms(31)).says("INVITE");
    let body = play.stage.last.body();
    assert!(body.contains("m=audio 50000 ") && body.contains("c=IN IP4 192.0.2.1\r\n"), "{body}");
    assert!(body.contains(HOST) && body.contains(SECOND_HOST));
    assert!(body.contains("a=ice-options:trickle\r\n"));
    assert!(!body.contains("end-of-candidates"));
}

#[test]
fn an_endless_trickle_of_candidates_does_not_hold_the_invite_back() {
    let mut play = Gathering::of(account());
    for port in 0..26 {
        play.finds(&HOST.replace("50000", &(50000 + port).to_string())).passes(ms(20));
    }
    play.says("INVITE");
}

#[test]
fn the_end_of_gathering_is_enough_at_once() {
    let mut play = Gathering::of(with_stun());
    play.finds(HOST).passes(ms(10)).says_nothing();
    play.gathered_all().says("INVITE");
    assert!(play.stage.last.body().contains("a=end-of-candidates\r\n"));
}

#[test]
fn with_a_stun_server_the_first_candidate_from_it_is_enough() {
    let mut play = Gathering::of(with_stun());
    play.finds(HOST).passes(ms(400)).says_nothing();
    play.finds(SRFLX).says("INVITE");
    let body = play.stage.last.body();
    assert!(body.contains("m=audio 50002 ") && body.contains("c=IN IP4 203.0.113.9\r\n"), "{body}");
}

#[test]
fn a_silent_stun_server_costs_half_a_second() {
    let mut play = Gathering::of(with_stun());
    play.finds(HOST).passes(ms(499)).says_nothing();
    play.passes(ms(1)).says("INVITE");
}

#[test]
fn the_account_can_set_the_wait() {
    let mut play = Gathering::of(Account { ice_wait_ms: Some(100), ..with_stun() });
    play.finds(HOST).passes(ms(99)).says_nothing();
    play.passes(ms(1)).says("INVITE");
    let mut play = Gathering::of(Account { ice_wait: Some(IceWait::First), ..with_stun() });
    play.finds(HOST).passes(ms(50)).says("INVITE");
    let mut play = Gathering::of(Account { ice_wait: Some(IceWait::Complete), ..account() });
    play.finds(HOST).passes(ms(2000)).says_nothing();
    play.gathered_all().says("INVITE");
}

#[test]
fn with_relays_only_nothing_else_counts() {
    let mut play = Gathering::of(Account { relay_only: true, ..with_stun() });
    let relays_only = |it: &MediaRequest| matches!(it, MediaRequest::Open { relay_only: true, .. });
    assert!(relays_only(&play.open));
    play.finds(SRFLX).passes(ms(2000)).says_nothing();
    play.finds(RELAY).says("INVITE");
    assert!(play.stage.last.body().contains("m=audio 50003 "));
}

#[test]
fn names_of_the_local_network_and_tcp_do_not_count() {
    let mut play = Gathering::of(account());
    play.finds(MDNS).finds(TCP).passes(ms(4999)).says_nothing();
    play.passes(ms(1)).says_nothing();
    let reason = ends_with(&mut play.stage, EndedBy::System, EndCause::MediaFailed);
    assert_eq!(reason.code.as_deref(), Some("no-candidates"));
    assert_eq!(statuses(&play.stage), []);
}

#[test]
fn nothing_at_the_cap_waits_on_for_what_comes() {
    let mut play = Gathering::of(with_stun());
    play.passes(ms(3000)).says_nothing();
    play.finds(HOST).says("INVITE");
}

#[test]
fn a_gathering_that_ends_with_nothing_ends_the_call() {
    let mut play = Gathering::of(account());
    play.finds(MDNS).gathered_all().says_nothing();
    let reason = ends_with(&mut play.stage, EndedBy::System, EndCause::MediaFailed);
    assert_eq!(reason.code.as_deref(), Some("no-candidates"));
}

#[test]
fn candidates_that_came_with_the_description_count() {
    let mut play = Gathering::with(account(), &[SDP, "a=", HOST, "\r\n"].concat());
    play.passes(ms(50)).says("INVITE");
    assert_eq!(play.stage.last.body().matches(HOST).count(), 1);
}

#[test]
fn the_servers_of_the_account_are_the_peers() {
    let play = Gathering::of(with_stun());
    let MediaRequest::Open { call, ice_servers, relay_only, take_over } = &play.open else {
        panic!("{:?}", play.open)
    };
    assert_eq!((*call, ice_servers), (play.call, &with_stun().ice_servers));
    assert_eq!((*relay_only, *take_over), (false, None));
}

#[test]
fn every_failure_of_the_microphone_has_its_code() {
    for failure in [
        MediaFailure::MicrophoneDenied,
        MediaFailure::MicrophonePolicy,
        MediaFailure::MicrophoneMissing,
        MediaFailure::MicrophoneBusy,
        MediaFailure::Unsupported,
        MediaFailure::Insecure,
    ] {
        let mut stage = phone();
        stage.media_by_hand();
        stage.dials("bob");
        let open = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
        let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
        stage.replies(open, MediaReply::Failed(failure.clone()));
        let reason = ends_with(&mut stage, EndedBy::System, EndCause::MediaFailed);
        assert_eq!(reason.code.as_deref(), Some(failure.code()));
        assert_eq!(statuses(&stage), []);
        stage.forgets();
        // The second of the two fails with it, and nobody is told twice.
        stage.replies(offer, MediaReply::Failed(failure)).tells_nothing().says_nothing();
        // The phone can be used again at once.
        let again = stage.dials("bob");
        stage.does(Command::Hangup(again));
    }
}

#[test]
fn an_answer_that_the_browser_refuses_ends_the_call() {
    let mut stage = phone();
    stage.media_by_hand();
    let mut play = Gathering::on(stage, SDP);
    play.finds(HOST).gathered_all().says("INVITE");
    let stage = &mut play.stage;
    stage.hears(stage.last.answer_with_sdp(200, crate::stage::FAR_SDP)).says("ACK");
    let apply = stage.asks(|it| matches!(it, MediaRequest::Apply { .. }));
    stage.replies(apply, MediaReply::Failed(MediaFailure::Refused("bad".into()))).says("BYE");
    let reason = ends_with(stage, EndedBy::System, EndCause::MediaFailed);
    assert_eq!(reason.code.as_deref(), Some("media-failed"));
    assert_eq!(statuses(stage), [1, 5]);
}

#[test]
fn an_answer_to_nothing_asked_is_a_fault_of_the_sdk() {
    let mut stage = phone();
    stage.media_by_hand();
    stage.dials("bob");
    let _ = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
    let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
    stage.replies(offer, MediaReply::Done);
    ends_with(&mut stage, EndedBy::System, EndCause::Internal);
}

#[test]
fn a_link_lost_while_candidates_are_gathered_delays_the_invite() {
    let mut play = Gathering::of(account());
    play.stage.loses_link();
    play.finds(HOST).gathered_all().says_nothing();
    play.passes(Duration::from_secs(5));
    play.stage.opens().says("REGISTER").hears_answer(200).says("INVITE");
}

/// An outgoing call whose candidates the script finds.
struct Gathering {
    stage: Stage,
    call: CallId,
    peer: PeerId,
    open: MediaRequest,
}

impl Gathering {
    #[track_caller]
    fn of(account: Account) -> Self {
        Self::with(account, SDP)
    }

    #[track_caller]
    fn with(account: Account, sdp: &str) -> Self {
        let mut stage = phone_as(account);
        stage.media_by_hand();
        Self::on(stage, sdp)
    }

    #[track_caller]
    fn on(mut stage: Stage, sdp: &str) -> Self {
        let call = stage.dials("bob");
        let open = stage.asked[0].2.clone();
        let opened = stage.asks(|it| matches!(it, MediaRequest::Open { .. }));
        let offer = stage.asks(|it| matches!(it, MediaRequest::Offer { .. }));
        stage.replies(opened, MediaReply::Done).replies(offer, MediaReply::Sdp(sdp.to_owned()));
        Self { stage, call, peer: opened.0, open }
    }

    #[track_caller]
    fn finds(&mut self, line: &str) -> &mut Self {
        let (mid, line) = ("0".to_owned(), line.to_owned());
        self.stage.peer_tells(self.peer, MediaEvent::Candidate { mid, line });
        self
    }

    #[track_caller]
    fn gathered_all(&mut self) -> &mut Stage {
        self.stage.peer_tells(self.peer, MediaEvent::GatheringDone)
    }

    #[track_caller]
    fn passes(&mut self, time: Duration) -> &mut Stage {
        self.stage.passes(time)
    }

    #[track_caller]
    fn says(&mut self, what: &str) -> &mut Stage {
        self.stage.says(what)
    }
}

fn with_stun() -> Account {
    let urls = vec!["stun:stun.example.com".into()];
    let ice_servers = vec![IceServer { urls, username: None, credential: None }];
    Account { ice_servers, ..account() }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
