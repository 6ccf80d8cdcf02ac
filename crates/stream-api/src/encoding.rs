mod choice;
mod part;
mod setting;

use serde::{Deserialize, Serialize};

use crate::{Error, Playback, Source, StreamSpec};

pub use choice::{Encoder, PublishBy, Sound, VideoCodec};
pub use part::Part;
pub use setting::Setting;

/// How the user wants a stream of a file, or of a camera that may be converted, to be sent. Everything is automatic
/// unless said otherwise, and what is automatic is absent in JSON.
///
/// What changes the picture counts only where the picture is not sent as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Encoding {
    /// What becomes of the picture.
    #[serde(skip_serializing_if = "VideoCodec::is_automatic")]
    pub video: VideoCodec,
    /// What encodes it.
    #[serde(skip_serializing_if = "Encoder::is_automatic")]
    pub encoder: Encoder,
    /// The device that encodes, where there are several: `/dev/dri/renderD128`, or the number of a graphics card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Kilobits a second of the picture; in proportion to its size when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kilobits: Option<u32>,
    /// The same quality at all times instead of a bitrate: the quantiser, where less is better and 23 is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<u32>,
    /// Lines of the picture, at most: it is made smaller, never larger, and keeps its shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Frames a second, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<u32>,
    /// Seconds between key frames; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyframes: Option<u32>,
    /// Whether fields become frames; where the file says that it has fields when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deinterlace: Option<bool>,
    /// Clockwise degrees by which it is turned, besides what the file says: 90, 180 or 270.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate: Option<u32>,
    /// What becomes of the sound.
    #[serde(skip_serializing_if = "Sound::is_automatic")]
    pub audio: Sound,
    /// Kilobits a second of each sound track that is encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_kilobits: Option<u32>,
    /// Per cent; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<u32>,
    /// Milliseconds of the file that are left out at its start, in each pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// Milliseconds from the beginning of the file after which it ends, in each pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
    /// How it goes to the server.
    #[serde(skip_serializing_if = "PublishBy::is_usual")]
    pub publish: PublishBy,
    /// More of FFmpeg's output arguments, as in a shell. They may write any file, so they are set in the desktop's own
    /// window alone; see [`Encoding::check_extra`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub extra: String,
}

impl Encoding {
    /// Everything that is wrong with it, whatever the file; `playback` belongs to it for people.
    pub fn problems(&self, playback: Playback) -> Vec<(Setting, Error)> {
        let times = match playback {
            Playback::Times(times) => Some(times),
            Playback::Loop | Playback::Once => None,
        };
        let numbers = [
            (Setting::Bitrate, self.kilobits),
            (Setting::Quality, self.quality),
            (Setting::Height, self.height),
            (Setting::Fps, self.fps),
            (Setting::Keyframes, self.keyframes),
            (Setting::AudioBitrate, self.audio_kilobits),
            (Setting::Volume, self.volume),
            (Setting::Times, times),
        ];
        let mut problems = Vec::new();
        for (setting, number) in numbers {
            let (least, most) = setting.range();
            if number.is_some_and(|number| number < least || number > most) {
                problems.push((setting, setting.unfit()));
            }
        }
        let mut wrong = |setting: Setting, what: &str, cure: &str| {
            problems.push((setting, setting.wrong(what, cure)));
        };
        if self.kilobits.is_some() && self.quality.is_some() {
            wrong(
                Setting::Quality,
                t!("setting.quality.and_bitrate"),
                t!("setting.quality.and_bitrate.cure"),
            );
        }
        if self.rotate.is_some_and(|degrees| !matches!(degrees, 90 | 180 | 270)) {
            wrong(Setting::Rotate, t!("setting.rotate.odd"), t!("setting.rotate.odd.cure"));
        }
        if self.end.is_some_and(|end| end < self.start.unwrap_or_default().saturating_add(1000)) {
            wrong(Setting::End, t!("setting.end.early"), t!("setting.end.early.cure"));
        }
        if self.device.as_deref().is_some_and(|device| !is_device(device)) {
            wrong(Setting::Device, t!("setting.device.unknown"), t!("setting.device.unknown.cure"));
        }
        let unsent = match self.publish {
            PublishBy::Rtsp => None,
            PublishBy::Srt => (self.video == VideoCodec::Av1).then_some(Setting::Video),
            PublishBy::Rtmp if matches!(self.video, VideoCodec::H265 | VideoCodec::Av1) => {
                Some(Setting::Video)
            }
            PublishBy::Rtmp => matches!(self.audio, Sound::Opus | Sound::Both).then_some(Setting::Audio),
        };
        if let Some(setting) = unsent {
            let what = t!("setting.unpublished", protocol = self.publish.label());
            problems.push((setting, setting.wrong(what, t!("setting.unpublished.cure"))));
        }
        problems
    }

    /// What is wrong with it besides for a source that has no beginning and no end.
    pub fn live_problems(&self) -> Vec<(Setting, Error)> {
        let mut problems = Vec::new();
        for (setting, given) in [(Setting::Start, self.start), (Setting::End, self.end)] {
            if given.is_some() {
                let (what, cure) = (t!("setting.part_live"), t!("setting.part_live.cure"));
                problems.push((setting, setting.wrong(what, cure)));
            }
        }
        if self.publish != PublishBy::Rtsp {
            let (what, cure) = (t!("setting.publish.live"), t!("setting.publish.elsewhere.cure"));
            problems.push((Setting::Publish, Setting::Publish.wrong(what, cure)));
        }
        problems
    }

    /// The first of its [`problems`](Encoding::problems).
    ///
    /// # Errors
    /// `setting_unfit`.
    pub fn check(&self, playback: Playback) -> Result<(), Error> {
        self.problems(playback).into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Whether somebody who is not at the desktop's own window may have `source` sent so. FFmpeg writes any file that
    /// its arguments name: so they stay as they were set there, and with the source for which they were set, or are
    /// removed.
    /// `before`: the stream until now.
    ///
    /// # Errors
    /// `setting_unfit`.
    pub fn check_extra(&self, source: &Source, before: Option<&StreamSpec>) -> Result<(), Error> {
        if self.extra.is_empty() {
            return Ok(());
        }
        match before.filter(|before| before.encoding.extra == self.extra) {
            None => Err(Setting::refused()),
            Some(before) if before.source != *source => Err(Setting::bound()),
            Some(_) => Ok(()),
        }
    }

    /// Without what belongs to one stream alone: the part of its file, and FFmpeg's own arguments, which only the
    /// desktop may give.
    pub fn as_preset(&self) -> Encoding {
        Encoding { start: None, end: None, extra: String::new(), ..self.clone() }
    }

    /// The settings of a preset, with what belongs to this stream alone.
    pub fn by_preset(&self, preset: &Encoding) -> Encoding {
        Encoding { start: self.start, end: self.end, extra: self.extra.clone(), ..preset.as_preset() }
    }

    /// What of it counts for a source that has no beginning and no end, and goes to its server in one way alone.
    #[must_use]
    pub fn of_live(&self) -> Encoding {
        Encoding { start: None, end: None, publish: PublishBy::default(), ..self.clone() }
    }

    /// The part of the file that is sent; none for all of it.
    pub fn part(&self) -> Option<Part> {
        (self.start.is_some_and(|start| start > 0) || self.end.is_some())
            .then(|| Part { start: self.start.unwrap_or_default(), end: self.end })
    }

    /// Whether nothing was chosen.
    pub fn is_automatic(&self) -> bool {
        *self == Encoding::default()
    }

    /// Whether a prepared file can be what it wants.
    pub fn may_prepare(&self) -> bool {
        self.unprepared().is_none()
    }

    /// What of it a prepared file can't be, which has H.264 with a key frame each second, AAC and Opus, and is copied by
    /// RTSP.
    pub fn unprepared(&self) -> Option<Setting> {
        let other = |setting: Setting, is: bool| is.then_some(setting);
        other(Setting::Video, !matches!(self.video, VideoCodec::Automatic | VideoCodec::H264))
            .or(other(Setting::Audio, self.audio == Sound::AsIs))
            .or(other(Setting::Keyframes, self.keyframes.is_some_and(|seconds| seconds != 1)))
            .or(other(Setting::Publish, self.publish != PublishBy::Rtsp))
            .or(other(Setting::Extra, !self.extra.is_empty()))
    }
}

/// Nothing else is ever given to FFmpeg as a device: a request could name any file.
fn is_device(device: &str) -> bool {
    let number = device.strip_prefix("/dev/dri/renderD").unwrap_or(device);
    (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_automatic_is_absent_and_what_is_chosen_reads_back() {
        assert_eq!(serde_json::to_string(&Encoding::default()).expect("serialises"), "{}");
        let chosen = Encoding {
            video: VideoCodec::H265,
            encoder: Encoder::QuickSync,
            kilobits: Some(2000),
            audio: Sound::None,
            publish: PublishBy::Srt,
            ..Encoding::default()
        };
        let json = serde_json::to_string(&chosen).expect("serialises");
        let wire =
            r#"{"video":"h265","encoder":"quick_sync","kilobits":2000,"audio":"none","publish":"srt"}"#;
        assert_eq!(json, wire);
        assert_eq!(serde_json::from_str::<Encoding>(&json).expect("reads back"), chosen);
        assert!(serde_json::from_str::<Encoding>(r#"{"bitrate":1}"#).is_err(), "a slip of the pen is told");
    }

    #[test]
    fn what_is_wrong_is_told_beside_its_setting() {
        type Change = fn(&mut Encoding);
        let cases: [(Change, Setting, &str); 14] = [
            (|e| e.kilobits = Some(299), Setting::Bitrate, "0.3"),
            (|e| e.kilobits = Some(50_001), Setting::Bitrate, "50 Mb/s"),
            (|e| e.quality = Some(51), Setting::Quality, "40"),
            (|e| (e.kilobits, e.quality) = (Some(2000), Some(23)), Setting::Quality, "bitrate"),
            (|e| e.height = Some(1), Setting::Height, "120"),
            (|e| e.fps = Some(0), Setting::Fps, "1"),
            (|e| e.keyframes = Some(11), Setting::Keyframes, "10"),
            (|e| e.rotate = Some(45), Setting::Rotate, "90"),
            (|e| e.audio_kilobits = Some(8), Setting::AudioBitrate, "32"),
            (|e| e.volume = Some(0), Setting::Volume, "400"),
            (|e| (e.start, e.end) = (Some(5000), Some(5500)), Setting::End, "end"),
            (|e| e.device = Some("/etc/passwd".into()), Setting::Device, "renderD"),
            (|e| (e.publish, e.audio) = (PublishBy::Rtmp, Sound::Both), Setting::Audio, "RTMP"),
            (|e| (e.publish, e.video) = (PublishBy::Srt, VideoCodec::Av1), Setting::Video, "SRT"),
        ];
        for (change, setting, word) in cases {
            let mut encoding = Encoding::default();
            change(&mut encoding);
            let problems = encoding.problems(Playback::Once);
            let (found, error) = &problems[0];
            let text = format!("{} {}", error.message, error.hint);
            assert!(problems.len() == 1 && *found == setting && text.contains(word), "{problems:?}");
            assert_eq!(encoding.check(Playback::Once).as_ref(), Err(error));
        }
        for fine in ["0", "1", "/dev/dri/renderD128"] {
            let encoding = Encoding { device: Some(fine.into()), ..Encoding::default() };
            assert_eq!(encoding.check(Playback::Times(2)), Ok(()), "{fine}");
        }
        let often = Encoding::default().problems(Playback::Times(1));
        assert_eq!(often[0].0, Setting::Times);
    }

    #[test]
    fn ffmpegs_own_arguments_stay_with_their_source_or_go() {
        let file = |path: &str| Source::File { path: path.into() };
        let extra = |extra: &str| Encoding { extra: extra.into(), ..Encoding::default() };
        let before = StreamSpec { encoding: extra("-t 5"), ..StreamSpec::new("a", file("/a")) };
        for (encoding, source, fits) in [
            (extra("-t 5"), file("/a"), true),
            (Encoding { height: Some(720), ..extra("-t 5") }, file("/a"), true),
            (extra(""), file("/b"), true),
            (extra("-t 5"), file("/b"), false),
            (extra("-t 5"), Source::TestPattern, false),
            (extra("-t 6"), file("/a"), false),
        ] {
            let checked = encoding.check_extra(&source, Some(&before));
            assert_eq!(checked.is_ok(), fits, "{encoding:?} {source:?} {checked:?}");
        }
        assert!(extra("-t 5").check_extra(&file("/a"), None).is_err(), "a stream that is new");
    }

    #[test]
    fn a_preset_leaves_each_stream_what_is_its_own() {
        let preset =
            Encoding { height: Some(720), start: Some(1), extra: "-y".into(), ..Encoding::default() };
        let own = Encoding { volume: Some(50), end: Some(9000), extra: "-t 5".into(), ..Encoding::default() };
        let after = own.by_preset(&preset);
        let wanted =
            Encoding { height: Some(720), end: Some(9000), extra: "-t 5".into(), ..Encoding::default() };
        assert_eq!(after, wanted);
        assert_eq!(preset.as_preset(), Encoding { height: Some(720), ..Encoding::default() });
        let live = Encoding { publish: PublishBy::Rtmp, ..wanted }.of_live();
        assert!(live.live_problems().is_empty() && live.height == Some(720), "{live:?}");
    }
}
