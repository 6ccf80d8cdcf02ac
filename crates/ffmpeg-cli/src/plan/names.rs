//! What people call sounds and containers.

use stream_api::{AudioTrack, codec_name, t};

pub(super) fn audio_name(audio: &AudioTrack) -> String {
    match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some(profile)) => profile.to_owned(),
        ("aac", None) => t!("plan.unknown_aac").to_owned(),
        (codec, _) => codec_name(codec),
    }
}

pub(super) fn container_name(container: &str) -> String {
    stream_api::container_name(container).unwrap_or_else(|| t!("plan.unknown_container").to_owned())
}
