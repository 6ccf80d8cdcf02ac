//! What is known of a stream that somebody else feeds: who publishes, what comes in, what is waited for.

use mediamtx_client::{PullFailure, Session, SessionKind, Track};
use stream_api::{
    AudioTrack, Awaited, Code, Error, Publisher, Source, SourceMedia, Stream, UnixMillis, VideoTrack, Wait,
};

use super::open::host;
use crate::{prober::Probed, server::PullTrouble};

/// What a stream waits for that runs and is off air; `lost`: it was on air since it runs.
pub(super) fn wait(source: &Source, lost: bool, trouble: Option<PullTrouble>) -> Option<Wait> {
    let of = match source {
        Source::File { .. } | Source::TestPattern => return None,
        Source::Incoming => Awaited::Publisher,
        Source::Network(_) if source.is_on_demand() => Awaited::Viewer,
        Source::Network(_) => Awaited::Source,
    };
    let tried = trouble.as_ref().map(|trouble| trouble.at);
    let error =
        trouble.zip(source.network()).map(|(trouble, network)| failure(&trouble.failure, &host(network)));
    Some(Wait { of, lost: lost && of != Awaited::Viewer, error, tried })
}

/// Why a stream that somebody else feeds went off air by itself.
pub(crate) fn lost(stream: &Stream) -> Option<Error> {
    let wait = stream.wait.as_ref().filter(|wait| wait.lost)?;
    match wait.of {
        Awaited::Publisher => Some(Error::new(Code::PublisherLeft)),
        Awaited::Source => {
            let host = stream.spec.source.network().map(host).unwrap_or_default();
            Some(Error::new(Code::PullLost).with("host", host))
        }
        Awaited::Viewer => None,
    }
}

/// Why a source on `host` can't be fetched, with its words.
pub(crate) fn failure(failure: &PullFailure, host: &str) -> Error {
    let code = match failure {
        PullFailure::Name => Code::PullNameUnknown,
        PullFailure::Refused => Code::PullConnectionRefused,
        PullFailure::Unreachable => Code::PullUnreachable,
        PullFailure::Silent => Code::PullSilent,
        PullFailure::Login => Code::PullLogin,
        PullFailure::NoPath => Code::PullNoPath,
        PullFailure::Rejected => Code::PullRejected,
        PullFailure::Codec => Code::PullCodec,
        PullFailure::Certificate => Code::PullCertificate,
        PullFailure::Closed => Code::PullClosed,
        PullFailure::PortTaken => Code::PullPortTaken,
        PullFailure::Other(reason) => {
            return Error::new(Code::PullFailed).with("host", host).with("reason", reason);
        }
    };
    Error::new(code).with("host", host)
}

/// Who publishes.
pub(super) fn publisher(session: &Session) -> Publisher {
    let protocol = match session.kind {
        SessionKind::Rtsp => "RTSP",
        SessionKind::Rtsps => "RTSPS",
        SessionKind::Rtmp => "RTMP",
        SessionKind::Rtmps => "RTMPS",
        SessionKind::Srt => "SRT",
        SessionKind::WebRtc => "WebRTC",
        SessionKind::Hls => "HLS",
        SessionKind::Moq => "MoQ",
    };
    let since = session.created.parse::<jiff::Timestamp>().ok();
    Publisher {
        protocol: protocol.to_owned(),
        address: session.remote_addr.clone(),
        user: Some(session.user.clone()).filter(|user| !user.is_empty()),
        since: since.map(|since| UnixMillis(since.as_millisecond())),
    }
}

/// What comes in, in the words for what a file holds.
pub(crate) fn received(tracks: &[Track]) -> Option<Probed> {
    let known = |track: &&Track| track.ffmpeg_codec().is_some();
    let video = tracks.iter().filter(known).find(|track| track.is_video());
    let audio = tracks.iter().filter(known).find(|track| !track.is_video());
    let profile = |track: &Track| Some(track.profile.clone()).filter(|profile| !profile.is_empty());
    let codec = |track: &Track| track.ffmpeg_codec().unwrap_or_default().to_owned();
    let media = SourceMedia {
        video: video.map(|track| VideoTrack {
            codec: codec(track),
            profile: profile(track),
            width: track.width,
            height: track.height,
            fps: 0.0,
            pixel_format: String::new(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: None,
            variable_fps: false,
            hdr: false,
        }),
        audio: audio.map(|track| AudioTrack {
            codec: codec(track),
            profile: profile(track),
            sample_rate: track.sample_rate,
            channels: track.channels,
        }),
        ..SourceMedia::default()
    };
    let any = media.video.is_some() || media.audio.is_some();
    any.then(|| Probed { plan: ffmpeg_cli::plan::as_received(&media), media })
}

#[cfg(test)]
mod tests {
    use stream_api::{Fetch, NetworkSource};

    use super::*;

    fn camera(when: Fetch) -> Source {
        Source::Network(NetworkSource { url: "rtsp://cam:8554/x".into(), when, ..NetworkSource::default() })
    }

    #[test]
    fn a_wait_says_for_what_and_why() {
        let trouble = PullTrouble { failure: PullFailure::Refused, at: UnixMillis(5) };
        let waits = wait(&camera(Fetch::Always), true, Some(trouble)).expect("it waits");
        let error = waits.error.expect("a reason");
        assert_eq!((waits.of, waits.lost, waits.tried), (Awaited::Source, true, Some(UnixMillis(5))));
        assert_eq!(error.code, Code::PullConnectionRefused);
        assert!(error.message.contains("cam"), "{error}");
        let idle = wait(&camera(Fetch::OnDemand), true, None).expect("it waits");
        assert_eq!((idle.of, idle.lost), (Awaited::Viewer, false), "nobody watches: nothing is wrong");
        assert_eq!(wait(&Source::Incoming, false, None).map(|wait| wait.of), Some(Awaited::Publisher));
        assert_eq!(wait(&Source::File { path: "/a".into() }, false, None), None);
    }

    #[test]
    fn tracks_become_facts() {
        let track = |codec: &str| Track { codec: codec.into(), width: 1280, channels: 2, ..Track::default() };
        let probed = received(&[track("MPEG-4 Audio"), track("H265"), track("KLV")]).expect("media");
        assert_eq!(probed.media.video.map(|video| (video.codec, video.width)), Some(("hevc".into(), 1280)));
        assert_eq!(probed.media.audio.map(|audio| (audio.codec, audio.channels)), Some(("aac".into(), 2)));
        assert!(
            probed.plan.warnings.iter().any(|warning| warning.message.contains("H.265")),
            "{:?}",
            probed.plan
        );
        assert_eq!(received(&[track("KLV")]), None);
    }
}
