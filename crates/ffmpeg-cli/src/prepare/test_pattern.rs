//! The test pattern: colour bars, a counter that moves, and a tone. It is prepared like a file, without one.

use std::ffi::OsString;

use super::{
    Recipe,
    recipe::{Picture, Tone},
    steps::add,
};

/// Seconds: a whole number of units, of frames, and of the tone's cycles.
pub(super) const SECONDS: f64 = 9.6;
/// Where the tracks are among the inputs.
pub(super) const PICTURE: &str = "[v]";
pub(super) const SOUND: &str = "2:a";

impl Recipe {
    /// The test pattern, 1280x720 at 30 frames a second.
    pub fn test_pattern() -> Recipe {
        let picture = Picture {
            width: 1280,
            height: 720,
            fps: 30.0,
            rate: "30".to_owned(),
            interlaced: false,
            turn: None,
            kilobits: 1500,
            quality: None,
        };
        Recipe { picture: Some(picture), sound: Some(Tone::default()), part: None }
    }

    /// Seconds that the test pattern lasts.
    pub const TEST_PATTERN_SECONDS: f64 = SECONDS;
}

/// Bars; a counter of seconds and hundredths, cut out of a source that draws it without a font; a tone of 1 kHz at
/// -20 dB, the usual one for setting levels. `sine` has an amplitude of 1/8.
pub(super) fn inputs(words: &mut Vec<OsString>, recipe: &Recipe) {
    let Some(Picture { width, height, rate, .. }) = &recipe.picture else { return };
    let (x, y) = (width / 2 - 208, height / 4 - 32);
    add(words, &["-f", "lavfi", "-i", &format!("smptehdbars=s={width}x{height}:r={rate}")]);
    add(words, &["-f", "lavfi", "-i", &format!("testsrc=s=320x180:r={rate}:decimals=2")]);
    add(words, &["-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000,volume=0.8"]);
    let counter = "crop=104:56:188:62,scale=416:224:flags=neighbor";
    let graph = format!("[1:v]{counter}[c];[0:v][c]overlay={x}:{y},setsar=1,format=yuv420p{PICTURE}");
    add(words, &["-filter_complex", &graph]);
}
