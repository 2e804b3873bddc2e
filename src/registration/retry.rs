//! When a server says to come again: Retry-After (RFC 3261 §20.33), also as the date that HTTP
//! knows (RFC 9110 §10.2.3), since servers copy it from there.

use crate::sip::Message;
use crate::text::{cut, part};
use crate::time::Time;

/// Seconds until then, at most `longest`; none where nothing is said that can be read. What
/// follows the number, a comment or parameters, does not matter.
pub(super) fn retry_after(response: &Message<'_>, now: Time, longest: u32) -> Option<u32> {
    let text = response.header("Retry-After")?;
    let text = text.trim_ascii();
    let digits = part(text, 0..text.bytes().take_while(u8::is_ascii_digit).count());
    let seconds = if digits.is_empty() {
        moment(text)?.saturating_sub(now.since_epoch().as_secs())
    } else {
        // What overflows is far away.
        digits.parse().unwrap_or(u64::MAX)
    };
    Some(u32::try_from(seconds).unwrap_or(u32::MAX).min(longest))
}

/// `Fri, 31 Dec 1999 23:59:59 GMT` in seconds since the Unix epoch.
fn moment(date: &str) -> Option<u64> {
    let (_, date) = cut(date, b',')?;
    let date = date.trim_ascii();
    let number = |range| part(date, range).parse::<u64>().ok();
    let day = number(0..2)?;
    let month = MONTHS.iter().position(|month| part(date, 3..6).eq_ignore_ascii_case(month))?;
    let year = number(7..11)?;
    let (hour, minute, second) = (number(12..14)?, number(15..17)?, number(18..20)?);
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Counted from the first of March, so that a leap day is a year's last.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let leaps = year / 4 - year / 100 + year / 400;
    let days = 365 * year + leaps + (153 * month as u64 + 2) / 5 + day - 1;
    Some((days.checked_sub(DAYS_TO_1970)?) * 86_400 + hour * 3600 + minute * 60 + second)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// From the first of March of the year 0.
const DAYS_TO_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_so_many_seconds_after_1970() {
        for (date, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 1999 23:59:59 GMT", 946_684_799),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Fri, 15 Jan 2027 08:00:01 GMT", 1_800_000_001),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(moment(date), Some(seconds), "{date}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", ",", "soon", "Fri, 31 Foo 1999 23:59:59 GMT", "Fri, 0 Dec", "Fri, 31-Dec-99"]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
