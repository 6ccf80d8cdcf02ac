//! Everything that crosses a process or wasm boundary: every command with its REST route, the snapshot and
//! events that the interface draws from, errors, the rules that a form and the engine share, and the words.
//!
//! A leaf: it knows no runtime, no file system and no clock, and compiles for `wasm32-unknown-unknown`.
//! It is not the engine: nothing here decides or does anything.

#[macro_use]
mod code_macro;
#[macro_use]
mod code_servers;
#[macro_use]
mod reading;
#[macro_use]
mod words_macro;

mod access;
mod activity;
mod activity_words;
mod address;
mod arrival;
mod capacity;
mod code;
mod codec_name;
pub mod commands;
mod drift;
mod encoder_tried;
mod encoding;
mod error;
mod event;
mod everywhere;
mod given_path;
mod history;
mod host;
mod ingest;
mod kept;
mod name;
mod obs;
mod obs_scene;
mod prepare;
mod preset;
mod probe;
mod query;
mod remark;
mod secret;
mod server;
mod server_id;
mod server_other;
mod server_spec;
mod server_test;
mod settings;
mod shell;
mod sign;
mod source;
mod source_test;
mod spec;
mod status;
pub mod tray;
mod units;
mod unread;
mod viewer;
pub mod words;

pub use access::{
    Access, AccessPart, GuestLink, LinkLasts, VIEWER, ViewerAccess, check_password, check_viewer, with_login,
};
pub use activity::{Activity, ActivityFilter, ActivityKind, Cause, Level, Mended, Origin};
pub use address::{HIDDEN, SourceAddress, SourceSecrets, split_address};
pub use arrival::{Awaited, Publisher, Wait};
pub use capacity::{Capacity, Computer, Fit, Load};
pub use code::Code;
pub use codec_name::{codec_name, container_name};
pub use commands::{COMMANDS, Command, Method, Route};
pub use drift::{Difference, Drift};
pub use encoder_tried::{EncoderTried, EncodersTried};
pub use encoding::{Encoder, Encoding, Part, PublishBy, Setting, Sound, VideoCodec};
pub use error::{Error, Fault, FaultAction};
pub use event::{Change, Event, EventId, Notice, NoticeKind, Snapshot};
pub use everywhere::{Cure, Outlet, Plays, RARE_KEYFRAMES, Verdict, plays_everywhere};
pub use given_path::{file_name, given_path};
pub use history::{PastFault, Run, RunEnd, RunId, RunLog, StreamHistory, Uptime};
pub use host::{HostKind, HostStatus, Installer, MEDIA_ENDINGS, MediaEntry, SecretsPlace, Tool, ToolState};
pub use ingest::Ingest;
pub use kept::{Kept, SentAudio, Tracks, Unkept};
pub use name::{check_name, propose_name};
pub use obs::ObsFile;
pub use obs_scene::obs_scene_collection;
pub use prepare::{LEAST_PREPARED_ROOM, Preparation, PreparedFile};
pub use preset::{Preset, check_preset_name};
pub use probe::{
    AudioTrack, Cost, Mode, Picture, Plan, PreparedReport, ProbeReport, SourceMedia, VideoTrack,
};
pub use remark::{Remark, RemarkCode};
pub use secret::{Secret, is_secret_name};
pub use server::{Listener, LogLine, LogOrigin, Ports, ServerKind, ServerState, ServerStatus};
pub use server_id::ServerId;
pub use server_other::{Door, Lack, OtherServer, OtherState};
pub use server_spec::{ServerSpec, SharedFolder, check_server_name};
pub use server_test::{ServerStep, ServerTestStep, ServerTested};
pub use settings::{
    Address, Certificate, Effects, Encryption, GUESTS, HlsVariant, Import, ImportLine, Problem, Protocols,
    Reach, ServerSettings,
};
pub use shell::Message;
pub use sign::{Program, Sign};
pub use source::{Conversion, Fetch, NetworkSource, Source, Transport};
pub use source_test::{Outcome, SourceTested, Step, TestStep};
pub use spec::{Order, Playback, StreamSpec};
pub use status::{Health, Metrics, Protocol, Recording, State, Stream, StreamId, Urls, Viewers};
pub use units::UnixMillis;
pub use viewer::{Viewer, ViewerId, check_uplink};
