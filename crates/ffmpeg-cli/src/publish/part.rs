//! A part of a file: cut out of it where it plays once, and named again and again in a list where it plays more often.
//!
//! With `-stream_loop` an input's `-ss` counts for the first pass alone and its `-to` for all passes together; a list
//! that is repeated by `-stream_loop` steps back in time at its start; a list that names each pass does neither. Each
//! pass is read from the key frame before it, so what is copied would overlap: its tracks are encoded, which leaves out
//! what was sent already. Of the first pass [`EXACT`] leaves it out (all measured with 5.1, 7.0 and 9.0).
//!
//! In MPEG-TS FFmpeg finds no key frame: there a pass begins with what it shows until the next one.

use std::fmt::Write as _;

use stream_api::{Code, Encoding, Error, Part, Playback, SourceMedia};

use super::Words;
use crate::input;

/// Passes of a list, which FFmpeg keeps in memory (5 MB). It ends after the last one and is started anew: at the
/// earliest after some hours, where a part lasts a second.
const MOST: u32 = 10_000;

/// Input options of a list: what lies before its own 0, where the first pass begins, is decoded and left out. By itself
/// FFmpeg counts from what it reads first.
pub(super) const EXACT: [&str; 4] = ["-seek_timestamp", "1", "-ss", "0"];

/// Whether FFmpeg can't repeat it by itself.
pub(crate) fn is_repeated(encoding: &Encoding, playback: Playback) -> bool {
    playback != Playback::Once && encoding.part().is_some()
}

/// The list (`ffconcat`) of the passes of a part of the file at `path`, for
/// [`Input::Passes`](super::Input::Passes). None where none is needed.
///
/// # Errors
/// `source_unreadable` where a path has several lines: a list has no words for it.
pub fn passes(
    path: &str,
    media: &SourceMedia,
    playback: Playback,
    encoding: &Encoding,
) -> Result<Option<String>, Error> {
    let Some(part) = encoding.part().filter(|_| is_repeated(encoding, playback)) else { return Ok(None) };
    if path.contains(['\n', '\r']) {
        return Err(Error::new(Code::SourceUnreadable).with("path", path));
    }
    let times = match playback {
        Playback::Loop | Playback::Once => MOST,
        Playback::Times(times) => times.min(MOST),
    };
    let mut pass = format!("file 'file:{}'\n", path.replace('\'', r"'\''"));
    // Each opens its file by itself: nothing but media, as everywhere.
    for [option, value] in input::SAFETY {
        // Writing into a string does not fail.
        let _ = writeln!(pass, "option {} {value}", option.trim_start_matches('-'));
    }
    // They count by the file's own clock, unlike `-ss` and `-to`.
    let at = |milliseconds: u32| media.begins + f64::from(milliseconds) / 1000.0;
    if part.start > 0 {
        let _ = writeln!(pass, "inpoint {:.3}", at(part.start).max(0.0));
    }
    if let Some(end) = part.end {
        let _ = writeln!(pass, "outpoint {:.3}", at(end));
    }
    Ok(Some(format!("ffconcat version 1.0\n{}", pass.repeat(times as usize))))
}

/// Where a file that plays once begins and ends: exactly where its picture is encoded, at the key frame before where it
/// is copied.
pub(super) fn cut(words: &mut Words, part: Option<Part>) {
    for [option, at] in arguments(part) {
        words.add(&[&option, &at]);
    }
}

/// Input options.
pub(crate) fn arguments(part: Option<Part>) -> impl Iterator<Item = [String; 2]> {
    let start = part.map(|part| ["-ss".to_owned(), seconds(part.start)]);
    let end = part.and_then(|part| part.end).map(|end| ["-to".to_owned(), seconds(end)]);
    start.filter(|[_, at]| at != "0.000").into_iter().chain(end)
}

fn seconds(milliseconds: u32) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_is_named_and_opens_nothing_but_media() {
        let part = Encoding { start: Some(1500), end: Some(62_000), ..Encoding::default() };
        let media = SourceMedia::default();
        let listed = |path: &str, playback, encoding: &Encoding| {
            passes(path, &media, playback, encoding).expect("has one line").expect("it repeats")
        };
        let list = listed("/v/it's a.mp4", Playback::Times(3), &part);
        assert!(list.starts_with("ffconcat version 1.0\nfile 'file:/v/it'\\''s a.mp4'\n"), "{list}");
        assert_eq!(list.matches("\ninpoint 1.500\noutpoint 62.000\n").count(), 3);
        assert_eq!(list.matches("\noption protocol_whitelist file\noption format_whitelist mov,").count(), 3);
        let later = SourceMedia { begins: 95_443.7, ..SourceMedia::default() };
        let list = passes("/a.ts", &later, Playback::Loop, &part).expect("has one line").expect("it repeats");
        assert!(list.contains("\ninpoint 95445.200\noutpoint 95505.700\n"), "by its own clock");
        let rest = Encoding { end: None, ..part.clone() };
        let list = listed("/a", Playback::Loop, &rest);
        assert!(!list.contains("outpoint") && list.matches("file '").count() == MOST as usize);
        let first = Encoding { start: None, ..part.clone() };
        assert!(!listed("/a", Playback::Loop, &first).contains("inpoint"), "from where it begins");
        assert_eq!(passes("/a", &media, Playback::Once, &part), Ok(None), "FFmpeg cuts it out");
        assert_eq!(passes("/a", &media, Playback::Loop, &Encoding::default()), Ok(None), "all of it");
        assert!(passes("/a\nfile /etc/passwd", &media, Playback::Loop, &part).is_err());
    }
}
