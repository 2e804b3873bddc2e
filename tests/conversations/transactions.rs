//! Transactions with a far side, RFC 3261 §17 and RFC 6026, over reliable transport.

use std::time::Duration;

use cc_sdk::sip::{Method, Reply, Request};
use cc_sdk::transaction::{Arrived, Heard, Lost, LostWhy, T1, TransactionId, Transactions};
use cc_sdk::{FlowId, Ids, Time};

use crate::far::{Far, Wire, print};

const FLOW: FlowId = FlowId(1);
const PATIENCE: Duration = Duration::from_secs(32);

/// Transactions, a clock, and what left.
struct Table {
    transactions: Transactions<&'static str>,
    ids: Ids,
    now: Time,
    sent: Sent,
}

#[derive(Default)]
struct Sent(Vec<Wire>);

impl cc_sdk::transaction::Wire for Sent {
    fn transmit(&mut self, _flow: FlowId, bytes: Vec<u8>) {
        self.0.push(Wire::from(bytes));
    }
}

impl Table {
    fn new() -> Self {
        Self::over(Transactions::new())
    }

    fn over(transactions: Transactions<&'static str>) -> Self {
        let now = Time::from_epoch(Duration::from_secs(1000));
        Self { transactions, ids: Ids::new([1; 32]), now, sent: Sent::default() }
    }

    fn asks(&mut self, request: Request) -> TransactionId {
        let sent = &mut self.sent;
        self.transactions
            .request(self.now, FLOW, request, "WSS a.invalid", "owner", &mut self.ids, sent)
            .expect("the request can be printed")
    }

    fn hears(&mut self, message: &Wire) -> Heard<&'static str> {
        self.transactions.on_response(self.now, FLOW, &message.message(), &mut self.sent)
    }

    fn takes(&mut self, message: &Wire) -> Arrived<&'static str> {
        self.transactions.on_request(self.now, FLOW, &message.message(), &mut self.sent)
    }

    #[track_caller]
    fn takes_new(&mut self, message: &Wire) -> TransactionId {
        match self.takes(message) {
            Arrived::New(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn answers(&mut self, server: TransactionId, request: &Wire, status: u16) {
        let response = Reply::of(&request.message()).tag("us").response(status);
        self.transactions
            .respond(self.now, server, &response, &mut self.sent)
            .expect("the response can be printed");
    }

    /// Lets time pass, stopping at every deadline on the way.
    fn passes(&mut self, time: Duration) -> Vec<Lost<&'static str>> {
        let end = self.now + time;
        let mut lost = Vec::new();
        while let Some(due) = self.transactions.next_timeout().filter(|due| *due <= end) {
            self.now = due;
            lost.extend(self.transactions.on_timeout(due, &mut self.sent));
        }
        self.now = end;
        lost
    }

    #[track_caller]
    fn says(&mut self, what: &str) -> Wire {
        assert!(!self.sent.0.is_empty(), "nothing is said, not {what}");
        let said = self.sent.0.remove(0);
        assert_eq!(said.what(what), what, "{said}");
        said
    }

    #[track_caller]
    fn says_nothing(&self) {
        assert!(self.sent.0.is_empty(), "{}", self.sent.0[0]);
    }
}

fn request(method: Method) -> Request {
    let mut request = Request::new(method, "sip:bob@example.com");
    let cseq = format!("7 {}", request.method);
    request
        .headers
        .push("From", "<sip:alice@example.com>;tag=alice")
        .push("To", "<sip:bob@example.com>")
        .push("Call-ID", "a-call")
        .push("CSeq", cseq)
        .push("Route", "<sip:edge.example.com;lr>");
    request
}

#[test]
fn a_request_leaves_with_our_via_on_top() {
    let mut table = Table::new();
    let mut options = request(Method::Options);
    options.headers.push("Via", "SIP/2.0/WS further.invalid;branch=z9hG4bKfurther");
    let id = table.asks(options);
    let sent = table.says("OPTIONS");
    let vias = sent.message();
    let vias = vias.vias().unwrap();
    assert_eq!(vias.len(), 2);
    assert_eq!((vias[0].transport(), vias[0].host()), ("WSS", "a.invalid"));
    assert!(vias[0].branch().unwrap().starts_with("z9hG4bK"));
    // What is kept to be sent again is without it.
    let kept = table.transactions.sent(id).unwrap();
    assert_eq!(kept.headers.get_all("Via").count(), 1);
}

#[test]
fn a_line_break_in_a_header_sends_nothing() {
    let mut table = Table::new();
    let mut options = request(Method::Options);
    options.headers.push("Subject", "a\r\nb: c");
    let sent = &mut table.sent;
    let refused = table.transactions.request(
        table.now,
        FLOW,
        options,
        "WSS a",
        "owner",
        &mut table.ids,
        sent,
    );
    assert!(refused.is_err());
    table.says_nothing();
    assert!(table.transactions.is_empty());
}

#[test]
fn the_final_answer_is_delivered_once_and_its_request_can_be_sent_again() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Register));
    let sent = table.says("REGISTER");
    assert_eq!(table.hears(&sent.answer(401)), Heard::Deliver { id, owner: "owner" });
    assert_eq!(table.hears(&sent.answer(401)), Heard::Stray);
    assert_eq!(table.transactions.sent(id).unwrap().uri, "sip:bob@example.com");
    assert_eq!(table.transactions.next_timeout(), None);
}

#[test]
fn silence_for_32_seconds_times_out() {
    for method in [Method::Invite, Method::Bye] {
        let mut table = Table::new();
        let id = table.asks(request(method));
        assert_eq!(table.passes(Duration::from_millis(31_999)), []);
        let lost = Lost { id, owner: Some("owner"), why: LostWhy::Timeout };
        assert_eq!(table.passes(T1), [lost]);
        assert!(table.transactions.is_empty());
    }
}

#[test]
fn a_lost_flow_ends_what_was_asked_on_it_and_nothing_else() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Invite));
    let other = FlowId(2);
    let sent = &mut table.sent;
    let bye = request(Method::Bye);
    let stays = table
        .transactions
        .request(table.now, other, bye, "WSS a", "other", &mut table.ids, sent)
        .unwrap();
    let lost = Lost { id, owner: Some("owner"), why: LostWhy::Transport };
    assert_eq!(table.transactions.on_flow_lost(FLOW), [lost]);
    assert!(!table.transactions.is_open(id));
    assert!(table.transactions.is_open(stays));
}

#[test]
fn an_answer_on_another_flow_is_a_stray() {
    let mut table = Table::new();
    table.asks(request(Method::Bye));
    let answer = table.says("BYE").answer(200);
    let heard =
        table.transactions.on_response(table.now, FlowId(9), &answer.message(), &mut table.sent);
    assert_eq!(heard, Heard::Stray);
}

#[test]
fn busy_is_acknowledged_by_the_transaction() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Invite));
    let invite = table.says("INVITE");
    assert_eq!(table.hears(&invite.answer(486)), Heard::Deliver { id, owner: "owner" });
    let ack = table.says("ACK");
    assert_eq!(ack.header("Via"), invite.header("Via"));
    assert_eq!(ack.header("To"), "<sip:bob@example.com>;tag=far");
    assert_eq!(ack.header("CSeq"), "7 ACK");
    assert_eq!(ack.header("Route"), "<sip:edge.example.com;lr>");
    ack.message().check().unwrap();
    assert!(table.transactions.is_empty());
}

#[test]
fn a_2xx_and_those_of_forks_are_delivered_until_timer_m() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Invite));
    let invite = table.says("INVITE");
    let deliver = Heard::Deliver { id, owner: "owner" };
    assert_eq!(table.hears(&invite.answer(200)), deliver);
    assert_eq!(table.passes(Duration::from_secs(31)), []);
    assert_eq!(table.hears(&invite.answer(200)), deliver);
    assert_eq!(table.passes(Duration::from_secs(2)), []);
    assert_eq!(table.hears(&invite.answer(200)), Heard::Stray);
    table.says_nothing();
}

#[test]
fn a_cancel_waits_for_a_provisional_answer() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Invite));
    let invite = table.says("INVITE");
    let reason = [("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"")];
    table.transactions.cancel(table.now, id, &reason, &mut table.sent);
    table.says_nothing();
    table.hears(&invite.answer(100));
    let cancel = table.says("CANCEL");
    assert_eq!(cancel.header("Via"), invite.header("Via"));
    assert_eq!(cancel.header("To"), invite.header("To"));
    assert_eq!(cancel.header("CSeq"), "7 CANCEL");
    assert_eq!(cancel.header("Reason"), reason[0].1);
    cancel.message().check().unwrap();
    assert_eq!(table.hears(&cancel.answer(200)), Heard::Absorbed);
    assert_eq!(table.hears(&invite.answer(487)), Heard::Deliver { id, owner: "owner" });
    table.says("ACK");
}

#[test]
fn a_cancel_after_the_answer_is_not_sent() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Invite));
    let invite = table.says("INVITE");
    table.hears(&invite.answer(200));
    table.transactions.cancel(table.now, id, &[], &mut table.sent);
    table.says_nothing();
}

#[test]
fn a_far_side_that_ignores_the_cancel_is_given_up() {
    let mut table = Table::new();
    let id = table.asks(request(Method::Invite));
    let invite = table.says("INVITE");
    table.hears(&invite.answer(180));
    assert_eq!(table.passes(Duration::from_secs(120)), []);
    table.transactions.cancel(table.now, id, &[], &mut table.sent);
    let lost = Lost { id, owner: Some("owner"), why: LostWhy::Timeout };
    assert_eq!(table.passes(PATIENCE), [lost]);
}

#[test]
fn an_invite_that_nobody_answers_at_once_gets_a_100() {
    let mut table = Table::new();
    let invite = Far::calling("sip:alice@example.com").invite("");
    table.takes_new(&invite);
    table.passes(Duration::from_millis(199));
    table.says_nothing();
    table.passes(Duration::from_millis(1));
    let trying = table.says("100");
    assert_eq!(trying.header("Via"), invite.header("Via"));
}

#[test]
fn a_repeated_invite_is_answered_as_before() {
    let mut table = Table::new();
    let invite = Far::calling("sip:alice@example.com").invite("");
    let server = table.takes_new(&invite);
    table.answers(server, &invite, 180);
    table.says("180");
    assert_eq!(table.takes(&invite), Arrived::Absorbed);
    table.says("180");
}

#[test]
fn a_refused_invite_waits_for_its_ack() {
    let mut table = Table::new();
    let mut bob = Far::calling("sip:alice@example.com");
    let invite = bob.invite("");
    let server = table.takes_new(&invite);
    table.answers(server, &invite, 486);
    table.says("486");
    table.answers(server, &invite, 200);
    table.says_nothing();
    assert_eq!(table.takes(&bob.ack_of_refusal()), Arrived::Absorbed);
    assert!(table.transactions.is_empty());
}

#[test]
fn a_refusal_that_is_never_acknowledged_is_told_to_its_adopter() {
    let mut table = Table::new();
    let invite = Far::calling("sip:alice@example.com").invite("");
    let server = table.takes_new(&invite);
    table.transactions.adopt(server, "call");
    table.answers(server, &invite, 603);
    let lost = Lost { id: server, owner: Some("call"), why: LostWhy::NoAck };
    assert_eq!(table.passes(PATIENCE), [lost]);
}

#[test]
fn the_ack_of_a_2xx_goes_to_the_dialog() {
    let mut table = Table::new();
    let mut bob = Far::calling("sip:alice@example.com");
    let invite = bob.invite("");
    let server = table.takes_new(&invite);
    table.answers(server, &invite, 200);
    table.says("200 INVITE");
    // Its owner says it again until the ACK is there.
    table.answers(server, &invite, 200);
    table.says("200 INVITE");
    assert_eq!(table.takes(&invite), Arrived::Absorbed);
    table.says("200 INVITE");
    assert_eq!(table.takes(&bob.request(Method::Ack)), Arrived::Ack);
    assert_eq!(table.passes(PATIENCE), []);
    assert!(table.transactions.is_empty());
}

#[test]
fn a_cancel_finds_its_invite_and_who_adopted_it() {
    let mut table = Table::new();
    let mut bob = Far::calling("sip:alice@example.com");
    let invite = bob.invite("");
    let server = table.takes_new(&invite);
    table.transactions.adopt(server, "call");
    let cancel = bob.request(Method::Cancel);
    let Arrived::Cancel { cancel: id, invite: found, owner } = table.takes(&cancel) else {
        panic!("a CANCEL is not taken for one")
    };
    assert_eq!((found, owner), (Some(server), Some("call")));
    assert!(table.transactions.is_pending(server));
    table.answers(id, &cancel, 200);
    table.answers(server, &invite, 487);
    table.says("200 CANCEL");
    table.says("487 INVITE");
    assert!(!table.transactions.is_pending(server));
}

#[test]
fn a_cancel_without_an_invite_finds_none() {
    let mut table = Table::new();
    let cancel = Far::calling("sip:alice@example.com").request(Method::Cancel);
    assert!(matches!(table.takes(&cancel), Arrived::Cancel { invite: None, owner: None, .. }));
}

#[test]
fn the_same_request_by_another_way_is_merged() {
    let mut table = Table::new();
    let mut bob = Far::calling("sip:alice@example.com");
    let first = bob.build(Method::Invite);
    let mut second = first.clone();
    second.headers.set("Via", "SIP/2.0/WSS other.example.com;branch=z9hG4bKother");
    let first = table.takes_new(&print(&first));
    assert!(!table.transactions.is_merged(first, |_| true));
    let second = table.takes_new(&print(&second));
    assert!(table.transactions.is_merged(second, |_| true));
    assert!(!table.transactions.is_merged(second, |_| false), "the first is another phone's");
}

#[test]
fn a_branch_of_rfc_2543_is_recognised_by_the_request() {
    let mut table = Table::new();
    let mut invite = Far::calling("sip:alice@example.com").build(Method::Invite);
    invite.headers.set("Via", "SIP/2.0/WSS old.example.com;branch=1");
    let invite = print(&invite);
    table.takes_new(&invite);
    assert_eq!(table.takes(&invite), Arrived::Absorbed);
    let mut another = Far::carol("sip:alice@example.com").build(Method::Invite);
    another.headers.set("Via", "SIP/2.0/WSS old.example.com;branch=1");
    table.takes_new(&print(&another));
}

#[test]
fn a_lost_flow_is_told_to_who_adopted_a_ringing_invite() {
    let mut table = Table::new();
    let invite = Far::calling("sip:alice@example.com").invite("");
    let server = table.takes_new(&invite);
    table.transactions.adopt(server, "call");
    let lost = Lost { id: server, owner: Some("call"), why: LostWhy::Transport };
    assert_eq!(table.transactions.on_flow_lost(FLOW), [lost]);
    table.answers(server, &invite, 200);
    table.says_nothing();
}

#[test]
fn requests_beyond_the_cap_of_a_flow_get_503_and_leave_nothing_behind() {
    let mut table = Table::over(Transactions::capped(3));
    let mut bob = Far::calling("sip:alice@example.com");
    for _ in 0..3 {
        table.takes_new(&bob.request(Method::Info));
    }
    assert_eq!(table.takes(&bob.request(Method::Info)), Arrived::Absorbed);
    assert_eq!(table.says("503").header("Retry-After"), "5");
    assert_eq!(table.transactions.len(), 3);
    // Another flow is none the worse for it.
    let info = bob.request(Method::Info);
    let other =
        table.transactions.on_request(table.now, FlowId(2), &info.message(), &mut table.sent);
    assert!(matches!(other, Arrived::New(_)));
}

#[test]
fn a_request_that_nobody_answers_is_forgotten_without_a_word() {
    let mut table = Table::new();
    table.takes_new(&Far::calling("sip:alice@example.com").request(Method::Info));
    assert_eq!(table.passes(PATIENCE), []);
    table.says_nothing();
    assert!(table.transactions.is_empty());
}

#[test]
fn a_stray_answer_changes_nothing() {
    let mut table = Table::new();
    let stray = Far::calling("sip:alice@example.com").request(Method::Bye).answer(200);
    assert_eq!(table.hears(&stray), Heard::Stray);
    table.says_nothing();
}

#[test]
fn an_acknowledged_2xx_is_not_said_again() {
    let mut table = Table::new();
    let mut bob = Far::calling("sip:alice@example.com");
    let invite = bob.invite("");
    let server = table.takes_new(&invite);
    table.answers(server, &invite, 200);
    table.says("200");
    assert_eq!(table.takes(&invite), Arrived::Absorbed);
    table.says("200");
    assert_eq!(table.takes(&bob.request(Method::Ack)), Arrived::Ack);
    assert_eq!(table.takes(&invite), Arrived::Absorbed);
    table.says_nothing();
}
