//! What can be chosen.

use serde::{Deserialize, Serialize};

use super::Setting;
use crate::{Error, Listener, ServerId, ServerSettings};

/// What becomes of the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoCodec {
    /// As it is where every viewer plays that, else H.264.
    #[default]
    Automatic,
    /// As it is wherever it can be sent at all, whoever plays it.
    AsIs,
    /// H.264 (AVC), which every viewer plays.
    H264,
    /// H.265 (HEVC).
    H265,
    /// AV1.
    Av1,
}

/// What encodes a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoder {
    /// The first that works on this computer.
    #[default]
    Automatic,
    /// The processor.
    Software,
    /// NVIDIA's.
    Nvenc,
    /// Intel's.
    QuickSync,
    /// Linux: of AMD and Intel.
    Vaapi,
    /// Apple's.
    VideoToolbox,
    /// AMD's, on Windows.
    Amf,
}

/// What becomes of the sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    /// As it is where it can be sent; where something has to be encoded, AAC and Opus.
    #[default]
    Automatic,
    /// As it is wherever it can be sent at all.
    AsIs,
    /// AAC, which every protocol but WebRTC carries.
    Aac,
    /// Opus, which every protocol but RTMP carries.
    Opus,
    /// A track of each, so that every viewer hears one.
    Both,
    /// Left out.
    None,
}

/// How FFmpeg brings a stream to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishBy {
    /// RTSP over TCP: the least work, and every codec.
    #[default]
    Rtsp,
    /// RTMP: H.264 and AAC alone.
    Rtmp,
    /// SRT.
    Srt,
}

impl VideoCodec {
    pub(super) fn is_automatic(&self) -> bool {
        *self == VideoCodec::default()
    }

    /// FFmpeg's name of the codec that is made.
    pub const fn codec(self) -> &'static str {
        match self {
            VideoCodec::Automatic | VideoCodec::AsIs | VideoCodec::H264 => "h264",
            VideoCodec::H265 => "hevc",
            VideoCodec::Av1 => "av1",
        }
    }
}

impl Encoder {
    /// Every one that does something, those first that spare the processor most.
    pub const ALL: [Encoder; 6] = [
        Encoder::Nvenc,
        Encoder::QuickSync,
        Encoder::VideoToolbox,
        Encoder::Amf,
        Encoder::Vaapi,
        Encoder::Software,
    ];

    pub(super) fn is_automatic(&self) -> bool {
        *self == Encoder::default()
    }

    /// As people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Encoder::Automatic => t!("encoder.automatic"),
            Encoder::Software => t!("encoder.software"),
            Encoder::Nvenc => "NVENC",
            Encoder::QuickSync => "Quick Sync",
            Encoder::Vaapi => "VA-API",
            Encoder::VideoToolbox => "VideoToolbox",
            Encoder::Amf => "AMF",
        }
    }
}

impl Sound {
    pub(super) fn is_automatic(&self) -> bool {
        *self == Sound::default()
    }
}

impl PublishBy {
    pub(super) fn is_usual(&self) -> bool {
        *self == PublishBy::default()
    }

    /// As people write it.
    pub const fn label(self) -> &'static str {
        match self {
            PublishBy::Rtsp => "RTSP",
            PublishBy::Rtmp => "RTMP",
            PublishBy::Srt => "SRT",
        }
    }

    /// Where a server takes it in, unencrypted: it never leaves the computer.
    pub const fn listener(self) -> Listener {
        match self {
            PublishBy::Rtsp => Listener::Rtsp,
            PublishBy::Rtmp => Listener::Rtmp,
            PublishBy::Srt => Listener::Srt,
        }
    }

    /// Whether a stream can go to `server` so, where ours has these `settings`. The way to other servers is RTSP alone.
    ///
    /// # Errors
    /// `setting_unfit`.
    pub fn check(self, server: ServerId, settings: &ServerSettings) -> Result<(), Error> {
        let (what, cure) = match self {
            PublishBy::Rtsp => return Ok(()),
            _ if !server.is_bundled() => {
                (t!("setting.publish.elsewhere").to_owned(), t!("setting.publish.elsewhere.cure").to_owned())
            }
            _ if settings.reach_of(self.listener()).is_some() => return Ok(()),
            _ => {
                let protocol = self.label();
                (
                    t!("setting.publish.off", protocol = protocol),
                    t!("setting.publish.off.cure", protocol = protocol),
                )
            }
        };
        Err(Setting::Publish.wrong(what, cure))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Encryption, Protocols};

    #[test]
    fn it_is_published_as_its_server_takes_it() {
        let with = |rtmp, encryption| ServerSettings {
            protocols: Protocols { rtmp, ..Protocols::default() },
            encryption,
            ..ServerSettings::default()
        };
        let (open, off) = (with(true, Encryption::Off), with(false, Encryption::Off));
        let encrypted = with(true, Encryption::SelfSigned);
        let elsewhere = ServerId(Uuid::from_u128(1));
        for (by, server, settings, fits) in [
            (PublishBy::Rtmp, ServerId::BUNDLED, &open, true),
            (PublishBy::Rtmp, ServerId::BUNDLED, &off, false),
            (PublishBy::Rtmp, ServerId::BUNDLED, &encrypted, false),
            (PublishBy::Srt, ServerId::BUNDLED, &encrypted, true),
            (PublishBy::Srt, elsewhere, &open, false),
            (PublishBy::Rtsp, elsewhere, &off, true),
        ] {
            let checked = by.check(server, settings);
            assert_eq!(checked.is_ok(), fits, "{by:?} {server} {settings:?}: {checked:?}");
        }
        let refused = PublishBy::Rtmp.check(ServerId::BUNDLED, &off).expect_err("it is off");
        assert!(refused.message.contains("RTMP") && refused.hint.contains("RTSP"), "{refused:?}");
    }
}
