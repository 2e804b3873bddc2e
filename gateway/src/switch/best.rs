//! The best of several refusals, RFC 3261 §16.7, steps 6 and 7.

use cc_sdk::sip::Response;

/// The one that the caller gets, with the challenges of all where it is one.
pub(super) fn best(mut refusals: Vec<Response>) -> Option<Response> {
    refusals.sort_by_key(|response| rank(response.status));
    let mut refusals = refusals.into_iter();
    let mut best = refusals.next()?;
    for other in refusals.filter(|_| matches!(best.status, 401 | 407)) {
        for name in ["WWW-Authenticate", "Proxy-Authenticate"] {
            for challenge in other.headers.get_all(name) {
                best.headers.push(name, challenge);
            }
        }
    }
    if best.status == 503 {
        // That one contact is overloaded is not to be taken for us being so.
        best.status = 500;
        "Server Internal Error".clone_into(&mut best.reason);
    }
    Some(best)
}

/// The lowest is the best: a decision of the person, then what the caller can mend, then the rest.
const fn rank(status: u16) -> (u8, u16) {
    let class = match status {
        600.. => 0,
        300..400 => 1,
        401 | 407 | 415 | 420 | 484 => 2,
        // A person said so, which tells more than that another page was not there.
        486 | 488 => 3,
        487 => 5,
        400..500 => 4,
        _ => 6,
    };
    (class, status)
}
