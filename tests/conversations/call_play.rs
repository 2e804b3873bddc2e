//! What the conversations of calls have in common: how a call comes up, and what is told of it.

use cc_sdk::account::Account;
use cc_sdk::api::{CallId, CallState, Command, EndCause, EndReason, EndedBy, UaEvent};
use cc_sdk::sip::Method;
use cc_sdk::{MediaEvent, MediaRequest, PeerId};

use crate::far::{Far, Wire};
use crate::stage::{FAR_SDP, Stage};

/// A call of which the script knows both ends.
pub(crate) struct Played {
    pub(crate) id: CallId,
    pub(crate) peer: PeerId,
    /// The INVITE that began it.
    pub(crate) invite: Wire,
    pub(crate) far: Far,
}

/// A phone that is registered, at a server that lives.
#[track_caller]
pub(crate) fn phone() -> Stage {
    phone_as(crate::stage::account())
}

/// As [`phone`], with another account.
#[track_caller]
pub(crate) fn phone_as(account: Account) -> Stage {
    let mut stage = Stage::registered_as(account);
    stage.alive();
    stage
}

/// Dials bob; the INVITE is the last message.
#[track_caller]
pub(crate) fn calls_bob(stage: &mut Stage) -> CallId {
    let call = stage.dials("bob");
    stage.says("INVITE");
    call
}

/// A call to bob that is up, with sound; nothing is left to name.
#[track_caller]
pub(crate) fn talks_to_bob(stage: &mut Stage) -> Played {
    talks_with(stage, FAR_SDP)
}

/// A call to bob that was answered with this.
#[track_caller]
pub(crate) fn talks_with(stage: &mut Stage, answer: &str) -> Played {
    let id = calls_bob(stage);
    let invite = stage.last.clone();
    let peer = opened(stage);
    stage.hears(invite.answer_with_sdp(200, answer)).says("ACK");
    stage.peer_tells(peer, MediaEvent::Connected);
    tells_state(stage, CallState::Connected);
    stage.forgets();
    Played { id, peer, far: Far::called(&invite), invite }
}

/// Bob calls; the 180 is the last message.
#[track_caller]
pub(crate) fn bob_calls(stage: &mut Stage) -> (CallId, Far) {
    let mut far = stage.far();
    stage.hears(far.invite(FAR_SDP)).says("180");
    far.learns(&stage.last);
    (ringing(stage), far)
}

/// A call from bob that is up, with sound; nothing is left to name.
#[track_caller]
pub(crate) fn bob_talks(stage: &mut Stage) -> Played {
    let (id, mut far) = bob_calls(stage);
    stage.does(Command::Answer(id)).says("200");
    let invite = stage.last.clone();
    let peer = opened(stage);
    stage.hears(far.request(Method::Ack));
    stage.peer_tells(peer, MediaEvent::Connected);
    tells_state(stage, CallState::Connected);
    stage.forgets();
    Played { id, peer, invite, far }
}

/// The id of the incoming call that the page is told of.
#[track_caller]
pub(crate) fn ringing(stage: &mut Stage) -> CallId {
    match stage.tells_of(|event| matches!(event, UaEvent::Call { .. })) {
        UaEvent::Call { call, .. } => CallId(call),
        _ => unreachable!("it fitted"),
    }
}

/// The peer that was opened last.
#[track_caller]
pub(crate) fn opened(stage: &Stage) -> PeerId {
    let open = stage.asked.iter().rev().find(|it| matches!(it.2, MediaRequest::Open { .. }));
    open.expect("a peer was opened").0
}

/// Whether a peer was closed, among what was not named yet.
pub(crate) fn is_closed(stage: &Stage, peer: PeerId) -> bool {
    stage.asked.iter().any(|it| it.0 == peer && it.2 == MediaRequest::Close)
}

/// Among what the page is told next is this state.
#[track_caller]
pub(crate) fn tells_state(stage: &mut Stage, wanted: CallState) {
    stage.tells_of(|event| matches!(event, UaEvent::CallState { state, .. } if *state == wanted));
}

/// Every `callStatus` that the page was told and the script did not name, in order.
pub(crate) fn statuses(stage: &Stage) -> Vec<u8> {
    stage
        .told
        .iter()
        .filter_map(|(_, event)| match event {
            UaEvent::CallStatus { status, .. } => Some(*status),
            _ => None,
        })
        .collect()
}

/// The page is told once that the call ended, and why; every peer is closed, no deadline of the
/// call is left once the wire is through.
#[track_caller]
pub(crate) fn ends(stage: &Stage, by: EndedBy, cause: EndCause) -> EndReason {
    let mut ended = stage.told.iter().filter_map(|(_, event)| match event {
        UaEvent::CallState { state: CallState::Ended, end_reason, .. } => end_reason.clone(),
        _ => None,
    });
    let reason = ended.next().expect("the page is told of the end");
    assert!(ended.next().is_none(), "the call ended twice");
    assert_eq!((reason.by, reason.cause), (by, cause), "{reason:?}");
    let opened: Vec<PeerId> = peers(stage, |it| matches!(it, MediaRequest::Open { .. }));
    for peer in opened {
        assert!(is_closed(stage, peer), "{peer:?} was left open");
    }
    reason
}

fn peers(stage: &Stage, fits: impl Fn(&MediaRequest) -> bool) -> Vec<PeerId> {
    stage.asked.iter().filter(|it| fits(&it.2)).map(|it| it.0).collect()
}

/// Requests and responses that the phone said and the script did not name.
pub(crate) fn said(stage: &Stage) -> Vec<String> {
    stage.said.iter().map(|wire| wire.what("")).collect()
}

/// How this call ended, among what the page was told and the script did not name.
#[track_caller]
pub(crate) fn end_of(stage: &mut Stage, call: CallId) -> (EndedBy, EndCause) {
    let event = stage.tells_of(|event| {
        matches!(event, UaEvent::CallState { call: of, state: CallState::Ended, .. } if *of == call.0)
    });
    let UaEvent::CallState { end_reason: Some(reason), .. } = event else {
        panic!("an end has a reason")
    };
    (reason.by, reason.cause)
}

/// As [`ends`], where the script named what the peers were asked.
#[track_caller]
pub(crate) fn ends_with(stage: &mut Stage, by: EndedBy, cause: EndCause) -> EndReason {
    stage.asks(|it| *it == MediaRequest::Close);
    ends(stage, by, cause)
}

/// As [`bob_calls`], without a tag of ours in To, as CANCEL repeats the INVITE.
#[track_caller]
pub(crate) fn bob_calls_to_be_cancelled(stage: &mut Stage) -> (CallId, Far) {
    let mut far = stage.far();
    stage.hears(far.invite(FAR_SDP)).says("180");
    (ringing(stage), far)
}

/// The page is warned of the Record-Route in this message, with its place.
#[track_caller]
pub(crate) fn warns_of_record_route(stage: &mut Stage, message: &Wire, of: Option<u32>) {
    let event = stage.tells_of(|event| matches!(event, UaEvent::Warning { .. }));
    let UaEvent::Warning { code, call, header, offset, .. } = event else { unreachable!() };
    assert_eq!((code.as_str(), call), ("message-unreadable", of));
    assert_eq!(header.as_deref(), Some("Record-Route"));
    let text = message.to_string();
    let line = text.find("Record-Route").expect("it has one");
    let end = line + text[line..].find("\r\n").expect("the line ends");
    let offset = offset.expect("its place is told") as usize;
    assert!((line..=end).contains(&offset), "{offset} is not in {line}..={end}");
}
