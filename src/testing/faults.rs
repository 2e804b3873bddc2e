//! What goes wrong, as data.

use std::fmt;
use std::time::Duration;

use super::PhoneId;

/// How often things go wrong by themselves, in a thousand.
///
/// A WebSocket is ordered and reliable: what is dropped, doubled or overtaken was so *behind* the
/// proxy that a phone is connected to, where SIP runs over UDP or through other machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The shortest way of a message from one end to the proxy or back.
    pub delay: Duration,
    /// What may come on top of [`delay`](Self::delay) for a message that is late.
    pub jitter: Duration,
    /// Messages that are late and may be overtaken.
    pub late: u32,
    /// Messages that never arrive.
    pub drop: u32,
    /// Messages that arrive twice.
    pub duplicate: u32,
    /// Messages that arrive with some bytes changed.
    pub corrupt: u32,
    /// Requests that the proxy answers with an error of its own.
    pub refuse: u32,
    /// Messages after which the phone's connection is cut; it learns of that at once.
    pub cut: u32,
    /// Messages after which the phone's connection is dead without a word.
    pub freeze: u32,
    /// Connections that do not come up.
    pub unreachable: u32,
    /// Requests to a peer connection that fail.
    pub media: u32,
    /// Media paths that are lost after they were up, or never come up.
    pub path: u32,
    /// Timers that fall late, as those of a page in the background do.
    pub late_timers: u32,
    /// How late, at most.
    pub timer_lateness: Duration,
}

impl Faults {
    /// Nothing goes wrong; a message needs 10 ms.
    pub const NONE: Self = Self {
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
        late: 0,
        drop: 0,
        duplicate: 0,
        corrupt: 0,
        refuse: 0,
        cut: 0,
        freeze: 0,
        unreachable: 0,
        media: 0,
        path: 0,
        late_timers: 0,
        timer_lateness: Duration::ZERO,
    };

    /// A slow network that loses nothing and keeps the order.
    pub const SLOW: Self = Self { delay: Duration::from_millis(400), ..Self::NONE };

    /// A bad network: late, doubled, overtaken and lost messages, connections that break.
    pub const BAD: Self = Self {
        jitter: Duration::from_millis(900),
        late: 120,
        drop: 20,
        duplicate: 40,
        cut: 4,
        freeze: 2,
        unreachable: 100,
        ..Self::NONE
    };

    /// Everything that there is.
    pub const WORST: Self = Self {
        corrupt: 25,
        refuse: 25,
        media: 25,
        path: 60,
        late_timers: 100,
        timer_lateness: Duration::from_secs(60),
        ..Self::BAD
    };
}

impl Default for Faults {
    fn default() -> Self {
        Self::NONE
    }
}

/// One thing that goes wrong when told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The phone's connection is closed; what was under way on it is lost.
    Cut(PhoneId),
    /// The phone's connection is dead, and nobody tells it.
    Freeze(PhoneId),
    /// The proxy forgets everything, closes every connection and takes none for so long.
    Restart(Duration),
    /// Every media path of the phone is silent for a moment.
    Silence(PhoneId),
    /// Every media path of the phone fails.
    LosePath(PhoneId),
    /// The phone's microphone is unplugged.
    Unplug(PhoneId),
    /// These bytes arrive at the phone.
    Say(PhoneId, Vec<u8>),
}

/// What went wrong, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Messages that were late, and could be overtaken.
    pub late: u64,
    /// Messages that never arrived.
    pub dropped: u64,
    /// Messages that arrived twice.
    pub duplicated: u64,
    /// Messages with changed bytes.
    pub corrupted: u64,
    /// Requests that the proxy refused at random.
    pub refused: u64,
    /// Connections that were closed.
    pub cut: u64,
    /// Connections that were dead without a word.
    pub frozen: u64,
    /// Connections that did not come up.
    pub unreachable: u64,
    /// Restarts of the proxy.
    pub restarts: u64,
    /// Requests to peer connections that failed.
    pub media: u64,
    /// Media paths that fell silent or failed.
    pub paths: u64,
    /// Timers that fell late.
    pub late_timers: u64,
    /// Calls that the proxy forked to several phones.
    pub forked: u64,
}

impl FaultCounts {
    /// Each by its name.
    pub const fn named(&self) -> [(&'static str, u64); 13] {
        [
            ("late", self.late),
            ("dropped", self.dropped),
            ("duplicated", self.duplicated),
            ("corrupted", self.corrupted),
            ("refused", self.refused),
            ("connections cut", self.cut),
            ("connections frozen", self.frozen),
            ("connections refused", self.unreachable),
            ("proxy restarts", self.restarts),
            ("media failures", self.media),
            ("paths lost", self.paths),
            ("timers late", self.late_timers),
            ("calls forked", self.forked),
        ]
    }

    /// Adds those of another run.
    pub const fn add(&mut self, other: &Self) {
        self.late += other.late;
        self.dropped += other.dropped;
        self.duplicated += other.duplicated;
        self.corrupted += other.corrupted;
        self.refused += other.refused;
        self.cut += other.cut;
        self.frozen += other.frozen;
        self.unreachable += other.unreachable;
        self.restarts += other.restarts;
        self.media += other.media;
        self.paths += other.paths;
        self.late_timers += other.late_timers;
        self.forked += other.forked;
    }
}

impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, count)) in self.named().into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {count}")?;
        }
        Ok(())
    }
}
