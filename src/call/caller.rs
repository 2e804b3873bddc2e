//! Who calls, as the INVITE and the server say, and whether the call is to be taken by itself.
//!
//! P-Asserted-Identity (RFC 3325), Privacy (RFC 3323), Diversion (RFC 5806), History-Info
//! (RFC 7044), `verstat` (3GPP TS 24.229 §7.2A.20), Call-Info (RFC 3261 §20.9), Answer-Mode
//! (RFC 5373) and its many forerunners. All of it is text of the wire: nothing is fetched, and
//! what cannot be read is not there.

use crate::api::{AutoAnswer, CallInfo, Caller, Party, Verified};
use crate::sip::{Message, NameAddr, number_of};
use crate::text::{before, has, pieces, split_once};

/// No header brings more parties than so many.
const MOST: usize = 10;

/// What an INVITE says of its caller.
pub(super) fn read(request: &Message<'_>, auto_answer: Option<u32>) -> Caller {
    let asserted = request.addresses("P-Asserted-Identity").unwrap_or_default();
    let from = request.from().ok();
    let hidden = request.header("Privacy").unwrap_or_default();
    let hidden = pieces(&hidden, b';').any(|it| {
        ["id", "user", "header"].iter().any(|known| it.trim_ascii().eq_ignore_ascii_case(known))
    });
    Caller {
        verified: asserted.iter().chain(&from).find_map(verified),
        private: hidden
            || from.is_some_and(|from| has(&from.uri_text().to_ascii_lowercase(), "@anonymous.")),
        asserted: asserted.first().map(|it| party(it, None)),
        diversion: diversion(request),
        call_info: call_info(request),
        auto_answer,
    }
}

/// Whom the call was meant for before, the last one first.
fn diversion(request: &Message<'_>) -> Vec<Party> {
    let diverted = request.addresses("Diversion").unwrap_or_default();
    let reason = |it: &NameAddr<'_>| it.param("reason").map(|it| it.to_ascii_lowercase());
    let mut parties: Vec<Party> =
        diverted.iter().take(MOST).map(|it| party(it, reason(it))).collect();
    if parties.is_empty() {
        // Oldest first, and with a reason only those whom the call has left again.
        let history = request.addresses("History-Info").unwrap_or_default();
        let left = history.iter().rev().filter_map(|it| Some(party(it, Some(why_left(it)?))));
        parties.extend(left.take(MOST));
    }
    parties
}

/// Why the call went on from there, in the words of Diversion (RFC 7544 §6.2).
fn why_left(entry: &NameAddr<'_>) -> Option<String> {
    let reason = entry.uri().ok()?.header("Reason")?;
    let (_, cause) = split_once(&reason, "cause=")?;
    let word = match before(cause, b"; \"").parse() {
        Ok(300..=399) => "unconditional",
        Ok(408) => "no-answer",
        Ok(480 | 487) => "deflection",
        Ok(486 | 600) => "user-busy",
        Ok(503) => "unavailable",
        Ok(0_u16..) => "unknown",
        Err(_) => return None,
    };
    Some(word.to_owned())
}

fn call_info(request: &Message<'_>) -> Vec<CallInfo> {
    let all = request.addresses("Call-Info").unwrap_or_default();
    let info = |it: &NameAddr<'_>| CallInfo {
        uri: it.uri_text().to_owned(),
        purpose: it.param("purpose").map(std::borrow::Cow::into_owned),
    };
    all.iter().take(MOST).map(info).collect()
}

fn party(address: &NameAddr<'_>, reason: Option<String>) -> Party {
    let uri = before(address.uri_text(), b"?").to_owned();
    let number = number_of(&uri);
    Party { uri, number, display_name: address.display_name(), reason }
}

/// Wherever in the address `verstat` stands: it is a parameter of the number, or of the URI.
fn verified(address: &NameAddr<'_>) -> Option<Verified> {
    let (_, told) = split_once(address.as_str(), "verstat=")?;
    let told = before(told, b";@>, ").to_ascii_lowercase();
    if has(&told, "passed") {
        Some(Verified::Passed)
    } else if has(&told, "failed") {
        Some(Verified::Failed)
    } else {
        Some(Verified::None)
    }
}

/// After how many seconds the phone takes this call by itself, if it does. Not while `busy` with
/// another, whose sound the caller would hear.
///
/// # Errors
///
/// 403 if the caller insists on it and it is not to be (RFC 5373 §4.3.2).
pub(crate) fn auto_answer(
    wish: AutoAnswer,
    busy: bool,
    request: &Message<'_>,
) -> Result<Option<u32>, u16> {
    let asked = Asked::of(request);
    let seconds = match wish {
        _ if busy || asked.mode == Some(Mode::Manual) => None,
        AutoAnswer::Never => None,
        AutoAnswer::Asked => asked.after,
        AutoAnswer::After(seconds) => Some(seconds),
    };
    let insists = asked.insists && asked.mode == Some(Mode::Auto);
    if insists && seconds.is_none() { Err(403) } else { Ok(seconds) }
}

/// What the caller, or a server on the way, wishes for.
struct Asked {
    mode: Option<Mode>,
    insists: bool,
    after: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Auto,
    Manual,
}

impl Asked {
    fn of(request: &Message<'_>) -> Self {
        let mut asked = Self { mode: None, insists: false, after: None };
        for name in ["Priv-Answer-Mode", "Answer-Mode"] {
            let value = lower(request, name);
            let mut parts = pieces(&value, b';').map(str::trim_ascii);
            match parts.next() {
                Some("auto") => {
                    asked.mode = Some(Mode::Auto);
                    asked.after = Some(0);
                }
                Some("manual") => asked.mode = Some(Mode::Manual),
                _ => continue,
            }
            asked.insists |= parts.any(|it| it == "require");
        }
        // `Alert-Info: <urn:x>;info=alert-autoanswer;delay=0`
        let alert = lower(request, "Alert-Info");
        if has(&alert, "alert-autoanswer") {
            asked.after = asked.after.or_else(|| Some(seconds(&alert, "delay=").unwrap_or(0)));
        }
        let info = seconds(&lower(request, "Call-Info"), "answer-after=");
        asked.after = info.or(asked.after);
        asked
    }
}

/// All lines of a header as one text.
fn lower(request: &Message<'_>, name: &str) -> String {
    let mut all = String::new();
    for value in request.headers(name) {
        all.push_str(&value.to_ascii_lowercase());
        all.push(';');
    }
    all
}

fn seconds(text: &str, name: &str) -> Option<u32> {
    let (_, value) = split_once(text, name)?;
    before(value, b";, \t").parse().ok()
}
