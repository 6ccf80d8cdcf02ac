//! Which sound tracks are sent.

use stream_api::{AudioTrack, Encoding, Remark, SentAudio, Setting, Sound};

use super::{Wanted, judge};

/// The tracks that are made of one, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Sounds {
    pub(super) first: Option<Made>,
    pub(super) second: Option<Made>,
    pub(super) reasons: Vec<Remark>,
    /// What some viewer misses because the user chose it so.
    pub(super) warning: Option<Remark>,
}

/// A track that is sent.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) sent: SentAudio,
    pub(super) encoded: bool,
}

/// `encodes_video`: the stream costs what encoding costs anyway.
pub(super) fn sounds(audio: &AudioTrack, container: &str, wanted: &Wanted, encodes_video: bool) -> Sounds {
    let encoding = &wanted.encoding;
    let by = encoding.publish;
    let against = judge::against_copying_audio(audio, container, by);
    let impossible = judge::against_sending_audio(audio, container, by);
    let altered = altered(encoding).or(wanted.repeated_part().map(judge::asked));
    let both = wanted.carries_opus() && wanted.viewers.webrtc;
    let codecs: &[&str] = match encoding.audio {
        Sound::None => return Sounds::default(),
        Sound::AsIs if impossible.is_none() && wanted.repeated_part().is_none() => {
            let warning = against.map(super::not_everywhere);
            let first = Made { sent: super::as_it_is(audio), encoded: false };
            return Sounds { first: Some(first), warning, ..Sounds::default() };
        }
        Sound::Automatic if against.is_none() && altered.is_none() && !encodes_video => {
            let first = Made { sent: super::as_it_is(audio), encoded: false };
            return Sounds { first: Some(first), ..Sounds::default() };
        }
        // A sound that can't be copied, or that has to be encoded anyway.
        Sound::Automatic if both => &["aac", "opus"],
        Sound::Both => &["aac", "opus"],
        Sound::Opus => &["opus"],
        Sound::Automatic | Sound::AsIs | Sound::Aac => &["aac"],
    };
    // A prepared file has no other: with one, nobody could move there who watches.
    let fits = !wanted.prepare || super::as_it_is(audio) == super::encoded_audio(&audio.codec);
    let make = |codec: &&str| {
        let copied = audio.codec == **codec && against.is_none() && altered.is_none() && fits;
        let sent = if copied { super::as_it_is(audio) } else { super::encoded_audio(codec) };
        Made { sent, encoded: !copied }
    };
    let (first, second) = (codecs.first().map(make), codecs.get(1).map(make));
    let encodes = [&first, &second].into_iter().flatten().any(|made| made.encoded);
    let chosen = || match (audio.codec.as_str(), codecs) {
        (from, [to]) if from != *to => {
            vec![judge::recoded(audio, if *to == "opus" { "Opus" } else { "AAC" })]
        }
        _ if encoding.audio == Sound::Both => vec![judge::asked(Setting::Audio)],
        // Opus comes along with a picture that is encoded.
        _ => Vec::new(),
    };
    let reasons = match (encodes, altered, against) {
        (false, ..) => Vec::new(),
        (true, Some(altered), _) => vec![altered],
        (true, None, Some(against)) => vec![against],
        (true, None, None) => chosen(),
    };
    Sounds { first, second, reasons, warning: None }
}

/// What the user wants of a sound that can't be had of it as it is. Nothing where it is to be sent just so: what was set
/// before is out of sight then.
fn altered(encoding: &Encoding) -> Option<Remark> {
    if encoding.audio == Sound::AsIs {
        return None;
    }
    let louder = encoding.volume.filter(|percent| *percent != 100).map(|_| judge::asked(Setting::Volume));
    louder.or(encoding.audio_kilobits.map(|_| judge::asked(Setting::AudioBitrate)))
}

/// Of what a server fetches.
pub(super) fn live(audio: &AudioTrack, encoding: &Encoding) -> Sounds {
    let (odd, altered) = (judge::against_passing_audio(audio), altered(encoding));
    let codecs: &[&str] = match encoding.audio {
        Sound::None => return Sounds::default(),
        Sound::AsIs => &[],
        Sound::Automatic if odd.is_none() && altered.is_none() => &[],
        Sound::Automatic | Sound::Opus => &["opus"],
        Sound::Aac => &["aac"],
        Sound::Both => &["aac", "opus"],
    };
    let make = |codec: &&str| {
        let copied = audio.codec == **codec && odd.is_none() && altered.is_none();
        let sent = if copied { super::as_it_is(audio) } else { super::encoded_audio(codec) };
        Made { sent, encoded: !copied }
    };
    let passed = || Made { sent: super::as_it_is(audio), encoded: false };
    let (first, second) = (codecs.first().map_or_else(passed, make), codecs.get(1).map(make));
    let encodes = first.encoded || second.as_ref().is_some_and(|made| made.encoded);
    let to_opus = matches!(encoding.audio, Sound::Automatic | Sound::Opus);
    let why = altered.or(odd.filter(|_| to_opus)).unwrap_or_else(|| judge::asked(Setting::Audio));
    let reasons = if encodes { vec![why] } else { Vec::new() };
    Sounds { first: Some(first), second, reasons, warning: None }
}
