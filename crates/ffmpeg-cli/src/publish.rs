//! The FFmpeg command that publishes a source to MediaMTX.

pub(crate) mod encode;
pub(crate) mod part;
mod target;

use std::{ffi::OsString, path::Path};

use stream_api::{Encoding, Mode, Plan, Playback, SourceMedia};

pub use part::passes;
pub use target::{By, Target};

use crate::{Version, encoders, input};

/// Everything that the command depends on.
#[derive(Debug, Clone, Copy)]
pub struct Publish<'a> {
    /// What is sent.
    pub input: Input<'a>,
    /// What the source holds.
    pub media: &'a SourceMedia,
    /// How it is sent.
    pub plan: &'a Plan,
    /// What the user chose of it.
    pub encoding: &'a Encoding,
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
    /// A list of [`passes`].
    Passes(&'a Path),
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

/// Whether more arguments, as in a shell, can be taken apart.
pub fn is_fit(extra: &str) -> bool {
    shell_words::split(extra).is_ok()
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

fn compose(publish: &Publish<'_>, url: fn(&Target) -> String) -> Vec<OsString> {
    let mut words = Words::default();
    words.add(&COMMON);
    match publish.input {
        Input::File { .. } => words.0.extend(input::safety()),
        Input::Passes(_) => words.0.extend(input::safety_of_list()),
        Input::Live(_) => words.add(&input::LIVE),
    }
    if publish.media.video.as_ref().is_some_and(|video| publish.plan.encodes_video && video.fps < FEW_FRAMES)
    {
        // Each further thread of a decoder holds back one frame, which lasts seconds here.
        words.add(&["-threads", "1"]);
    }
    if let Some(picture) = &publish.plan.picture {
        words.0.extend(
            encoders::before_input(picture.encoder, picture.device.as_deref())
                .into_iter()
                .map(OsString::from),
        );
    }
    let source = match publish.input {
        Input::File { path, playback } => {
            words.add(&["-re"]);
            match playback {
                Playback::Loop => words.add(&["-stream_loop", "-1"]),
                Playback::Times(times) => words.add(&["-stream_loop", &times.saturating_sub(1).to_string()]),
                Playback::Once => {}
            }
            // A prepared file is the part itself.
            part::cut(&mut words, publish.encoding.part().filter(|_| publish.plan.mode != Mode::Prepared));
            input::url(Path::new(path))
        }
        Input::Passes(list) => {
            words.add(&["-re"]);
            words.add(&part::EXACT);
            words.add(&["-f", "concat", "-safe", "0"]);
            input::url(list)
        }
        // It comes at its own pace.
        Input::Live(from) => url(from).into(),
    };
    words.add(&["-i"]);
    words.0.push(source);
    encode::tracks(&mut words, publish);
    // Checked when they were set; what can't be taken apart is left out.
    words.0.extend(
        shell_words::split(&publish.encoding.extra).unwrap_or_default().into_iter().map(OsString::from),
    );
    if publish.target.by == By::Rtsp && matches!(publish.plan.video.as_deref(), Some("av1" | "vp9")) {
        words.add(&encoders::DRAFTS);
    }
    words.add(publish.target.output());
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
