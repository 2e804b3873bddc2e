//! What the simulator found (`examples/simulate`), each as the conversation that shows it.

use std::time::Duration;

use cc_sdk::api::{Command, Credential, ErrandId, UaEvent};
use cc_sdk::sip::Method;

use crate::call_play::{phone, talks_to_bob};
use crate::stage::{Stage, account};

#[test]
fn shutdown_after_a_register_that_follows_an_unregister_is_the_last_word() {
    let mut alice = Stage::registered();
    alice.does(Command::Unregister).says("REGISTER");
    alice.does(Command::Register(Credential::Account(Box::new(account()))));
    alice.does(Command::Shutdown).hears_answer(200).says("REGISTER");
    assert_eq!(alice.last.header("Expires"), "0");
    alice.hears_answer(200).closes();
    alice.tells_of(|event| *event == UaEvent::Stopped);
    assert_eq!(alice.agent.next_timeout(), None);
}

/// RFC 3261 §15.1.2: what is pending when the BYE comes is answered 487. Where that is lost, the
/// call does not stay in memory for it.
#[test]
fn a_re_invite_that_is_never_answered_does_not_keep_a_call_that_is_over() {
    let mut alice = phone();
    let mut call = talks_to_bob(&mut alice);
    alice.does(Command::Hold(call.id, true)).says("INVITE");
    let trying = alice.last.answer(100);
    alice.hears(trying).hears(call.far.request(Method::Bye)).says("200 BYE");
    alice.passes(Duration::from_secs(64));
    assert_eq!(alice.agent.census().calls, 0);
}

#[test]
fn a_message_that_a_new_phone_cuts_short_is_told_so() {
    let mut alice = phone();
    let call = talks_to_bob(&mut alice);
    let (body, content_type) = ("hello".to_owned(), "text/plain".to_owned());
    alice.does(Command::SendCallMessage { call: call.id, id: ErrandId(7), body, content_type });
    alice.says("MESSAGE").does(Command::Shutdown).says("BYE").says("REGISTER");
    alice.does(Command::Register(Credential::Account(Box::new(account()))));
    let failed =
        |event: &UaEvent| matches!(event, UaEvent::Answered { id: 7, reason: Some(_), .. });
    alice.tells_of(failed);
    alice.says_nothing();
}
