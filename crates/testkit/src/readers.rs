//! Viewers: do people really see a picture?

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{process::Command, time::timeout};

use crate::fixtures::ffmpeg;

/// The decoded picture is scaled to this, in grey, a byte a pixel.
const SIZE: (usize, usize) = (64, 36);
/// What a reader needs to know of a live stream comes with its next key frame, in the fixtures one a second. FFmpeg
/// looks for up to five, longest by SRT, to find out a frame rate that nobody here asks for.
const IMPATIENT: [&str; 4] = ["-analyzeduration", "5000000", "-fpsprobesize", "0"];

/// The options with which a reader opens this address: it looks at the stream no longer than it must, and waits for a
/// busy computer, where SRT would give up after 3 s.
#[must_use]
pub fn options(url: &str) -> Vec<&'static str> {
    let own: &[&str] = match url.split(':').next() {
        Some("rtsp" | "rtsps") => &["-rtsp_transport", "tcp"],
        Some("srt") => PATIENT_SRT,
        _ => &[],
    };
    [&IMPATIENT, own].concat()
}

/// The options with which FFmpeg waits longer than 3 s for an answer by SRT; also for who sends.
pub const PATIENT_SRT: &[&str] = &["-connect_timeout", "15000"];

/// Reads an RTSP, RTMP, HLS or SRT address with the real FFmpeg until one picture is decoded, trying again until
/// the limit.
///
/// # Errors
/// With FFmpeg's words if no picture came in time.
pub async fn reads_picture(url: &str, limit: Duration) -> Result<(), String> {
    picture(url, limit).await.map(drop)
}

/// The same, and returns the picture: 64x36 pixels in grey.
///
/// # Errors
/// With FFmpeg's words if no picture came in time.
pub async fn picture(url: &str, limit: Duration) -> Result<Vec<u8>, String> {
    let end = Instant::now() + limit;
    let mut last = String::from("FFmpeg gave no answer");
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!("no picture from {url} within {limit:?}: {last}"));
        }
        match timeout(left, try_picture(url)).await {
            Ok(Ok(picture)) => return Ok(picture),
            Ok(Err(why)) => last = why,
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A single try, such as a player makes.
///
/// # Errors
/// With FFmpeg's words if no picture came, or none within half a minute.
pub async fn one_try(url: &str) -> Result<(), String> {
    match timeout(Duration::from_secs(30), try_picture(url)).await {
        Ok(tried) => tried.map(drop),
        Err(_) => Err("no answer".to_owned()),
    }
}

async fn try_picture(url: &str) -> Result<Vec<u8>, String> {
    let mut command = Command::new(ffmpeg());
    command.args(["-nostdin", "-v", "error"]).args(options(url));
    let (width, height) = SIZE;
    command
        .args(["-i", url, "-map", "0:v:0", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray"])
        .args(["-vf", &format!("scale={width}:{height}"), "pipe:1"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let read = command.output().await.map_err(|error| error.to_string())?;
    // FFmpeg also exits with 0 when nothing came.
    if read.stdout.len() == width * height {
        Ok(read.stdout)
    } else {
        Err(String::from_utf8_lossy(&read.stderr).trim().to_owned())
    }
}
