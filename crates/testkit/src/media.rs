//! Small real media files, made once by the real FFmpeg and kept in the user's cache.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use crate::fixtures::{ffmpeg, ffprobe};

const PICTURE: &str = "testsrc2=size=1280x720:rate=30";
const SOUND: &str = "sine=frequency=440:sample_rate=48000";
const AAC: &str = "-c:a aac -b:a 96k -ac 2";
const NO_B_FRAMES: &str = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 30 -bf 0";

/// The kept files. Each is made when it is first asked for.
#[derive(Clone, Debug)]
pub struct Fixtures {
    folder: PathBuf,
}

impl Fixtures {
    /// Names of all files that [`Fixtures::file`] can make.
    pub const NAMES: &[&str] = &[
        "clip_bf0.mp4",
        "clip_bframes.mp4",
        "clip.mkv",
        "clip.avi",
        "clip.mov",
        "clip.flv",
        "clip.ts",
        "clip.webm",
        "no_audio.mp4",
        "portrait.mp4",
        "uhd.mp4",
        "ten_bit.mp4",
        "vfr.mp4",
        "half_second.mp4",
        "hevc.mkv",
    ];

    /// The files in the cache of this user, `stream-manager/fixtures-v1`.
    ///
    /// # Panics
    /// If this user has no folder for caches.
    #[must_use]
    pub fn cached() -> Self {
        Self { folder: dirs::cache_dir().expect("a cache folder").join("stream-manager/fixtures-v1") }
    }

    /// Path of a file named in [`Fixtures::NAMES`]: H.264 1280x720 at 30 fps for 4 s with stereo AAC at 48 kHz
    /// and a keyframe each second, except for what its name says (`.avi` is MPEG-4 with MP3, `.webm` VP8 with
    /// Opus, `uhd.mp4` 3840x2160 for 1 s, `hevc.mkv` H.265 640x360 at 15 fps with G.711 as of a camera).
    ///
    /// # Panics
    /// If the name is unknown or FFmpeg can't make it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        static MAKING: Mutex<()> = Mutex::new(());
        let args = recipe(name).unwrap_or_else(|| panic!("no fixture is called {name}"));
        // The folder is named after the recipe, so a changed recipe makes a new file and the name stays.
        let mut hasher = DefaultHasher::new();
        args.hash(&mut hasher);
        let folder = self.folder.join(format!("{:016x}", hasher.finish()));
        let file = folder.join(name);
        if file.is_file() {
            return file;
        }
        // One at a time, which is quicker than each for itself. Another process may be at it too: the last rename wins
        // with the same content.
        let _one = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        if !file.is_file() {
            fs::create_dir_all(&folder).expect("the cache can be written");
            let work = tempfile::tempdir_in(&folder).expect("the cache can be written");
            let fresh = work.path().join(name);
            make(&args, &fresh);
            if name == "portrait.mp4" {
                rotate(&fresh);
            }
            fs::rename(&fresh, &file).expect("the cache can be written");
        }
        file
    }
}

fn recipe(name: &str) -> Option<String> {
    let clip = |seconds: &str, video: &str, audio: &str| {
        format!("-f lavfi -i {PICTURE} -f lavfi -i {SOUND} -t {seconds} {video} {audio}")
    };
    Some(match name {
        "clip_bf0.mp4" | "clip.mkv" | "clip.mov" | "clip.flv" | "clip.ts" => clip("4", NO_B_FRAMES, AAC),
        "clip_bframes.mp4" => {
            clip("4", "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 30 -bf 3 -b_strategy 0", AAC)
        }
        "clip.avi" => clip("4", "-c:v mpeg4 -q:v 5", "-c:a libmp3lame -b:a 96k -ac 2"),
        "clip.webm" => clip("4", "-c:v libvpx -b:v 1M -deadline realtime -cpu-used 8", "-c:a libopus -ac 2"),
        "no_audio.mp4" | "portrait.mp4" => format!("-f lavfi -i {PICTURE} -t 4 {NO_B_FRAMES}"),
        "uhd.mp4" => format!(
            "-f lavfi -i testsrc2=size=3840x2160:rate=30 -f lavfi -i {SOUND} -t 1 -c:v libx264 -preset ultrafast \
             -pix_fmt yuv420p -g 30 {AAC}"
        ),
        "ten_bit.mp4" => clip("4", "-c:v libx264 -preset veryfast -pix_fmt yuv420p10le -g 30", AAC),
        "vfr.mp4" => clip("4", &format!("-vf select='not(eq(mod(n,5),3))' -fps_mode vfr {NO_B_FRAMES}"), AAC),
        "hevc.mkv" => "-f lavfi -i testsrc2=size=640x360:rate=15 -f lavfi -i sine=frequency=440:sample_rate=8000 -t 4 \
             -c:v libx265 -preset ultrafast -x265-params log-level=error:bframes=0:keyint=15 -pix_fmt yuv420p \
             -c:a pcm_mulaw -ac 1"
            .to_owned(),
        "half_second.mp4" => clip("0.5", NO_B_FRAMES, AAC),
        _ => return None,
    })
}

fn make(args: &str, to: &Path) {
    let args: Vec<_> = args.split_whitespace().collect();
    if let Err(why) = try_ffmpeg(&args, to) {
        panic!("FFmpeg could not make {}: {why}", to.display());
    }
}

/// Writes "turn by a quarter" into a file's header, as a phone held upright does. FFmpeg up to 5 takes the
/// metadata `rotate`, from 6 on the option `-display_rotation`.
fn rotate(file: &Path) {
    let turned = file.with_file_name("turned.mp4");
    let from = file.to_string_lossy();
    let ways: [&[&str]; 2] = [
        &["-display_rotation", "90", "-i", &from, "-c", "copy"],
        &["-i", &from, "-c", "copy", "-metadata:s:v:0", "rotate=90"],
    ];
    let done = ways.iter().any(|args| try_ffmpeg(args, &turned).is_ok() && is_turned(&turned));
    assert!(done, "FFmpeg could not write a rotation");
    fs::rename(turned, file).expect("the cache can be written");
}

fn is_turned(file: &Path) -> bool {
    let args = ["-v", "error", "-show_entries", "stream_side_data=rotation", "-of", "csv=p=0"];
    let probed = Command::new(ffprobe()).args(args).arg(file).output().expect("ffprobe runs");
    String::from_utf8_lossy(&probed.stdout).contains("90")
}

fn try_ffmpeg(args: &[&str], to: &Path) -> Result<(), String> {
    let ran = Command::new(ffmpeg())
        .args(["-nostdin", "-v", "error", "-y"])
        .args(args)
        .arg(to)
        .output()
        .expect("FFmpeg runs");
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_every_file() {
        for name in Fixtures::NAMES {
            let file = Fixtures::cached().file(name);
            assert!(file.metadata().expect("it is there").len() > 1000, "{name} has content");
        }
    }
}
