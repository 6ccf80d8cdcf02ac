use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::words;

/// Something to know about how a source is sent: why it is encoded, or what viewers will miss.
///
/// As with an [`Error`](crate::Error), programs read `code` and `args`, people read `message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// For programs.
    pub code: RemarkCode,
    /// The values in the message, for programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// One sentence, for people.
    pub message: String,
}

impl Remark {
    /// A remark with the words of `code`; [`Remark::with`] fills in their placeholders.
    pub fn new(code: RemarkCode) -> Remark {
        Remark { code, args: BTreeMap::new(), message: code.message().to_owned() }
    }

    /// Sets the placeholder `{name}` of the words.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Remark {
        self.args.insert(name.to_owned(), value.to_string());
        let args: Vec<(&str, &str)> = self.args.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        self.message = words::fill(self.code.message(), &args);
        self
    }
}

macro_rules! remarks {
    ($($(#[doc = $doc:literal])+ $name:ident = $wire:literal, $words:literal;)+) => {
        /// What a [`Remark`] says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum RemarkCode {
            $($(#[doc = $doc])+ #[serde(rename = $wire)] $name,)+
        }

        impl RemarkCode {
            /// Every code.
            pub const ALL: &[RemarkCode] = &[$(RemarkCode::$name),+];

            /// Words with `{placeholders}`.
            pub const fn message(self) -> &'static str {
                match self { $(RemarkCode::$name => const { words::must($words) }),+ }
            }
        }
    };
}

remarks! {
    /// Viewers don't all play the video's codec.
    VideoCodec = "video_codec", "plan.reason.video_codec";
    /// Video can't be copied out of this container.
    VideoContainer = "video_container", "plan.reason.video_container";
    /// Browsers don't play these pixels.
    PixelFormat = "pixel_format", "plan.reason.pixel_format";
    /// Browsers don't play this profile of H.264.
    Profile = "profile", "plan.reason.profile";
    /// WebRTC has no B-frames.
    BFrames = "b_frames", "plan.reason.b_frames";
    /// Fields instead of frames.
    Interlaced = "interlaced", "plan.reason.interlaced";
    /// A copy would lose the rotation.
    Rotation = "rotation", "plan.reason.rotation";
    /// Key frames were not found.
    KeyframesUnknown = "keyframes_unknown", "plan.reason.keyframes_unknown";
    /// Viewers would wait long for a picture.
    KeyframesRare = "keyframes_rare", "plan.reason.keyframes_rare";
    /// The sound's codec can't be sent as it is.
    AudioCodec = "audio_codec", "plan.reason.audio_codec";
    /// Sound can't be copied out of this container.
    AudioContainer = "audio_container", "plan.reason.audio_container";
    /// The user chose a setting that asks for it.
    Asked = "asked", "plan.reason.asked";
    /// The protocol by which it is published does not carry it.
    Unpublished = "unpublished", "plan.reason.unpublished";
    /// Too many channels to be copied.
    AudioChannels = "audio_channels", "plan.reason.audio_channels";
    /// It is sent from a prepared file of such a picture and bitrate.
    Prepared = "prepared", "plan.reason.prepared";
    /// It is sent from a prepared file of such a picture and quality.
    PreparedQuality = "prepared_quality", "plan.reason.prepared_quality";
    /// It is sent from a prepared file without a picture.
    PreparedSound = "prepared_sound", "plan.reason.prepared_sound";

    /// Viewers over WebRTC hear nothing.
    WebrtcSilent = "webrtc_silent", "plan.warning.webrtc_silent";
    /// There is no picture, and viewers over WebRTC get nothing at all.
    AudioOnlyWebrtc = "audio_only_webrtc", "plan.warning.audio_only_webrtc";
    /// There is no picture.
    AudioOnly = "audio_only", "plan.warning.audio_only";
    /// The sound is left out.
    AudioUnknown = "audio_unknown", "plan.warning.audio_unknown";
    /// There is no sound.
    NoAudio = "no_audio", "plan.warning.no_audio";
    /// Old RTMP players hear nothing.
    RtmpSilent = "rtmp_silent", "plan.warning.rtmp_silent";
    /// A prepared file needs no encoding as it plays.
    GainsProcessor = "gains_processor", "plan.gain.processor";
    /// A prepared file has no click and no pause where it starts again.
    GainsSeam = "gains_seam", "plan.gain.seam";
    /// A prepared file has no silence where it starts again.
    GainsSilent = "gains_silent", "plan.gain.silent";
    /// A prepared file has no picture that stands still longer than needed where it starts again.
    GainsFrozen = "gains_frozen", "plan.gain.frozen";

    /// Some viewer can't play it as it is, which is how it was chosen to be sent.
    NotEverywhere = "not_everywhere", "plan.warning.not_everywhere";
    /// An encoder failed while it was used, so another one took over.
    EncoderFailed = "encoder_failed", "plan.warning.encoder_failed";
    /// An encoder has no session left, so another one encodes.
    EncoderFull = "encoder_full", "plan.warning.encoder_full";
    /// The encoder that was chosen does not work here, so another one is used.
    EncoderInstead = "encoder_instead", "plan.warning.encoder_instead";
    /// Its server does not take it as it was chosen to be published.
    PublishedInstead = "published_instead", "plan.warning.published_instead";

    /// The picture's high dynamic range is encoded as it is.
    Hdr = "hdr", "plan.warning.hdr";
    /// Not every browser plays the codec, which is passed on as it is.
    CodecBrowsers = "codec_browsers", "plan.warning.codec_browsers";
}

impl RemarkCode {
    /// Whether it says what viewers by some protocol miss, which [`plays_everywhere`](crate::plays_everywhere) says of
    /// each.
    pub const fn is_of_a_protocol(self) -> bool {
        matches!(
            self,
            RemarkCode::WebrtcSilent
                | RemarkCode::RtmpSilent
                | RemarkCode::CodecBrowsers
                | RemarkCode::NotEverywhere
        )
    }

    /// Whether it says that something stands in for what was chosen, or for what failed.
    pub const fn is_stand_in(self) -> bool {
        matches!(
            self,
            RemarkCode::EncoderFailed
                | RemarkCode::EncoderFull
                | RemarkCode::EncoderInstead
                | RemarkCode::PublishedInstead
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_has_a_code_its_values_and_words() {
        let remark = Remark::new(RemarkCode::Rotation).with("degrees", 90);
        assert!(remark.message.contains("90°"), "{}", remark.message);
        let json = serde_json::to_value(&remark).expect("serialises");
        assert_eq!((json["code"].as_str(), json["args"]["degrees"].as_str()), (Some("rotation"), Some("90")));
        assert_eq!(serde_json::from_value::<Remark>(json).expect("reads back"), remark);
    }
}
