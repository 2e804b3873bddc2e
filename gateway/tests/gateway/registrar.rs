//! The registrar: RFC 3261 §10.3, RFC 5626 §6.

use std::time::Duration;

use crate::phone::Phone;
use crate::stage::{Stage, proxy};

#[test]
fn a_phone_with_two_flows_rings_once_and_still_does_when_one_is_gone() {
    let mut stage = Stage::new();
    let token = stage.token("bob");
    let flows = [1, 2].map(|reg_id| {
        let flow = stage.opens();
        let mut bob = Phone::new("bob", &format!("b{reg_id}"));
        let contact =
            format!("Contact: <{}>;reg-id={reg_id};+sip.instance=\"<urn:uuid:1>\"", bob.contact());
        let register = bob.register_as(&format!("{contact}\nAuthorization: {token}"));
        stage.sends(flow, register);
        stage.hears_one(flow, "200");
        flow
    });
    let (mut alice, at_alice, alices) = stage.registers("alice", "a");
    stage.sends(at_alice, alice.invite("bob", &proxy(&alices)));
    assert!(stage.hears(flows[0]).is_empty());
    stage.hears_one(flows[1], "INVITE");
    stage.closes(flows[1]);
    stage.sends(at_alice, alice.invite("bob", &proxy(&alices)));
    stage.hears_one(flows[0], "INVITE");
}

#[test]
fn a_seat_may_have_several_contacts_and_each_answer_lists_them() {
    let mut stage = Stage::new();
    let token = stage.token("alice");
    stage.registers_with("alice", "one", &token);
    let flow = stage.opens();
    let mut second = Phone::new("alice", "two");
    stage.sends(flow, second.register(&format!("Authorization: {token}\nExpires: 300")));
    let ok = stage.hears_one(flow, "200");
    let contacts = ok.all("Contact");
    assert!(contacts[0].contains("one.invalid") && contacts[0].ends_with("expires=600"));
    assert!(contacts[1].contains("two.invalid") && contacts[1].ends_with("expires=300"));
}

#[test]
fn a_contact_is_forgotten_when_its_time_is_over() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    stage.registers("bob", "b");
    stage.passes(Duration::from_secs(601));
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    stage.hears_one(on, "480");
}

#[test]
fn a_registration_does_not_outlive_its_token() {
    let mut stage = Stage::new();
    let flow = stage.opens();
    let now = u64::try_from(stage.now.since_epoch().as_millis()).unwrap();
    let token = stage.authority.opaque.issue("alice", 90, now);
    stage.sends(flow, Phone::new("alice", "a").register(&format!("Authorization: Bearer {token}")));
    assert!(stage.hears_one(flow, "200").header("Contact").ends_with("expires=90"));
}

#[test]
fn a_lifetime_that_is_too_short_is_answered_423_with_the_shortest_one() {
    let mut stage = Stage::new();
    let (flow, token) = (stage.opens(), stage.token("alice"));
    let lines = format!("Authorization: {token}\nExpires: 5");
    stage.sends(flow, Phone::new("alice", "a").register(&lines));
    assert_eq!(stage.hears_one(flow, "423").header("Min-Expires"), "60");
}

#[test]
fn expires_zero_removes_a_contact_and_a_star_removes_all() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    stage.registers_with("alice", "b", &token);
    stage.sends(on, alice.register(&format!("Authorization: {token}\nExpires: 0")));
    let left = stage.hears_one(on, "200").all("Contact");
    assert!(left.len() == 1 && left[0].contains("b.invalid"));
    let star = format!("Contact: *\nExpires: 0\nAuthorization: {token}");
    stage.sends(on, alice.register_as(&star));
    assert!(stage.hears_one(on, "200").all("Contact").is_empty());
    let wrong = format!("Contact: *\nExpires: 60\nAuthorization: {token}");
    stage.sends(on, alice.register_as(&wrong));
    stage.hears_one(on, "400");
}

#[test]
fn the_same_instance_on_a_new_flow_replaces_its_old_contact() {
    let mut stage = Stage::new();
    let token = stage.token("alice");
    let contact = |host: &str| {
        format!(
            "Contact: <sip:alice@{host}.invalid;transport=ws>;+sip.instance=\"<urn:uuid:\
             00000000-0000-4000-8000-000000000001>\";reg-id=1\nAuthorization: {token}\n\
             Supported: outbound"
        )
    };
    let (first, second) = (stage.opens(), stage.opens());
    stage.sends(first, Phone::new("alice", "a").register_as(&contact("a")));
    assert_eq!(stage.hears_one(first, "200").header("Require"), "outbound");
    stage.sends(second, Phone::new("alice", "b").register_as(&contact("b")));
    let contacts = stage.hears_one(second, "200").all("Contact");
    assert_eq!(contacts.len(), 1);
    assert!(contacts[0].contains("b.invalid") && contacts[0].contains("reg-id=1"));
    assert!(contacts[0].contains("+sip.instance=\"<urn:uuid:"));
}

#[test]
fn a_page_that_is_gone_is_not_rung() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let (_, bob, _) = stage.registers("bob", "b");
    stage.closes(bob);
    stage.sends(on, alice.invite("bob", &proxy(&token)));
    stage.hears_one(on, "480");
}

#[test]
fn a_new_token_takes_the_place_of_the_old_one_and_of_its_contacts() {
    let mut stage = Stage::new();
    let (mut old, on, old_token) = stage.registers("alice", "old");
    let (_, new_flow, _) = stage.registers("alice", "new");
    // The old one is no credential any more.
    stage.sends(on, old.register(&format!("Authorization: {old_token}")));
    stage.hears_one(on, "401");
    // And nobody rings there any more.
    let (mut bob, from, token) = stage.registers("bob", "b");
    stage.sends(from, bob.invite("alice", &proxy(&token)));
    stage.hears_one(new_flow, "INVITE");
    assert!(stage.hears(on).is_empty());
}

#[test]
fn an_older_cseq_of_the_same_register_is_refused() {
    let mut stage = Stage::new();
    let (mut alice, on, token) = stage.registers("alice", "a");
    let early = alice.register(&format!("Authorization: {token}"));
    stage.sends(on, alice.register(&format!("Authorization: {token}")));
    stage.hears_one(on, "200");
    stage.sends(on, early);
    stage.hears_one(on, "500");
}

#[test]
fn the_oldest_contact_makes_room_for_the_newest() {
    let mut stage = Stage::new();
    let token = stage.token("alice");
    for number in 0..12 {
        stage.registers_with("alice", &format!("page{number}"), &token);
    }
    let flow = stage.opens();
    stage.sends(flow, Phone::new("alice", "last").register(&format!("Authorization: {token}")));
    let contacts = stage.hears_one(flow, "200").all("Contact");
    assert_eq!(contacts.len(), 10);
    assert!(contacts[9].contains("last.invalid") && contacts[0].contains("page3"));
}
