//! A door for fuzzers into what is private: any text, and what must hold of it.
//!
//! Not in what ships: only `cargo fuzz` (which sets `cfg(fuzzing)`) and the tests below see it.

use crate::account::Account;
use crate::json::Json;
use crate::package::parse;
use crate::sdp::{self, Gathered, Origin};
use crate::token::bare;

/// Asks every question of a description and makes every edit, also twice.
///
/// The text is pieced: what `\0` parts are the description, then candidates that were gathered
/// for its sections, `mid`, space, candidate.
///
/// # Panics
///
/// If something does not hold.
pub fn sdp(text: &str) {
    let mut pieces = text.split('\0');
    let description = pieces.next().unwrap_or_default();
    let gathered: Vec<_> = pieces
        .filter_map(|piece| piece.split_once(' '))
        // What a browser gives as a candidate is one, on one line.
        .filter(|(_, line)| line.starts_with("candidate:") && !line.contains(['\r', '\n']))
        .map(|(mid, line)| Gathered { mid: mid.to_owned(), line: line.to_owned() })
        .collect();
    let mine = sdp::audio(description);
    for other in text.split('\0') {
        let theirs = sdp::audio(other);
        let prints = [mine, theirs].map(|audio| audio.and_then(|audio| audio.fingerprint));
        if let [Some(one), Some(two)] = prints {
            assert_eq!(sdp::same_fingerprint(one, two), sdp::same_fingerprint(two, one));
            assert!(sdp::same_fingerprint(one, one));
        }
        ask_candidates(description, other);
    }
    for is_whole in [false, true] {
        complete(description, &gathered, is_whole);
    }
}

fn ask_candidates(description: &str, other: &str) {
    let user = sdp::ice_user(description).unwrap_or(other);
    for line in sdp::candidates(other).chain([other]) {
        let _ = (sdp::usable(line), sdp::is_of_ice_user(line, user));
    }
}

/// What was made fit to be sent says the same as before, has no more lines than it may, and is
/// not changed by being made fit once more.
fn complete(description: &str, gathered: &[Gathered], is_whole: bool) {
    let mut origin = Origin::new([7; 16]);
    let once = sdp::complete(description, gathered, is_whole, &mut origin);
    let added: usize = gathered.iter().map(|it| it.line.len() + 4).sum();
    let sections = description.lines().filter(|line| line.starts_with("m=")).count();
    // A browser has one m-line for each section, and one origin.
    assert!(once.len() <= 4 * description.len() + sections * (added + 200) + 100 * 64);
    let again = sdp::complete(&once, gathered, is_whole, &mut origin);
    // In whatever order: attributes that were added stand at the end.
    let but_origin = |sdp: &str| -> Vec<String> {
        let mut lines: Vec<_> = sdp.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with("o="));
        lines.sort();
        lines
    };
    assert_eq!(but_origin(&again), but_origin(&once));
    limited(description);
    let sound = |sdp: &str| sdp::audio(sdp).map(|audio| audio.telephone_event);
    assert_eq!(sound(&again), sound(&once));
}

/// What is cut down stays so, and holds at most one direction for each section.
fn limited(description: &str) {
    for (sends, receives) in [(false, true), (true, false)] {
        let once = sdp::limited(description, sends, receives);
        assert_eq!(sdp::limited(&once, sends, receives), once);
        assert_eq!(sdp::audio(&once).is_some(), sdp::audio(description).is_some());
        if !receives && let Some(audio) = sdp::audio(&once) {
            assert!(audio.is_held(), "who does not receive holds");
        }
    }
}

/// Reads a body as every package has it, and as JSON.
pub fn body(text: &str) {
    for kind in [
        "application/dialog-info+xml",
        "application/pidf+xml",
        "application/simple-message-summary",
        "text/plain",
    ] {
        let _ = parse(kind, text);
    }
    if let Some(json) = Json::parse(text) {
        let _ = Account::from_json(&json).map(|mut account| account.check());
    }
    let _ = bare(text);
}

#[cfg(test)]
#[path = "../tests/support/hostile/mod.rs"]
mod hostile;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::hostile::SHAPES;
    use crate::text::WORK;

    /// Of what scanners look at. What it takes beside that is in docs/robustness.md.
    #[test]
    fn four_times_the_hostile_bytes_are_at_most_five_times_the_work() {
        for shape in &SHAPES {
            let work = |bytes| {
                let (mut phone, input) = shape.case(bytes);
                let before = WORK.get();
                phone.takes(shape, &input);
                WORK.get() - before
            };
            let whole = shape.longest();
            let (little, much) = (work(whole / 8), work(whole / 2));
            assert!(much <= 5 * little + 20_000, "{}: {little} bytes, then {much}", shape.name);
        }
    }

    const PIECES: [&str; 24] = [
        "v=0\r\n",
        "o=- 1 1 IN IP4 0.0.0.0\r\n",
        "o=",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\n",
        "m=audio 0 UDP/TLS/RTP/SAVPF 111\n",
        "m=audio",
        "m=",
        "m=video 9 X 96\r\n",
        "c=IN IP4 0.0.0.0\r\n",
        "c=IN IP6 ::\r\n",
        "a=mid:0\r\n",
        "a=mid:1\r\n",
        "a=rtcp:9 IN IP4 0.0.0.0\r\n",
        "a=ice-options:trickle\r\n",
        "a=bundle-only\r\n",
        "a=end-of-candidates\r\n",
        "a=rtpmap:126 telephone-event/8000\r\n",
        "a=fingerprint:sha-256 AA:BB\r\n",
        "a=sendonly\r\n",
        "a=ice-ufrag:abcd\r\n",
        "a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host\r\n",
        "\x000 candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host ufrag abcd",
        "\x001 candidate:2 1 udp 1677729535 203.0.113.9 50001 typ srflx",
        "\x000 candidate:3 1 udp 2113937151 4f3a.local 50002 typ host",
    ];

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            20 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
            1 => ".{0,12}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

        #[test]
        fn any_body_is_read(text in "([<>/=\"'&;! a-z{}\\[\\]:,0-9\\\\\r\n-]|<dialog |</dialog>|<!--|-->|<!\\[CDATA\\[|&#x|\\PC){0,80}") {
            super::body(&text);
        }

        #[test]
        fn any_description_is_read_and_made_fit(pieces in prop::collection::vec(piece(), 0..24)) {
            super::sdp(&pieces.concat());
        }
    }
}
