use stream_api::{
    AudioTrack, Encoding, Mode, Part, Plan, Remark, RemarkCode, SentAudio, Sound, SourceMedia, Tracks,
    VideoTrack,
};

use super::{AAC, OPUS, RATE, UNIT};
use crate::{
    publish::encode::{self, FrameRate},
    slate,
};

/// Grows when what is made changes, so that files of earlier versions are not taken for its own.
const VERSION: u32 = 1;
/// Kilobits a second of the sound tracks, AAC and Opus, unless somebody wants others.
const SOUND_KILOBITS: [u32; 2] = [128, 96];
/// Kilobits a second that a picture gets at most because its source has so many.
const MOST_KEPT: u32 = 20_000;

/// How a file is prepared: everything but where it comes from and how long it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    pub(super) picture: Option<Picture>,
    pub(super) sound: Option<Tone>,
    /// Of the source; none for all of it.
    pub(super) part: Option<Part>,
}

/// The sound, of which a file has AAC and Opus always.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tone {
    /// Per cent; as loud as it is where there is none.
    pub(super) volume: Option<u32>,
    /// Kilobits a second of each track, where they are not the usual ones.
    pub(super) kilobits: Option<u32>,
    /// Which tracks are sent.
    pub(super) sends: Sends,
}

/// Which sound tracks are sent of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Sends {
    #[default]
    Both,
    Aac,
    Opus,
}

impl Tone {
    /// Kilobits a second of AAC and Opus.
    pub(super) fn kilobits(self) -> [u32; 2] {
        SOUND_KILOBITS.map(|usual| self.kilobits.unwrap_or(usual))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Frames per second.
    pub(super) fps: f64,
    /// The same as FFmpeg takes it.
    pub(super) rate: String,
    /// Its fields become frames.
    pub(super) interlaced: bool,
    /// Clockwise degrees by which it is turned, besides what the source says.
    pub(super) turn: Option<u32>,
    /// At most, where there is a quality.
    pub(super) kilobits: u32,
    /// The quantiser, instead of a steady bitrate.
    pub(super) quality: Option<u32>,
}

impl Recipe {
    /// For a source that is, or would be, sent by `plan`, as somebody chose.
    pub fn of(media: &SourceMedia, plan: &Plan, encoding: &Encoding) -> Recipe {
        let picture = media.video.as_ref().filter(|_| plan.sent.video.is_some()).map(|video| {
            let interlaced = encoding.deinterlace.unwrap_or(video.interlaced);
            if let Some(stream_api::Picture { width, height, fps, kilobits, quality, .. }) = plan.picture {
                let FrameRate { value, text } = FrameRate::exact(fps);
                let turn = encoding.rotate;
                return Picture {
                    width,
                    height,
                    fps: value,
                    rate: text,
                    interlaced,
                    turn,
                    kilobits,
                    quality,
                };
            }
            let (width, height) = encode::size(video);
            let FrameRate { value, text } = FrameRate::of(video);
            let kilobits = kept(media).max(encode::kilobits(width, height, value));
            Picture { width, height, fps: value, rate: text, interlaced, turn: None, kilobits, quality: None }
        });
        let sends = match encoding.audio {
            Sound::Aac => Sends::Aac,
            Sound::Opus => Sends::Opus,
            Sound::Automatic | Sound::Both | Sound::AsIs | Sound::None => Sends::Both,
        };
        let volume = encoding.volume.filter(|percent| *percent != 100);
        let tone = Tone { volume, kilobits: encoding.audio_kilobits, sends };
        let sound = plan.sent.audio.is_some().then_some(tone);
        Recipe { picture, sound, part: encoding.part() }
    }

    /// Tells it from every other: the same from the same source gives the same file.
    pub fn name(&self) -> String {
        let mut rest = String::new();
        if let Some(Tone { volume, kilobits, .. }) = self.sound {
            rest += "-aac-opus";
            rest += &kilobits.map(|kilobits| format!("-{kilobits}k")).unwrap_or_default();
            rest += &volume.map(|percent| format!("-volume{percent}")).unwrap_or_default();
        }
        if let Some(Part { start, end }) = self.part {
            rest += &format!("-from{start}-to{}", end.map(|end| end.to_string()).unwrap_or_default());
        }
        match &self.picture {
            Some(Picture { width, height, rate, interlaced, turn, kilobits, quality, .. }) => {
                let fields = if *interlaced { "i" } else { "p" };
                let turn = turn.map(|degrees| format!("-turn{degrees}")).unwrap_or_default();
                let quality = quality.map(|quality| format!("-q{quality}")).unwrap_or_default();
                format!("v{VERSION}-{width}x{height}{fields}{rate}-{kilobits}{quality}{turn}{rest}")
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
        let picture = self.picture.as_ref().map_or(0, |picture| picture.kilobits);
        (f64::from(picture) * 125.0 * seconds) as u64 + self.size_of_sound(seconds)
    }

    fn size_of_sound(&self, seconds: f64) -> u64 {
        let sound: u32 = self.sound.map_or(0, |sound| sound.kilobits().iter().sum());
        (f64::from(sound) * 125.0 * seconds) as u64
    }

    /// Bytes on the disk that making it takes at times: the picture stands there twice, the sound three times, and
    /// once more as samples.
    pub fn space(&self, seconds: f64) -> u64 {
        let full = if self.sound.is_some() { (RATE * 4) as f64 * seconds } else { 0.0 };
        2 * self.size(seconds) + self.size_of_sound(seconds) + full as u64
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
        let audio = self.sound.map(|_| AudioTrack {
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
            audio_tracks: if self.sound.is_some() { 2 } else { 0 },
            sound_longer_by: (self.sound.is_some() && video.is_some()).then_some(0.0),
            video,
            audio,
            begins: 0.0,
        };
        (media, self.plan())
    }

    /// How the prepared file is sent: both sound tracks, so that every protocol has one that its viewers can play, unless
    /// somebody wants one alone.
    pub fn plan(&self) -> Plan {
        let sent = |codec: &str| SentAudio { codec: codec.to_owned(), sample_rate: 48_000, channels: 2 };
        let sends = self.sound.map(|sound| sound.sends);
        let (audio, second_audio) = match sends {
            None => (None, None),
            Some(Sends::Both) => (Some(sent("aac")), Some(sent("opus"))),
            Some(Sends::Aac) => (Some(sent("aac")), None),
            Some(Sends::Opus) => (Some(sent("opus")), None),
        };
        let video = self.picture.as_ref().map(|_| "h264".to_owned());
        let sent = Tracks { video, audio, second_audio };
        Plan {
            mode: Mode::Prepared,
            video: sent.video.clone(),
            audio: sent.audio.as_ref().map(|audio| audio.codec.clone()),
            encodes_video: false,
            encodes_audio: false,
            encodes_second_audio: false,
            picture: None,
            cost: Some(crate::plan::COPYING),
            reasons: vec![self.says()],
            warnings: crate::plan::warnings(&sent, false),
            gains: Vec::new(),
            unkept: slate::unkept(&sent),
            sent,
        }
    }

    /// What the file has, for people: its bitrate is the picture's quality.
    fn says(&self) -> Remark {
        let Some(Picture { width, height, kilobits, quality, .. }) = &self.picture else {
            return Remark::new(RemarkCode::PreparedSound);
        };
        let size = format!("{width}×{height}");
        match quality {
            Some(quality) => {
                Remark::new(RemarkCode::PreparedQuality).with("size", size).with("quality", quality)
            }
            None => {
                let megabits = format!("{:.1}", f64::from(*kilobits) / 1000.0);
                Remark::new(RemarkCode::Prepared).with("size", size).with("megabits", megabits)
            }
        }
    }
}

/// Kilobits a second of a source that could be sent as it is, in steps of 100: with fewer, its picture would be worse for
/// being prepared.
fn kept(media: &SourceMedia) -> u32 {
    let of_source = media.bitrate_bps.unwrap_or_default().div_ceil(100_000) * 100;
    u32::try_from(of_source).unwrap_or(MOST_KEPT).min(MOST_KEPT)
}

/// The same plan with no more than the tracks that viewers have now, where the prepared file has just these: then they
/// can be kept. None where it has not.
pub fn narrowed(plan: &Plan, now: &Tracks) -> Option<Plan> {
    let all = &plan.sent;
    let second = all.second_audio.as_ref();
    let last = second.map(|_| Tracks { audio: all.second_audio.clone(), second_audio: None, ..all.clone() });
    let sent = [all.clone(), Tracks { second_audio: None, ..all.clone() }];
    let sent = sent.into_iter().chain(last).find(|sent| sent == now)?;
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
