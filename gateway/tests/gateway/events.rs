//! What seats are told of each other: RFC 6665 with presence, dialogs and waiting messages, and
//! PUBLISH (RFC 3903); messages between seats (RFC 3428).

use std::time::Duration;

use cc_sdk::FlowId;

use crate::phone::{Heard, Phone};
use crate::stage::{Stage, proxy};

const SECOND: Duration = Duration::from_secs(1);

struct World {
    stage: Stage,
    alice: Phone,
    on: FlowId,
    token: String,
}

/// Alice is here.
fn alice() -> World {
    let mut stage = Stage::new();
    let (alice, on, token) = stage.registers("alice", "a");
    World { stage, alice, on, token }
}

impl World {
    fn asks(&mut self, method: &str, target: &str, lines: &str, body: &str) {
        let lines = format!("{}\n{lines}", proxy(&self.token));
        let request = self.alice.ask(method, target, &lines, body);
        self.stage.sends(self.on, request);
    }

    /// Alice watches; the answer, and the first NOTIFY, which she takes.
    #[track_caller]
    fn watches(&mut self, target: &str, event: &str) -> (Heard, Heard) {
        self.asks("SUBSCRIBE", target, &format!("Event: {event}\nExpires: 600"), "");
        let mut heard = self.stage.hears(self.on);
        assert_eq!(heard.iter().map(Heard::what).collect::<Vec<_>>(), ["200", "NOTIFY"]);
        let notify = heard.pop().unwrap();
        self.takes(&notify);
        (heard.pop().unwrap(), notify)
    }

    fn takes(&mut self, notify: &Heard) {
        let answer = self.alice.answer(200, notify, "");
        self.stage.sends(self.on, answer);
    }

    #[track_caller]
    fn is_told(&mut self) -> Heard {
        let notify = self.stage.hears_one(self.on, "NOTIFY");
        self.takes(&notify);
        notify
    }
}

#[test]
fn presence_is_whether_a_seat_is_registered() {
    let mut world = alice();
    let (answer, first) = world.watches("bob", "presence;id=3");
    assert_eq!(answer.header("Expires"), "600");
    assert_eq!(first.header("Event"), "presence;id=3");
    assert_eq!(first.header("Subscription-State"), "active;expires=600");
    assert_eq!(first.header("Content-Type"), "application/pidf+xml");
    assert!(first.body().contains("<basic>closed</basic>"), "{}", first.body());
    let (_, on, _) = world.stage.registers("bob", "b");
    assert!(world.is_told().body().contains("<basic>open</basic>"));
    world.stage.closes(on);
    assert!(world.is_told().body().contains("<basic>closed</basic>"));
}

#[test]
fn a_lamp_shows_that_a_seat_rings_and_talks() {
    let mut world = alice();
    let (bob, bobs, _) = world.stage.registers("bob", "b");
    let (mut carol, carols, token) = world.stage.registers("carol", "c");
    let (_, first) = world.watches("bob", "dialog");
    assert!(first.body().contains("version=\"0\" state=\"full\""), "{}", first.body());
    assert!(!first.body().contains("<dialog "), "{}", first.body());
    world.stage.sends(carols, carol.invite("bob", &proxy(&token)));
    let invite = world.stage.hears_one(bobs, "INVITE");
    world.stage.sends(bobs, bob.answer(180, &invite, ""));
    let early = world.is_told().body();
    assert!(early.contains("version=\"1\"") && early.contains("<state>early</state>"), "{early}");
    assert!(early.contains("direction=\"recipient\""), "{early}");
    assert!(early.contains("sip:carol@localhost"), "{early}");
    world.stage.sends(bobs, bob.answer(200, &invite, ""));
    assert!(world.is_told().body().contains("<state>confirmed</state>"));
    let ok = world.stage.hears(carols).pop().unwrap();
    world.stage.sends(carols, carol.within("ACK", &ok, "", ""));
    world.stage.sends(carols, carol.within("BYE", &ok, "", ""));
    assert!(!world.is_told().body().contains("<dialog "));
}

#[test]
fn waiting_messages_are_told_to_their_seat_only() {
    let mut world = alice();
    let (_, first) = world.watches("alice", "message-summary");
    assert!(first.body().starts_with("Messages-Waiting: yes\r\n"));
    world.asks("SUBSCRIBE", "bob", "Event: message-summary", "");
    world.stage.hears_one(world.on, "403");
}

#[test]
fn a_subscription_is_refreshed_and_ended() {
    let mut world = alice();
    let (answer, _) = world.watches("bob", "presence");
    let refresh = world.alice.within("SUBSCRIBE", &answer, "Event: presence\nExpires: 900", "");
    world.stage.sends(world.on, refresh);
    let heard = world.stage.hears(world.on);
    assert_eq!(heard[0].header("Expires"), "900");
    assert_eq!(heard[1].header("Subscription-State"), "active;expires=900");
    world.takes(&heard[1]);
    let end = world.alice.within("SUBSCRIBE", &answer, "Event: presence\nExpires: 0", "");
    world.stage.sends(world.on, end);
    let heard = world.stage.hears(world.on);
    let last = heard.last().unwrap();
    assert_eq!(last.header("Subscription-State"), "terminated;reason=timeout");
    world.stage.registers("bob", "b");
    assert!(world.stage.hears(world.on).is_empty());
}

#[test]
fn a_subscription_ends_with_its_time_and_with_a_watcher_that_forgot_it() {
    let mut world = alice();
    world.watches("bob", "presence");
    world.stage.passes(599 * SECOND);
    world.stage.hears(world.on);
    world.stage.passes(2 * SECOND);
    let last = world.stage.hears_one(world.on, "NOTIFY");
    assert_eq!(last.header("Subscription-State"), "terminated;reason=timeout");
    let mut world = alice();
    world.watches("bob", "presence");
    let (_, on, _) = world.stage.registers("bob", "b");
    let notify = world.stage.hears_one(world.on, "NOTIFY");
    world.stage.sends(world.on, world.alice.answer(481, &notify, ""));
    world.stage.closes(on);
    assert!(world.stage.hears(world.on).is_empty());
}

#[test]
fn strange_wishes_are_refused() {
    let mut world = alice();
    world.asks("SUBSCRIBE", "bob", "Event: weather", "");
    assert!(world.stage.hears_one(world.on, "489").header("Allow-Events").contains("dialog"));
    world.asks("SUBSCRIBE", "bob", "", "");
    world.stage.hears_one(world.on, "489");
    world.asks("SUBSCRIBE", "bob", "Event: dialog\nExpires: 5", "");
    assert_eq!(world.stage.hears_one(world.on, "423").header("Min-Expires"), "60");
    world.asks("SUBSCRIBE", "nobody", "Event: dialog", "");
    world.stage.hears_one(world.on, "404");
    let request = world.alice.ask("SUBSCRIBE", "bob", "Event: dialog", "");
    world.stage.sends(world.on, request);
    world.stage.hears_one(world.on, "407");
}

#[test]
fn what_a_seat_publishes_is_told_instead() {
    let mut world = alice();
    let (_, first) = world.watches("alice", "presence");
    assert!(first.body().contains("<basic>open</basic>"));
    let pidf = |note: &str| format!("<presence><note>{note}</note></presence>");
    let publish = |world: &mut World, lines: &str, body: &str| {
        let lines = format!("{}\nEvent: presence\n{lines}", proxy(&world.token));
        let request = world.alice.ask("PUBLISH", "alice", &lines, body);
        let request = request.replace("text/plain", "application/pidf+xml");
        world.stage.sends(world.on, request);
        world.stage.hears(world.on)
    };
    let heard = publish(&mut world, "Expires: 600", &pidf("at lunch"));
    let etag = heard[0].header("SIP-ETag");
    assert_eq!((heard[0].what().as_str(), heard[1].what().as_str()), ("200", "NOTIFY"));
    assert!(heard[1].body().contains("at lunch"));
    world.takes(&heard[1]);
    // A refresh tells nobody anything.
    let heard = publish(&mut world, &format!("SIP-If-Match: {etag}"), "");
    assert_eq!(heard.iter().map(Heard::what).collect::<Vec<_>>(), ["200"]);
    let newer = heard[0].header("SIP-ETag");
    let heard = publish(&mut world, &format!("SIP-If-Match: {etag}"), &pidf("old"));
    assert_eq!(heard[0].what(), "412");
    let heard = publish(&mut world, &format!("SIP-If-Match: {newer}\nExpires: 0"), "");
    assert_eq!(heard[0].what(), "200");
    assert!(heard[1].body().contains("<basic>open</basic>"));
    world.asks("PUBLISH", "bob", "Event: presence", "x");
    world.stage.hears_one(world.on, "403");
    world.asks("PUBLISH", "alice", "Event: dialog", "x");
    world.stage.hears_one(world.on, "489");
    world.asks("PUBLISH", "alice", "Event: presence", "x");
    world.stage.hears_one(world.on, "415");
}

#[test]
fn a_watcher_who_is_gone_is_told_nothing() {
    let mut world = alice();
    world.watches("bob", "presence");
    world.stage.closes(world.on);
    world.stage.registers("bob", "b");
    assert!(world.stage.hears(world.on).is_empty());
    world.stage.passes(3700 * SECOND);
}

#[test]
fn a_message_passes_between_seats_with_its_answer() {
    let mut world = alice();
    let (bob, bobs, _) = world.stage.registers("bob", "b");
    world.asks("MESSAGE", "bob", "", "hello");
    let message = world.stage.hears_one(bobs, "MESSAGE");
    assert_eq!(message.body(), "hello");
    assert_eq!(message.header("Proxy-Authorization"), "");
    world.stage.sends(bobs, bob.answer(200, &message, ""));
    world.stage.hears_one(world.on, "200");
    world.asks("MESSAGE", "carol", "", "hello");
    world.stage.hears_one(world.on, "480");
}
