use std::fmt;

use crate::{Code, Error};

/// A setting that can be wrong, or be the reason why something is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// `video`.
    Video,
    /// `encoder`.
    Encoder,
    /// `device`.
    Device,
    /// `kilobits`, in megabits for people.
    Bitrate,
    /// `quality`.
    Quality,
    /// `height`.
    Height,
    /// `fps`.
    Fps,
    /// `keyframes`.
    Keyframes,
    /// `deinterlace`.
    Deinterlace,
    /// `rotate`.
    Rotate,
    /// `audio`.
    Audio,
    /// `audio_kilobits`.
    AudioBitrate,
    /// `volume`.
    Volume,
    /// `start`.
    Start,
    /// `end`.
    End,
    /// `publish`.
    Publish,
    /// `extra`.
    Extra,
    /// How many times it plays: [`Playback::Times`](crate::Playback::Times).
    Times,
}

impl Setting {
    /// As people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Setting::Video => t!("setting.video"),
            Setting::Encoder => t!("setting.encoder"),
            Setting::Device => t!("setting.device"),
            Setting::Bitrate => t!("setting.bitrate"),
            Setting::Quality => t!("setting.quality"),
            Setting::Height => t!("setting.height"),
            Setting::Fps => t!("setting.fps"),
            Setting::Keyframes => t!("setting.keyframes"),
            Setting::Deinterlace => t!("setting.deinterlace"),
            Setting::Rotate => t!("setting.rotate"),
            Setting::Audio => t!("setting.audio"),
            Setting::AudioBitrate => t!("setting.audio_bitrate"),
            Setting::Volume => t!("setting.volume"),
            Setting::Start => t!("setting.start"),
            Setting::End => t!("setting.end"),
            Setting::Publish => t!("setting.publish"),
            Setting::Extra => t!("setting.extra"),
            Setting::Times => t!("setting.times"),
        }
    }

    /// What its number counts, for people; empty for a mere number.
    pub const fn unit(self) -> &'static str {
        match self {
            Setting::Bitrate => t!("unit.mbps"),
            Setting::AudioBitrate => t!("unit.kbps"),
            Setting::Height => t!("unit.lines"),
            Setting::Fps => t!("unit.fps"),
            Setting::Keyframes => t!("unit.seconds"),
            Setting::Volume => t!("unit.percent"),
            Setting::Times => t!("unit.times"),
            _ => "",
        }
    }

    /// The smallest and the largest number, both allowed, as stored.
    pub const fn range(self) -> (u32, u32) {
        match self {
            Setting::Bitrate => (300, 50_000),
            Setting::Quality => (10, 40),
            // More is never made: it would be cut without a word.
            Setting::Height => (120, 2160),
            Setting::Fps => (1, 60),
            Setting::Keyframes => (1, 10),
            Setting::AudioBitrate => (32, 320),
            Setting::Volume => (1, 400),
            Setting::Times => (2, 10_000),
            _ => (0, u32::MAX),
        }
    }

    /// That its number is out of range, or is none.
    pub fn unfit(self) -> Error {
        let (least, most) = self.range();
        let shown = |number: u32| match self {
            Setting::Bitrate => (f64::from(number) / 1000.0).to_string(),
            _ => number.to_string(),
        };
        let cure = t!("setting.range.cure", least = shown(least), most = shown(most), unit = self.unit());
        self.wrong(t!("setting.range"), cure)
    }

    /// That the file has ended where the part of it begins.
    pub fn late() -> Error {
        Setting::Start.wrong(t!("setting.start.late"), t!("setting.start.late.cure"))
    }

    /// That FFmpeg's own arguments can't be taken apart.
    pub fn unparsed() -> Error {
        Setting::Extra.wrong(t!("setting.extra.unparsed"), t!("setting.extra.unparsed.cure"))
    }

    /// That FFmpeg's own arguments come from somebody who is not at the desktop.
    pub fn refused() -> Error {
        Setting::Extra.wrong(t!("setting.extra.refused"), t!("setting.extra.refused.cure"))
    }

    /// That FFmpeg's own arguments would go with another source, chosen by somebody who is not at the desktop.
    pub fn bound() -> Error {
        Setting::Extra.wrong(t!("setting.extra.bound"), t!("setting.extra.bound.cure"))
    }

    pub(super) fn wrong(self, what: impl fmt::Display, cure: impl fmt::Display) -> Error {
        Error::new(Code::SettingUnfit).with("setting", self.label()).with("what", what).with("cure", cure)
    }
}
