//! Which faults there are, how often each comes, and what the project wants of each.

use std::time::Duration;

use fastrand::Rng;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `kill -9` of the FFmpegs of one to three streams.
    EncoderKilled,
    /// SIGSTOP of a stream's FFmpeg, for good.
    EncoderFrozen,
    /// SIGSTOP of a stream's FFmpeg, and SIGCONT soon after: nothing may be restarted.
    EncoderPaused,
    /// `kill -9` of MediaMTX.
    ServerKilled,
    /// SIGSTOP of MediaMTX, for good.
    ServerFrozen,
    /// SIGSTOP of MediaMTX, and SIGCONT soon after: nothing may be restarted.
    ServerPaused,
    /// A stream's file is moved away and its FFmpeg killed; later the file is back.
    FileAway,
    /// The drive of a stream's file does not answer, and its FFmpeg is killed; later the drive is back.
    DriveHung,
    /// The disk of the data folder is full; later it has room.
    DiskFull,
    /// MediaMTX is killed and another program takes its port; later the port is free.
    PortStolen,
    /// Somebody changes the passwords of MediaMTX by its API.
    PasswordChanged,
    /// Somebody changes a path of ours by MediaMTX's API.
    PathChanged,
    /// Somebody switches a listener of MediaMTX off by its API.
    ListenerOff,
    /// `kill -9` of the app; then it is started again.
    AppKilled,
}

/// In milliseconds.
type Limit = Option<u32>;

impl Kind {
    pub(super) const ALL: [Kind; 14] = [
        Kind::EncoderKilled,
        Kind::EncoderFrozen,
        Kind::EncoderPaused,
        Kind::ServerKilled,
        Kind::ServerFrozen,
        Kind::ServerPaused,
        Kind::FileAway,
        Kind::DriveHung,
        Kind::DiskFull,
        Kind::PortStolen,
        Kind::PasswordChanged,
        Kind::PathChanged,
        Kind::ListenerOff,
        Kind::AppKilled,
    ];

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::EncoderKilled => "FFmpeg killed",
            Kind::EncoderFrozen => "FFmpeg frozen",
            Kind::EncoderPaused => "FFmpeg frozen for 1 to 3 s",
            Kind::ServerKilled => "MediaMTX killed",
            Kind::ServerFrozen => "MediaMTX frozen",
            Kind::ServerPaused => "MediaMTX frozen for 1 to 3 s",
            Kind::FileAway => "file away and back",
            Kind::DriveHung => "drive hangs and is back",
            Kind::DiskFull => "disk full",
            Kind::PortStolen => "port stolen",
            Kind::PasswordChanged => "password changed",
            Kind::PathChanged => "path changed",
            Kind::ListenerOff => "listener switched off",
            Kind::AppKilled => "app killed",
        }
    }

    /// Whether it ends FFmpeg and changes nothing else: viewers who are kept notice no more than a still picture.
    pub(super) const fn is_of_ffmpeg_alone(self) -> bool {
        matches!(self, Kind::EncoderKilled | Kind::EncoderFrozen)
    }

    /// How often it may make a stream that it hits start, until all is well again; more are restarts without a fault.
    /// One start is the cure. One more is allowed for an attempt that was under way, or failed, when things broke.
    pub(super) const fn starts(self) -> usize {
        match self {
            // The API answers, so FFmpeg is started after growing pauses (0.2, 0.4, 0.8, 1.6 s) until it is noticed
            // that the port is closed, after 5 s.
            Kind::ListenerOff => 6,
            // Each of them may end what was started during the one before: the change, its being noticed, the cure.
            Kind::ServerFrozen
            | Kind::PortStolen
            | Kind::PasswordChanged
            | Kind::PathChanged
            | Kind::AppKilled => 3,
            _ => 2,
        }
    }

    /// The same of MediaMTX itself, where it is hit: its ports are looked at before, and can be taken just afterwards.
    pub(super) const SERVER_STARTS: usize = 2;

    /// How often it comes in a round of the bag.
    const fn weight(self) -> usize {
        match self {
            Kind::EncoderKilled => 5,
            Kind::ServerKilled => 2,
            _ => 1,
        }
    }

    /// How soon it is to be detected at the latest.
    pub(super) const fn detect_goal(self) -> Limit {
        match self {
            Kind::EncoderFrozen | Kind::ServerFrozen => Some(10_000),
            _ => None,
        }
    }

    /// How soon everything is on air again for 95 of 100, on any computer: a long run fails where it takes longer.
    pub(super) const RECOVER_CAP: Duration = Duration::from_secs(30);

    /// How soon everything is to be on air again, for 95 of 100.
    pub(super) const fn recover_goal(self) -> Limit {
        match self {
            Kind::EncoderKilled => Some(1_000),
            Kind::ServerKilled => Some(3_000),
            Kind::EncoderFrozen | Kind::ServerFrozen => Some(15_000),
            _ => None,
        }
    }
}

/// Deals the faults: all of them in random order, then all of them again in another one.
pub(super) struct Bag {
    left: Vec<Kind>,
}

impl Bag {
    pub(super) fn new() -> Self {
        Self { left: Vec::new() }
    }

    pub(super) fn next(&mut self, rng: &mut Rng) -> Kind {
        if self.left.is_empty() {
            self.left = Kind::ALL.into_iter().flat_map(|kind| vec![kind; kind.weight()]).collect();
            rng.shuffle(&mut self.left);
        }
        self.left.pop().unwrap_or(Kind::EncoderKilled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_order_with_every_fault_in_it() {
        let deal = |seed| {
            let (mut rng, mut bag) = (Rng::with_seed(seed), Bag::new());
            (0..19).map(|_| bag.next(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(deal(7), deal(7));
        assert_ne!(deal(7), deal(8));
        assert!(Kind::ALL.iter().all(|kind| deal(7).contains(kind)), "{:?}", deal(7));
    }
}
