use serde::{Deserialize, Serialize};

use crate::{Address, Alike, Drift, Fault, Protocol, ServerId, ServerSpec, UnixMillis, UserDrift};

/// A server that was added, as it is. The bundled one is [`ServerStatus`](crate::ServerStatus).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherServer {
    /// Never changes.
    pub id: ServerId,
    /// What a person set.
    pub spec: ServerSpec,
    /// Whether it can be used.
    pub state: OtherState,
    /// Such as `1.20.1`, once it answered; for one that does not tell, the oldest that it can be, such as `1.14.0`.
    pub version: Option<String>,
    /// When its process started, where it tells (1.15.2 and newer).
    pub started: Option<UnixMillis>,
    /// Why it can't be used.
    pub fault: Option<Fault>,
    /// What it can't do that the bundled one can.
    pub lacks: Vec<Lack>,
    /// The addresses under which viewers reach it, the best first.
    pub addresses: Vec<Address>,
    /// What viewers connect to there, by its own configuration.
    pub doors: Vec<Door>,
    /// Bits per second sent to all viewers.
    pub outbound_bps: u64,
    /// What is wrong although it runs, and the cure.
    pub warnings: Vec<Fault>,
    /// How many paths it has that are not ours, with an entry or a publisher; they are left alone.
    pub foreign: u32,
    /// The names of the first 100 of these, sorted.
    pub foreign_paths: Vec<String>,
    /// Of these, what may have been ours: a person can say so.
    pub alike: Vec<Alike>,
    /// Paths of ours that somebody else changed there.
    pub drift: Vec<Drift>,
    /// What somebody else changed of its users, where these are written from here.
    pub users: Option<UserDrift>,
}

impl OtherServer {
    /// One that nothing is known of yet.
    pub fn connecting(id: ServerId, spec: ServerSpec) -> OtherServer {
        OtherServer {
            id,
            spec,
            state: OtherState::Connecting,
            version: None,
            started: None,
            fault: None,
            lacks: Lack::ALWAYS.to_vec(),
            addresses: Vec::new(),
            doors: Vec::new(),
            outbound_bps: 0,
            warnings: Vec::new(),
            foreign: 0,
            foreign_paths: Vec::new(),
            alike: Vec::new(),
            drift: Vec::new(),
            users: None,
        }
    }

    /// Whether it lacks this.
    pub fn lacks(&self, lack: Lack) -> bool {
        self.lacks.contains(&lack)
    }
}

/// Whether an added server can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherState {
    /// It is being asked.
    Connecting,
    /// It answers.
    Running,
    /// Nobody answers, or not sensibly; it is asked again every second or two.
    Unreachable,
    /// It answers, and a person has to do something: another password, another certificate. It is asked again now and
    /// then, and whenever it is edited.
    Failed,
}

/// Something that a server listens for, so that it can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// What viewers speak.
    pub protocol: Protocol,
    /// RTSPS, RTMPS or HTTPS.
    pub encrypted: bool,
    /// TCP, and UDP for SRT.
    pub port: u16,
}

/// What the bundled server can do and an added one can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// No still picture for viewers while a stream starts anew: it does not see our files.
    Slates,
    /// The same, because it is older than 1.16.
    SlatesVersion,
    /// Recordings are on its own disk, and can't be seen or played from here.
    Recordings,
    /// Who may watch can't be set: its owner did not give the complete list of users.
    Users,
    /// The same, because another program decides who may watch there.
    UsersElsewhere,
    /// A password lets nobody in by RTSP (1.12 to 1.13.0).
    RtspPasswords,
    /// No passwords and keys: they are kept as hashes, and it asks for them by RTSP's digest too.
    Digest,
    /// Viewers can't be disconnected: its owner does not want it.
    Kick,
    /// Guest links open no page of ours there.
    GuestLinks,
    /// Ports, protocols and encryption are its owner's to set.
    Settings,
    /// Its log can't be read.
    Log,
    /// Viewers by HLS are counted as one (before 1.18).
    HlsViewers,
    /// What not every viewer can play is not converted: what its source sends goes as it is.
    Conversion,
    /// It does not tell when it started (before 1.15.2), so a restart is noticed by what is missing.
    Start,
}

impl Lack {
    /// What no added server can do.
    pub const ALWAYS: [Lack; 4] = [Lack::GuestLinks, Lack::Conversion, Lack::Settings, Lack::Log];

    /// One sentence.
    pub fn words(self) -> &'static str {
        match self {
            Lack::Slates => t!("lack.slates"),
            Lack::SlatesVersion => t!("lack.slates_version"),
            Lack::Recordings => t!("lack.recordings"),
            Lack::Users => t!("lack.users"),
            Lack::UsersElsewhere => t!("lack.users_elsewhere"),
            Lack::RtspPasswords => t!("lack.rtsp_passwords"),
            Lack::Digest => t!("lack.digest"),
            Lack::Kick => t!("lack.kick"),
            Lack::GuestLinks => t!("lack.guest_links"),
            Lack::Settings => t!("lack.settings"),
            Lack::Log => t!("lack.log"),
            Lack::HlsViewers => t!("lack.hls_viewers"),
            Lack::Conversion => t!("lack.conversion"),
            Lack::Start => t!("lack.start"),
        }
    }
}
