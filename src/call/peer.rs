//! One peer connection of a call as the core sees it: candidates, what was agreed, its path.

use std::time::Duration;

use crate::account::{Account, IceWait};
use crate::api::EndCause;
use crate::media::PeerId;
use crate::sdp::{self, Gathered, Reach};
use crate::time::Time;

/// How long after the last candidate the next would have come, where all are local.
const QUIET: Duration = Duration::from_millis(30);
/// How long a first candidate from a server is waited for, unless the account says otherwise.
const CAP: Duration = Duration::from_millis(500);
/// After this long without any candidate there will be none.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a path may have failed before the call is given up.
const PATH_PATIENCE: Duration = Duration::from_secs(30);

/// A peer connection.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    gathered: Vec<Gathered>,
    gathering: Gathering,
    /// The ICE user name that the candidates belong to; empty before the first description.
    ice_user: String,
    pub(super) path: Path,
    /// Its descriptions want no sound of the far side.
    pub(super) is_held: bool,
    pub(super) agreed: Agreed,
}

#[derive(Debug)]
enum Gathering {
    /// No local description yet.
    Idle,
    /// Since then; the last candidate came at `last`.
    Running {
        since: Time,
        last: Time,
    },
    Done,
}

/// Whether sound can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// Not yet.
    New,
    Connected,
    /// Silent, perhaps for a moment.
    Disconnected,
    /// Gone; the call is given up at `until`, for this cause.
    Failed {
        until: Time,
        cause: EndCause,
    },
}

/// What the last offer and answer settled.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    /// Of the far side's certificate.
    pub(super) fingerprint: Option<String>,
    /// Digits may travel in the media.
    pub(super) telephone_event: bool,
}

/// Whether a description may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    /// Ask again then, or when a candidate has come.
    At(Time),
    /// There is no candidate and there will be none.
    Hopeless,
}

impl Peer {
    pub(super) fn new(id: PeerId) -> Self {
        Self {
            id,
            gathered: Vec::new(),
            gathering: Gathering::Idle,
            ice_user: String::new(),
            path: Path::New,
            is_held: false,
            agreed: Agreed::default(),
        }
    }

    /// A local description is there: candidates follow, if they did not come before it. After an
    /// ICE restart, which the far side may begin, those of before are void.
    pub(super) fn is_described(&mut self, now: Time, sdp: &str) {
        let user = sdp::ice_user(sdp).unwrap_or_default();
        let is_restarted = !self.ice_user.is_empty() && self.ice_user != user;
        if is_restarted {
            self.gathered.retain(|candidate| sdp::is_of_ice_user(&candidate.line, user));
        }
        if is_restarted || matches!(self.gathering, Gathering::Idle) {
            self.gathering = Gathering::Running { since: now, last: now };
        }
        user.clone_into(&mut self.ice_user);
    }

    pub(super) fn on_candidate(&mut self, now: Time, candidate: Gathered) {
        if let Gathering::Running { last, .. } = &mut self.gathering {
            *last = now;
        }
        if !candidate.line.is_empty() && !self.gathered.contains(&candidate) {
            self.gathered.push(candidate);
        }
    }

    pub(super) fn on_gathering_done(&mut self) {
        self.gathering = Gathering::Done;
    }

    pub(super) fn has_gathered_all(&self) -> bool {
        matches!(self.gathering, Gathering::Done)
    }

    /// Sound passes no more. What has failed is not silent for a moment only.
    pub(super) fn fall_silent(&mut self) {
        if self.path == Path::Connected {
            self.path = Path::Disconnected;
        }
    }

    pub(super) fn fail(&mut self, now: Time) {
        let cause = match self.path {
            Path::New => EndCause::NoMedia,
            Path::Connected | Path::Disconnected => EndCause::Network,
            Path::Failed { .. } => return,
        };
        self.path = Path::Failed { until: now + PATH_PATIENCE, cause };
    }

    /// No sound could pass so far.
    pub(super) fn is_still_silent(&self) -> bool {
        matches!(self.path, Path::New | Path::Failed { cause: EndCause::NoMedia, .. })
    }

    /// The call is up from now on: only from here does patience with a failed path count.
    pub(super) fn renew_patience(&mut self, now: Time) {
        if let Path::Failed { until, .. } = &mut self.path {
            *until = now + PATH_PATIENCE;
        }
    }

    /// The rule of when a description leaves (design.md §8): never without a candidate that the
    /// far side can use, and no later than it must.
    pub(super) fn readiness(&self, now: Time, account: &Account, sdp: &str) -> Readiness {
        let wait = Wait::of(account);
        let known = self.gathered.iter().map(|it| it.line.as_str()).chain(sdp::candidates(sdp));
        let usable =
            known.filter_map(sdp::usable).map(|it| it.reach).filter(|it| *it >= wait.least);
        let best = usable.max();
        let (since, last) = match self.gathering {
            Gathering::Idle => (now, now),
            Gathering::Running { since, last } => (since, last),
            Gathering::Done if best.is_some() => return Readiness::Ready,
            Gathering::Done => return Readiness::Hopeless,
        };
        let due = match (best, wait.until) {
            (None, _) => since + LIMIT,
            (Some(_), Until::Quiet) => (last + QUIET).min(since + wait.cap),
            (Some(best), Until::Reach(wanted)) if best >= wanted => now,
            (Some(_), Until::Reach(_) | Until::All) => since + wait.cap,
        };
        match best {
            _ if now < due => Readiness::At(due),
            Some(_) => Readiness::Ready,
            None => Readiness::Hopeless,
        }
    }

    /// A description as it goes to the far side.
    pub(super) fn complete(&self, sdp: &str, origin: &mut sdp::Origin) -> String {
        sdp::complete(sdp, &self.gathered, self.has_gathered_all(), origin)
    }
}

/// What a description waits for.
#[derive(Debug)]
struct Wait {
    until: Until,
    /// Candidates of less reach do not count.
    least: Reach,
    cap: Duration,
}

#[derive(Debug)]
enum Until {
    /// Nothing new for a moment.
    Quiet,
    /// One that reaches as far as this.
    Reach(Reach),
    /// The end of gathering.
    All,
}

impl Wait {
    fn of(account: &Account) -> Self {
        let cap = account.ice_wait_ms.map(|ms| Duration::from_millis(ms.into()));
        let (until, default_cap) = match account.ice_wait {
            Some(IceWait::Complete) => (Until::All, LIMIT),
            Some(IceWait::First) => (Until::Quiet, CAP),
            None if account.relay_only => (Until::Reach(Reach::Relayed), CAP),
            None if account.ice_servers.is_empty() => (Until::Quiet, CAP),
            Some(IceWait::Srflx) | None => (Until::Reach(Reach::Reflexive), CAP),
        };
        let least = if account.relay_only { Reach::Relayed } else { Reach::Host };
        Self { until, least, cap: cap.unwrap_or(default_cap).min(LIMIT) }
    }
}
