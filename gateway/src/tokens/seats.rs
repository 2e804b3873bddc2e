//! The seats: who can be called here.

use super::Allow;
use crate::settings::{self, is_seat_name};

/// What others may know of a seat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The user part of its address.
    pub name: String,
    /// A number that leads to it.
    pub number: Option<String>,
    /// What callees see.
    pub display_name: Option<String>,
    /// What it may do.
    pub allow: Allow,
}

/// All seats, with their passwords.
#[derive(Debug)]
pub struct Seats {
    seats: Vec<settings::Seat>,
    visitors: bool,
}

impl Seats {
    /// The seats of the settings, and the demo ones if `demo`.
    pub fn new(seats: &[settings::Seat], demo: bool) -> Self {
        let mut seats = seats.to_vec();
        for (name, number, display_name) in DEMO_SEATS.iter().take(if demo { 4 } else { 0 }) {
            if !seats.iter().any(|seat| seat.name == *name) {
                seats.push(settings::Seat {
                    name: (*name).to_owned(),
                    number: Some((*number).to_owned()),
                    display_name: Some((*display_name).to_owned()),
                    password: Some(format!("{name}-demo")),
                    allow: Allow::default(),
                });
            }
        }
        Self { seats, visitors: demo }
    }

    /// The seat of this name.
    pub fn find(&self, name: &str) -> Option<Profile> {
        if let Some(seat) = self.seats.iter().find(|seat| seat.name == name) {
            return Some(Profile::of(seat));
        }
        let is_visitor = self.visitors && visitor_number(name).is_some();
        is_visitor.then(|| Profile {
            name: name.to_owned(),
            display_name: Some("Visitor".to_owned()),
            ..Profile::default()
        })
    }

    /// The seat that this name or number leads to.
    pub fn dialled(&self, target: &str) -> Option<Profile> {
        let by_number = |seat: &&settings::Seat| seat.number.as_deref() == Some(target);
        self.find(target).or_else(|| self.seats.iter().find(by_number).map(Profile::of))
    }

    /// The password, for digest only.
    pub(crate) fn password(&self, name: &str) -> Option<&str> {
        self.seats.iter().find(|seat| seat.name == name)?.password.as_deref()
    }
}

impl Profile {
    fn of(seat: &settings::Seat) -> Self {
        Self {
            name: seat.name.clone(),
            number: seat.number.clone(),
            display_name: seat.display_name.clone(),
            allow: seat.allow.clone(),
        }
    }
}

/// The name of a visitor's seat, with a number from 1 to [`VISITORS`].
pub fn visitor_seat(number: u32) -> String {
    format!("visitor-{number}")
}

fn visitor_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix("visitor-")?.parse().ok()?;
    (is_seat_name(name) && visitor_seat(number) == name && (1..=VISITORS).contains(&number))
        .then_some(number)
}

/// How many visitors there can be at once.
pub const VISITORS: u32 = 999;

/// Name, number and display name; the password is the name and `-demo`.
const DEMO_SEATS: [(&str, &str, &str); 4] = [
    ("alice", "1001", "Alice Agent"),
    ("bob", "1002", "Bob Agent"),
    ("carol", "1003", "Carol Agent"),
    ("dave", "1004", "Dave Agent"),
];
