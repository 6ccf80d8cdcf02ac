//! The FFmpeg command that publishes a source to MediaMTX.

pub(crate) mod encode;
mod target;

use std::{ffi::OsString, path::Path};

use stream_api::{Plan, Playback, SourceMedia};

pub use target::Target;

use crate::{Version, input};

/// Everything that the command depends on.
#[derive(Debug, Clone, Copy)]
pub struct Publish<'a> {
    /// What is sent.
    pub input: Input<'a>,
    /// What the source holds.
    pub media: &'a SourceMedia,
    /// How it is sent.
    pub plan: &'a Plan,
    /// Where to.
    pub target: &'a Target,
    /// The FFmpeg that runs it. All that is used exists from [`Version::MINIMUM`] to 9.0 alike.
    pub version: Version,
}

/// What FFmpeg reads.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A file.
    File {
        /// Its path.
        path: &'a str,
        /// Whether it starts again at its end.
        playback: Playback,
    },
    /// What a MediaMTX server has at a path, as it comes.
    Live(&'a Target),
}

/// FFmpeg's arguments. Its standard input must be a pipe that the caller keeps open: `q` on it asks FFmpeg to stop,
/// and there is no `-nostdin`, with which 7.0 ignores signals. Both outputs must be drained: standard output carries
/// [`progress`](crate::progress), standard error the [`log`](crate::log). They hold the passwords of both
/// targets.
pub fn arguments(publish: &Publish<'_>) -> Vec<OsString> {
    compose(publish, Target::url)
}

/// The command as one line, quoted for a POSIX shell, without credentials: for people.
pub fn shown(program: &str, publish: &Publish<'_>) -> String {
    let arguments = compose(publish, Target::shown_url);
    let arguments: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    shell_words::join(std::iter::once(program).chain(arguments.iter().map(String::as_str)))
}

/// Frames per second below which a frame held back is a long wait.
const FEW_FRAMES: f64 = 2.0;

/// `-stats_period 0.5` notices a stall early and costs nothing; `repeat` keeps "Last message repeated" away.
const COMMON: [&str; 8] = [
    "-hide_banner",
    "-nostats",
    "-loglevel",
    "repeat+level+warning",
    "-progress",
    "pipe:1",
    "-stats_period",
    "0.5",
];

/// `-timeout` (microseconds) bounds the handshake alone: a server that stops reading later is noticed by progress.
/// `-muxdelay 0` sends one AAC frame a packet instead of five (85 ms less delay). MediaMTX cuts up packets with more
/// than 1440 bytes of payload; FFmpeg's default is 1460 (measured with 5.1 and 9.0 against 1.20).
const OUTPUT: [&str; 10] =
    ["-f", "rtsp", "-rtsp_transport", "tcp", "-timeout", "5000000", "-muxdelay", "0", "-pkt_size", "1440"];

fn compose(publish: &Publish<'_>, url: fn(&Target) -> String) -> Vec<OsString> {
    let mut words = Words::default();
    words.add(&COMMON);
    match publish.input {
        Input::File { .. } => words.0.extend(input::safety()),
        Input::Live(_) => words.add(&input::LIVE),
    }
    if publish.media.video.as_ref().is_some_and(|video| publish.plan.encodes_video && video.fps < FEW_FRAMES)
    {
        // Each further thread of a decoder holds back one frame, which lasts seconds here.
        words.add(&["-threads", "1"]);
    }
    let source = match publish.input {
        Input::File { path, playback } => {
            words.add(&["-re"]);
            if playback == Playback::Loop {
                words.add(&["-stream_loop", "-1"]);
            }
            input::url(Path::new(path))
        }
        // It comes at its own pace.
        Input::Live(from) => url(from).into(),
    };
    words.add(&["-i"]);
    words.0.push(source);
    encode::tracks(&mut words, publish.media, publish.plan);
    words.add(&OUTPUT);
    words.0.push(url(publish.target).into());
    words.0
}

/// Arguments being put together.
#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }
}

#[cfg(test)]
mod tests;
