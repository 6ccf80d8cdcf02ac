use stream_api::{AudioTrack, Mode, Part, Plan, SentAudio, SourceMedia, Tracks, VideoTrack};

use super::{AAC, OPUS, RATE, UNIT};
use crate::{
    publish::encode::{self, FrameRate},
    slate,
};

/// Grows when what is made changes, so that files of earlier versions are not taken for its own.
const VERSION: u32 = 1;
/// Bits a second of both sound tracks.
const SOUND_BITS: u64 = 128_000 + 96_000;

/// How a file is prepared: everything but where it comes from and how long it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    pub(super) picture: Option<Picture>,
    pub(super) sound: bool,
    /// Of the source; none for all of it.
    pub(super) part: Option<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Frames per second.
    pub(super) fps: f64,
    /// The same as FFmpeg takes it.
    pub(super) rate: String,
    pub(super) interlaced: bool,
    pub(super) kilobits: u32,
}

impl Recipe {
    /// For a `part` of a source that is, or would be, sent by `plan`.
    pub fn of(media: &SourceMedia, plan: &Plan, part: Option<Part>) -> Recipe {
        let picture = media.video.as_ref().filter(|_| plan.sent.video.is_some()).map(|video| {
            let interlaced = video.interlaced;
            if let Some(stream_api::Picture { width, height, fps, kilobits, .. }) = plan.picture {
                let FrameRate { value, text } = FrameRate::exact(fps);
                return Picture { width, height, fps: value, rate: text, interlaced, kilobits };
            }
            let (width, height) = encode::size(video);
            let FrameRate { value, text } = FrameRate::of(video);
            let kilobits = encode::kilobits(width, height, value);
            Picture { width, height, fps: value, rate: text, interlaced, kilobits }
        });
        Recipe { picture, sound: plan.sent.audio.is_some(), part }
    }

    /// Tells it from every other: the same from the same source gives the same file.
    pub fn name(&self) -> String {
        let mut rest = if self.sound { "-aac-opus".to_owned() } else { String::new() };
        if let Some(Part { start, end }) = self.part {
            rest += &format!("-from{start}-to{}", end.map(|end| end.to_string()).unwrap_or_default());
        }
        match &self.picture {
            Some(Picture { width, height, rate, interlaced, kilobits, .. }) => {
                let fields = if *interlaced { "i" } else { "p" };
                format!("v{VERSION}-{width}x{height}{fields}{rate}-{kilobits}{rest}")
            }
            None => format!("v{VERSION}{rest}"),
        }
    }

    /// Seconds that are prepared of a source of so many; none or less where its part begins after the end.
    pub fn taken(&self, source: f64) -> f64 {
        self.part.map_or(source, |part| part.seconds(source))
    }

    /// Seconds that the file made of a source of so many seconds lasts.
    pub fn seconds(&self, source: f64) -> f64 {
        Length::of(self, source).seconds()
    }

    /// Bytes that the file will have about, of a source that lasts so many seconds.
    pub fn size(&self, seconds: f64) -> u64 {
        let picture = self.picture.as_ref().map_or(0, |picture| u64::from(picture.kilobits) * 1000);
        let sound = if self.sound { SOUND_BITS } else { 0 };
        ((picture + sound) as f64 / 8.0 * seconds) as u64
    }

    /// What a prepared file of so many seconds and bytes holds, and how it is sent.
    pub fn result(&self, seconds: f64, size: u64) -> (SourceMedia, Plan) {
        let video = self.picture.as_ref().map(|picture| VideoTrack {
            codec: "h264".to_owned(),
            profile: Some("High".to_owned()),
            width: picture.width,
            height: picture.height,
            fps: picture.fps,
            pixel_format: "yuv420p".to_owned(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(1.0),
            variable_fps: false,
            hdr: false,
        });
        let audio = self.sound.then(|| AudioTrack {
            codec: "aac".to_owned(),
            profile: Some("LC".to_owned()),
            sample_rate: 48_000,
            channels: 2,
        });
        let media = SourceMedia {
            container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
            duration: Some(seconds),
            size,
            bitrate_bps: Some((size as f64 * 8.0 / seconds.max(0.1)) as u64),
            audio_tracks: if self.sound { 2 } else { 0 },
            sound_later_by: (self.sound && video.is_some()).then_some(0.0),
            sound_longer_by: (self.sound && video.is_some()).then_some(0.0),
            video,
            audio,
            begins: 0.0,
        };
        (media, self.plan())
    }

    /// How the prepared file is sent: both sound tracks, so that every protocol has one that its viewers can play.
    pub fn plan(&self) -> Plan {
        let sent = |codec: &str| SentAudio { codec: codec.to_owned(), sample_rate: 48_000, channels: 2 };
        let sent = Tracks {
            video: self.picture.as_ref().map(|_| "h264".to_owned()),
            audio: self.sound.then(|| sent("aac")),
            second_audio: self.sound.then(|| sent("opus")),
        };
        Plan {
            mode: Mode::Prepared,
            video: sent.video.clone(),
            audio: sent.audio.as_ref().map(|audio| audio.codec.clone()),
            encodes_video: false,
            encodes_audio: false,
            encodes_second_audio: false,
            picture: None,
            cost: None,
            reasons: Vec::new(),
            warnings: crate::plan::warnings(&sent, false),
            gains: Vec::new(),
            unkept: slate::unkept(&sent),
            sent,
        }
    }
}

/// The same plan with no more than the tracks that viewers have now, where the prepared file has just these: then they
/// can be kept. None where it has not.
pub fn narrowed(plan: &Plan, now: &Tracks) -> Option<Plan> {
    let all = &plan.sent;
    let sent = [
        all.clone(),
        Tracks { second_audio: None, ..all.clone() },
        Tracks { audio: all.second_audio.clone(), second_audio: None, ..all.clone() },
    ];
    let sent = sent.into_iter().find(|sent| sent == now)?;
    Some(Plan {
        audio: sent.audio.as_ref().map(|audio| audio.codec.clone()),
        warnings: crate::plan::warnings(&sent, false),
        sent,
        ..plan.clone()
    })
}

/// How long each track of a prepared file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    /// Of sound, at 48 kHz; the file's length.
    pub(super) samples: u64,
    pub(super) frames: u64,
}

impl Length {
    /// The shortest that holds all of a source of so many seconds; less than a third of a second longer than it.
    pub(super) fn of(recipe: &Recipe, seconds: f64) -> Length {
        // What is over by less than a millisecond is a container's rounding.
        let units = ((seconds - 0.001) * RATE as f64 / UNIT as f64).ceil().max(1.0) as u64;
        let samples = units * UNIT;
        let fps = recipe.picture.as_ref().map_or(0.0, |picture| picture.fps);
        let frames = (samples as f64 / RATE as f64 * fps).round() as u64;
        Length { samples, frames: if recipe.picture.is_some() { frames.max(1) } else { 0 } }
    }

    pub(super) fn seconds(self) -> f64 {
        self.samples as f64 / RATE as f64
    }

    pub(super) fn aac(self) -> u64 {
        self.samples / AAC
    }

    pub(super) fn opus(self) -> u64 {
        self.samples / OPUS
    }
}
