//! The few questions and edits of session descriptions that the core needs (RFC 8866, RFC 3264).
//!
//! The browser is who understands SDP. Here nothing is refused: what is no SDP has no audio.

use crate::text::{before, cut, find_any, looked_at, pieces};

/// One local candidate and the media section it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gathered {
    pub(crate) mid: String,
    /// `candidate:…`, without `a=`.
    pub(crate) line: String,
}

/// The `o=` line of one dialog: it is the core's, so that a description from another peer
/// connection is still a new version of the same session.
#[derive(Debug)]
pub(crate) struct Origin {
    session: u64,
    version: u32,
    /// The description that has this version.
    last: String,
}

impl Origin {
    /// A session that nobody can guess, at version zero.
    pub(crate) fn new(bits: [u8; 16]) -> Self {
        let mut low = [0; 8];
        low.copy_from_slice(&bits[..8]);
        // Some parsers hold it in a signed 64-bit number.
        Self { session: u64::from_le_bytes(low) >> 2, version: 0, last: String::new() }
    }

    /// The last description that was made; empty before the first.
    pub(crate) fn last(&self) -> &str {
        &self.last
    }

    /// There will be no other.
    pub(crate) fn forget(&mut self) {
        self.last = String::new();
    }

    fn line(&self, old: &str) -> String {
        let mut line = String::from("- ");
        line.push_str(&self.session.to_string());
        line.push(' ');
        line.push_str(&self.version.to_string());
        for word in pieces(old, b' ').skip(3) {
            line.push(' ');
            line.push_str(word);
        }
        line
    }
}

/// What a description is known again by, without keeping it.
pub(crate) fn hash(sdp: &str) -> u32 {
    crate::table::hash(&[sdp.as_bytes()])
}

/// What matters of the audio section of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Audio<'a> {
    /// Whether the far side listens to us.
    pub(crate) listens: Listens,
    /// Digits may travel as RFC 4733.
    pub(crate) telephone_event: bool,
    /// `sha-256 AB:CD:…`
    pub(crate) fingerprint: Option<&'a str>,
}

impl Audio<'_> {
    /// It does not listen, or not to us.
    pub(crate) fn is_held(&self) -> bool {
        self.listens != Listens::Yes
    }
}

/// See [`Audio::listens`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listens {
    Yes,
    /// `sendonly`: it wants to be heard.
    SendOnly,
    Inactive,
    /// `c=0.0.0.0`, by which RFC 2543 §B.5 held a call.
    Nowhere,
}

/// The first audio section that is not rejected; `None` is a description without sound.
pub(crate) fn audio(sdp: &str) -> Option<Audio<'_>> {
    let (session, sections) = split(sdp);
    let section = sections.into_iter().find(|lines| is_live_audio(lines))?;
    let both = || section.iter().chain(&session).copied();
    let media: Vec<&str> = section[0].split_ascii_whitespace().collect();
    let direction = both().find_map(direction);
    let silent = both().find_map(|line| line.strip_prefix("c=")).is_some_and(is_nowhere)
        && (port(section[0]) != Some(DISCARD)
            || !may_trickle(&section, &session) && !section.iter().any(|it| is_candidate(it)));
    let telephone_event = section.iter().any(|line| {
        line.strip_prefix("a=rtpmap:").and_then(|map| cut(map, b' ')).is_some_and(
            |(payload, codec)| {
                starts_with_ignoring_case(codec, "telephone-event/")
                    && media.iter().skip(3).take(PAYLOADS).any(|known| {
                        looked_at(1);
                        *known == payload
                    })
            },
        )
    });
    Some(Audio {
        listens: match direction {
            Some("inactive") => Listens::Inactive,
            Some("sendonly") => Listens::SendOnly,
            _ if silent => Listens::Nowhere,
            _ => Listens::Yes,
        },
        telephone_event,
        fingerprint: both().find_map(|line| line.strip_prefix("a=fingerprint:")),
    })
}

fn direction(line: &str) -> Option<&str> {
    line.strip_prefix("a=")
        .filter(|it| matches!(*it, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
}

/// A description whose side sends and receives no more than this.
pub(crate) fn limited(sdp: &str, sends: bool, receives: bool) -> String {
    let (session, sections) = split(sdp);
    let common = session.iter().find_map(|line| direction(line));
    let mut out = String::with_capacity(sdp.len() + 16);
    for line in session.iter().filter(|line| direction(line).is_none()) {
        push(&mut out, "", line);
    }
    for section in &sections {
        let own = section.iter().find_map(|line| direction(line)).or(common).unwrap_or("sendrecv");
        let sends = sends && matches!(own, "sendrecv" | "sendonly");
        let receives = receives && matches!(own, "sendrecv" | "recvonly");
        for line in section.iter().filter(|line| direction(line).is_none()) {
            push(&mut out, "", line);
        }
        push(
            &mut out,
            "a=",
            match (sends, receives) {
                (true, true) => "sendrecv",
                (true, false) => "sendonly",
                (false, true) => "recvonly",
                (false, false) => "inactive",
            },
        );
    }
    out
}

/// Whether two `a=fingerprint` values name the same certificate.
pub(crate) fn same_fingerprint(a: &str, b: &str) -> bool {
    let mut other = b.split_ascii_whitespace();
    a.split_ascii_whitespace()
        .all(|word| other.next().is_some_and(|it| it.eq_ignore_ascii_case(word)))
        && other.next().is_none()
}

/// Where a candidate comes from, in the order in which far sides without ICE can reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    Host,
    Reflexive,
    Relayed,
}

/// A candidate that may stand in `m=` and `c=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Usable<'a> {
    pub(crate) reach: Reach,
    is_ipv4: bool,
    priority: u32,
    address: &'a str,
    port: u16,
}

/// Reads a candidate; `None` if media cannot be sent there: `.local` names, TCP, RTCP, junk.
pub(crate) fn usable(line: &str) -> Option<Usable<'_>> {
    let mut words = line.strip_prefix("candidate:")?.split_ascii_whitespace().skip(1);
    let component = words.next()?;
    let transport = words.next()?;
    let priority = words.next()?.parse().ok()?;
    let address = words.next()?;
    let port = words.next()?.parse().ok()?;
    let reach = match (words.next()?, words.next()?) {
        ("typ", "host") => Reach::Host,
        ("typ", "srflx" | "prflx") => Reach::Reflexive,
        ("typ", "relay") => Reach::Relayed,
        _ => return None,
    };
    let reachable = component == "1"
        && transport.eq_ignore_ascii_case("udp")
        && port != 0
        && !is_local(address);
    reachable.then_some(Usable {
        reach,
        is_ipv4: find_any(address, b":").is_none(),
        priority,
        address,
        port,
    })
}

/// The local candidates that a description as the browser made it already holds.
pub(crate) fn candidates(sdp: &str) -> impl Iterator<Item = &str> {
    lines(sdp).filter_map(|line| line.strip_prefix("a=").filter(|it| it.starts_with("candidate:")))
}

/// The first ICE user name of a description: another one means another generation of candidates.
pub(crate) fn ice_user(sdp: &str) -> Option<&str> {
    lines(sdp).find_map(|line| line.strip_prefix("a=ice-ufrag:"))
}

/// Whether a candidate says that it is of this generation.
pub(crate) fn is_of_ice_user(candidate: &str, user: &str) -> bool {
    let mut words = candidate.split_ascii_whitespace();
    words.any(|word| word == "ufrag") && words.next() == Some(user)
}

/// Makes a local description fit to be sent: the next version of `origin`, every candidate in its
/// section, `m=` and `c=` from the best one, and `end-of-candidates` only if there are no more.
/// What says the same as the last is the same version (RFC 3264 §8).
pub(crate) fn complete(
    sdp: &str,
    gathered: &[Gathered],
    is_whole: bool,
    origin: &mut Origin,
) -> String {
    let is_first = origin.last.is_empty();
    if is_first || completed(sdp, gathered, is_whole, origin) != origin.last {
        origin.version += 1;
        origin.last = completed(sdp, gathered, is_whole, origin);
    }
    origin.last.clone()
}

fn completed(sdp: &str, gathered: &[Gathered], is_whole: bool, origin: &Origin) -> String {
    let (session, sections) = split(sdp);
    let mut out = String::with_capacity(sdp.len() + 128 * gathered.len());
    for line in &session {
        match line.strip_prefix("o=") {
            Some(old) => push(&mut out, "o=", &origin.line(old)),
            None => push(&mut out, "", line),
        }
    }
    for (index, section) in sections.iter().enumerate() {
        complete_section(&mut out, section, &session, gathered, index, is_whole);
    }
    out
}

fn complete_section(
    out: &mut String,
    section: &[&str],
    session: &[&str],
    gathered: &[Gathered],
    index: usize,
    is_whole: bool,
) {
    let mid = section.iter().find_map(|line| line.strip_prefix("a=mid:"));
    let own = section.iter().filter_map(|line| line.strip_prefix("a="));
    let mut candidates: Vec<&str> =
        own.filter(|line| line.starts_with("candidate:") && !is_local_name(line)).collect();
    for one in gathered {
        let is_here = mid.map_or(index == 0, |mid| mid == one.mid);
        let is_known = candidates.iter().any(|known| is_same_candidate(known, &one.line));
        if is_here && !is_known && !is_local_name(&one.line) {
            candidates.push(&one.line);
        }
    }
    let best = candidates.iter().filter_map(|line| usable(line)).max();
    let best = best.filter(|_| port(section[0]) != Some(0));
    let has_connection = section.iter().any(|line| line.starts_with("c="));
    for line in section {
        match (best, line) {
            (_, line) if is_about_candidates(line) => {}
            (Some(best), line) if line.starts_with("m=") => {
                push_media(out, line, best.port);
                if !has_connection {
                    push(out, "c=", &connection(best));
                }
            }
            (Some(best), line) if line.starts_with("c=") => push(out, "c=", &connection(best)),
            (Some(best), line) if line.starts_with("a=rtcp:") => {
                push(out, "a=rtcp:", &[&best.port.to_string(), " ", &connection(best)].concat());
            }
            (_, line) => push(out, "", line),
        }
    }
    for line in &candidates {
        push(out, "a=", line);
    }
    if candidates.is_empty() {
        return;
    }
    if is_whole {
        push(out, "", "a=end-of-candidates");
    } else if !may_trickle(section, session) {
        push(out, "", "a=ice-options:trickle");
    }
}

/// The session's lines, and those of each media section, which begin with `m=`.
fn split(sdp: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let mut session = Vec::new();
    let mut sections: Vec<Vec<&str>> = Vec::new();
    for line in lines(sdp) {
        if line.starts_with("m=") {
            sections.push(vec![line]);
        } else {
            sections.last_mut().unwrap_or(&mut session).push(line);
        }
    }
    (session, sections)
}

fn lines(sdp: &str) -> impl Iterator<Item = &str> {
    pieces(sdp, b'\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.is_empty())
}

/// Port zero rejects, unless the section only waits to share another's port (RFC 9143).
fn is_live_audio(lines: &[&str]) -> bool {
    lines[0].starts_with("m=audio ")
        && port(lines[0]).is_some_and(|port| port != 0 || lines.contains(&"a=bundle-only"))
}

fn port(media: &str) -> Option<u16> {
    // "9/2" is a port and a count.
    before(pieces(media, b' ').nth(1)?, b"/").parse().ok()
}

fn is_nowhere(connection: &str) -> bool {
    matches!(connection.trim_ascii_end(), "IN IP4 0.0.0.0" | "IN IP6 ::")
}

/// A description that says so has port 9 and no address because nothing is gathered yet, which
/// is not the hold of RFC 2543.
fn may_trickle(section: &[&str], session: &[&str]) -> bool {
    section.iter().chain(session).any(|line| {
        line.strip_prefix("a=ice-options:")
            .is_some_and(|options| pieces(options, b' ').any(|option| option == "trickle"))
    })
}

/// Where ICE finds the way, `c=` and `m=` may say nothing.
fn is_candidate(line: &str) -> bool {
    line.starts_with("a=candidate:")
}

fn is_about_candidates(line: &str) -> bool {
    is_candidate(line) || line == "a=end-of-candidates"
}

/// Up to its type: what follows is written by some browsers in one of the two places only.
fn is_same_candidate(a: &str, b: &str) -> bool {
    a.split_ascii_whitespace().take(8).eq(b.split_ascii_whitespace().take(8))
}

/// `.local` names mean something on one network only, and some servers refuse all for their sake.
fn is_local_name(candidate: &str) -> bool {
    candidate.split_ascii_whitespace().nth(4).is_some_and(is_local)
}

fn is_local(address: &str) -> bool {
    address.to_ascii_lowercase().ends_with(".local")
}

fn connection(best: Usable<'_>) -> String {
    [if best.is_ipv4 { "IN IP4 " } else { "IN IP6 " }, best.address].concat()
}

fn push_media(out: &mut String, line: &str, port: u16) {
    let (name, rest) = cut(line, b' ').unwrap_or((line, ""));
    out.push_str(name);
    out.push(' ');
    out.push_str(&port.to_string());
    out.push(' ');
    push(out, "", cut(rest, b' ').map_or("", |(_, rest)| rest));
}

fn push(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(value);
    out.push_str("\r\n");
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// There are no more payload types in RTP (RFC 3550 §5.1).
const PAYLOADS: usize = 128;
/// The port that stands where no port is known yet (RFC 8839 §4.2.1.2).
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=mozilla-99 7 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        a=fingerprint:sha-256 AA:BB\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
        a=ice-options:trickle\r\na=mid:0\r\na=sendrecv\r\na=rtpmap:111 opus/48000/2\r\n\
        a=rtpmap:126 telephone-event/8000\r\n";
    const HOST: &str = "candidate:1 1 udp 2113937151 192.168.1.7 50000 typ host generation 0";
    const HOST6: &str = "candidate:4 1 udp 2113939711 2001:db8::7 50003 typ host";
    const SRFLX: &str =
        "candidate:2 1 udp 1677729535 203.0.113.9 50001 typ srflx raddr 0.0.0.0 rport 0";
    const MDNS: &str = "candidate:3 1 udp 2113937151 4f3a.local 50002 typ host";
    const TCP: &str = "candidate:5 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active";

    fn gathered(lines: &[&str]) -> Vec<Gathered> {
        lines.iter().map(|line| Gathered { mid: "0".into(), line: (*line).into() }).collect()
    }

    fn finished(lines: &[&str], is_whole: bool) -> String {
        complete(
            OFFER,
            &gathered(lines),
            is_whole,
            &mut Origin { session: 5, version: 0, last: String::new() },
        )
    }

    #[test]
    fn the_best_candidate_stands_in_the_media_and_connection_lines() {
        let sdp = finished(&[HOST, SRFLX, TCP], false);
        assert!(
            sdp.contains("m=audio 50001 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 203.0.113.9\r\n")
        );
        assert!(sdp.contains("a=rtcp:50001 IN IP4 203.0.113.9\r\n"));
        assert!(sdp.contains(TCP) && sdp.contains(HOST));
    }

    #[test]
    fn of_equals_the_ipv4_address_is_the_default() {
        assert!(finished(&[HOST6, HOST], true).contains("c=IN IP4 192.168.1.7\r\n"));
        assert!(finished(&[HOST6], true).contains("c=IN IP6 2001:db8::7\r\n"));
    }

    #[test]
    fn an_incomplete_list_keeps_trickle_and_has_no_end() {
        let sdp = finished(&[HOST], false);
        assert!(sdp.contains("a=ice-options:trickle\r\n"));
        assert!(!sdp.contains("end-of-candidates"));
        assert!(finished(&[HOST], true).ends_with("a=end-of-candidates\r\n"));
    }

    #[test]
    fn trickle_is_added_where_the_browser_did_not_say_it() {
        let bare = OFFER.replace("a=ice-options:trickle\r\n", "");
        let sdp = complete(&bare, &gathered(&[HOST]), false, &mut Origin::new([1; 16]));
        assert!(sdp.contains("a=ice-options:trickle\r\n"));
    }

    #[test]
    fn names_of_the_local_network_are_left_out_and_count_for_nothing() {
        assert!(usable(MDNS).is_none() && usable(TCP).is_none());
        assert!(!finished(&[MDNS, HOST], true).contains(".local"));
    }

    #[test]
    fn a_candidate_that_the_description_holds_is_not_repeated() {
        let with = [OFFER, "a=", HOST, "\r\na=end-of-candidates\r\n"].concat();
        let sdp = complete(&with, &gathered(&[HOST]), true, &mut Origin::new([1; 16]));
        assert_eq!(sdp.matches(HOST).count(), 1);
        assert_eq!(sdp.matches("end-of-candidates").count(), 1);
    }

    #[test]
    fn a_candidate_counts_as_the_same_whatever_extensions_it_has() {
        let with = [OFFER, "a=", HOST, "\r\n"].concat();
        let other = [HOST, " ufrag abcd network-cost 999"].concat();
        let sdp = complete(&with, &gathered(&[&other]), true, &mut Origin::new([1; 16]));
        assert_eq!(sdp.matches("a=candidate").count(), 1);
    }

    #[test]
    fn the_generation_of_a_candidate_is_read() {
        assert_eq!(ice_user("v=0\r\na=ice-ufrag:a+/b\r\na=ice-ufrag:c\r\n"), Some("a+/b"));
        assert_eq!(ice_user(OFFER), None);
        assert!(is_of_ice_user("candidate:1 1 udp 1 a 1 typ host ufrag a+/b network-id 1", "a+/b"));
        assert!(!is_of_ice_user("candidate:1 1 udp 1 a 1 typ host ufrag", "a+/b"));
        assert!(!is_of_ice_user(HOST, "a+/b"));
    }

    #[test]
    fn the_origin_is_ours_and_counts() {
        let mut origin = Origin { session: 5, version: 0, last: String::new() };
        assert!(complete(OFFER, &[], true, &mut origin).contains("o=- 5 1 IN IP4 127.0.0.1\r\n"));
        assert!(complete(OFFER, &[], true, &mut origin).contains("o=- 5 1 IN IP4 127.0.0.1\r\n"));
        let held = OFFER.replace("a=sendrecv", "a=sendonly");
        assert!(complete(&held, &[], true, &mut origin).contains("o=- 5 2 IN IP4 127.0.0.1\r\n"));
        assert!(complete(OFFER, &[], true, &mut origin).contains("o=- 5 3 IN IP4 127.0.0.1\r\n"));
    }

    #[test]
    fn what_a_browser_offers_is_not_a_hold() {
        let audio = audio(OFFER).unwrap();
        assert!(!audio.is_held());
        assert!(audio.telephone_event);
        assert_eq!(audio.fingerprint, Some("sha-256 AA:BB"));
    }

    #[test]
    fn hold_is_seen_in_every_form() {
        for (from, to) in [
            ("a=sendrecv", "a=sendonly"),
            ("a=sendrecv", "a=inactive"),
            ("audio 9", "audio 4000"),
            ("a=ice-options:trickle\r\n", ""),
            ("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n"),
        ] {
            let mut sdp = OFFER.replace(from, to);
            if from == "t=0 0\r\n" {
                sdp = sdp.replace("a=sendrecv\r\n", "");
            }
            assert!(audio(&sdp).unwrap().is_held(), "{sdp}");
        }
        assert!(!audio(&OFFER.replace("a=sendrecv", "a=recvonly")).unwrap().is_held());
        let section_wins = OFFER.replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n");
        assert!(!audio(&section_wins).unwrap().is_held());
    }

    #[test]
    fn a_description_is_cut_down_to_a_direction() {
        for (own, sends, receives, cut) in [
            ("sendrecv", false, true, "recvonly"),
            ("sendonly", false, true, "inactive"),
            ("sendrecv", true, false, "sendonly"),
            ("recvonly", true, false, "inactive"),
            ("recvonly", true, true, "recvonly"),
        ] {
            let line = ["a=", own, "\r\n"].concat();
            let beside = OFFER.replace("a=sendrecv\r\n", &line);
            let above = OFFER
                .replace("a=sendrecv\r\n", "")
                .replace("t=0 0\r\n", &["t=0 0\r\n", &line].concat());
            for sdp in [beside, above] {
                let sdp = limited(&sdp, sends, receives);
                assert!(sdp.ends_with(&["a=", cut, "\r\n"].concat()), "{own}: {sdp}");
                assert_eq!(lines(&sdp).filter(|line| direction(line).is_some()).count(), 1);
            }
        }
    }

    #[test]
    fn where_ice_finds_the_way_no_address_is_no_hold() {
        let bare = OFFER.replace("a=ice-options:trickle\r\n", "");
        assert_eq!(audio(&bare).unwrap().listens, Listens::Nowhere);
        assert!(!audio(&[&bare, "a=", HOST, "\r\n"].concat()).unwrap().is_held());
    }

    #[test]
    fn a_rejected_section_is_no_audio_but_a_bundled_one_is() {
        let rejected = OFFER.replace("audio 9", "audio 0");
        assert!(audio(&rejected).is_none());
        assert!(audio(&[&rejected, "a=bundle-only\r\n"].concat()).is_some());
        assert!(audio("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n").is_none());
    }

    #[test]
    fn a_payload_that_is_mapped_but_not_listed_is_not_agreed() {
        assert!(!audio(&OFFER.replace(" 111 126", " 111")).unwrap().telephone_event);
        assert!(!audio(&OFFER.replace("telephone-event", "opus")).unwrap().telephone_event);
    }

    #[test]
    fn fingerprints_are_compared_without_case() {
        assert!(same_fingerprint("sha-256 AA:BB", "SHA-256  aa:bb"));
        assert!(!same_fingerprint("sha-256 AA:BB", "sha-256 AA:BC"));
        assert!(!same_fingerprint("sha-256 AA:BB", "sha-256"));
    }

    #[test]
    fn junk_is_survived() {
        for junk in
            ["", "m=", "m=audio", "m=audio \n", "m=audio x", "\r\n\r\n", "c=", "a=", "é\nm=é"]
        {
            assert!(audio(junk).is_none());
            let _ = complete(
                junk,
                &gathered(&[HOST, "candidate:", ""]),
                true,
                &mut Origin::new([0; 16]),
            );
        }
        for junk in
            ["candidate:", "candidate:1 1 udp x y z", "x", "candidate:1 1 udp 1 a 99999 typ host"]
        {
            assert!(usable(junk).is_none());
        }
    }
}
