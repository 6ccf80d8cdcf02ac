//! A viewer that stays: FFmpeg reads a stream and throws it away, and must not be disturbed.

use std::{
    collections::HashMap,
    fs,
    process::{Child, Command, Stdio},
};

use super::until;

/// Reads until it is dropped or let go.
pub struct Reader {
    child: Child,
    url: String,
    /// FFmpeg's `-progress`.
    progress: tempfile::NamedTempFile,
    /// A line for each packet that came, as FFmpeg's `framecrc` writes them; of one that notes them.
    packets: Option<tempfile::NamedTempFile>,
    said: tempfile::NamedTempFile,
}

impl Reader {
    /// Connects, and waits until media comes: as a player does, which tries again where it was not let in at once.
    pub async fn of(url: &str) -> Reader {
        Reader::open(url, false).await
    }

    /// The same, of one that can tell whether it missed something.
    pub async fn noting(url: &str) -> Reader {
        Reader::open(url, true).await
    }

    async fn open(url: &str, notes: bool) -> Reader {
        let mut reader = Reader::tries(url, notes);
        until(&format!("{url} is watched"), async || {
            if !reader.is_connected() {
                eprintln!("{url}: once more after {}", reader.said());
                reader = Reader::tries(url, notes);
            }
            (reader.seconds() > 0.0).then_some(())
        })
        .await;
        reader.gets_more().await;
        reader
    }

    #[expect(clippy::disallowed_methods, reason = "a viewer, ended on drop")]
    fn tries(url: &str, notes: bool) -> Reader {
        let packets = notes.then(|| tempfile::NamedTempFile::new().unwrap());
        let progress = tempfile::NamedTempFile::new().unwrap();
        let said = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new(testkit::fixtures::ffmpeg());
        command.args([
            "-nostdin",
            "-y",
            "-v",
            "warning",
            "-nostats",
            "-stats_period",
            "0.2",
            "-progress",
            "pipe:1",
        ]);
        command
            .args(testkit::readers::options(url))
            .args(["-i", url, "-map", "0", "-c", "copy", "-f", "null", "-"]);
        if let Some(packets) = &packets {
            command.args(["-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "framecrc"]);
            command.arg(packets.path());
        }
        command.stdin(Stdio::null()).stdout(progress.reopen().unwrap()).stderr(said.reopen().unwrap());
        Reader { child: command.spawn().unwrap(), url: url.to_owned(), progress, packets, said }
    }

    /// Whether it has never been let go.
    pub fn is_connected(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until two seconds more than now have come, without an interruption that ends it.
    pub async fn gets_more(&mut self) {
        let before = self.seconds();
        let what = format!("{} is watched on", self.url);
        until(&what, async || {
            assert!(self.is_connected(), "{} was let go: {}", self.url, self.said());
            (self.seconds() >= before + 2.0).then_some(())
        })
        .await;
    }

    /// Waits until the server lets it go.
    pub async fn until_let_go(mut self) {
        until(&format!("{} ends", self.url), async || (!self.is_connected()).then_some(())).await;
    }

    /// `rtsp`, `rtmp`, `srt`, or `hls`.
    pub fn protocol(&self) -> &str {
        match self.url.split("://").next() {
            Some("http" | "https") | None => "hls",
            Some(protocol) => protocol,
        }
    }

    /// What came is whole: of no track more than two seconds are missing between one packet and the next. By RTSP and
    /// RTMP; a reader by SRT or HLS leaves out by itself what comes too late.
    pub fn missed_nothing(&self) {
        let packets = self.packets.as_ref().expect("it notes what comes");
        let text = fs::read_to_string(packets.path()).unwrap();
        // The last line may not be written to its end.
        let lines = text.rsplit_once('\n').map_or("", |(whole, _)| whole).lines();
        let (mut units, mut last, mut came) = (HashMap::new(), HashMap::new(), 0);
        for line in lines {
            if let Some((track, unit)) = line.strip_prefix("#tb ").and_then(|rest| rest.split_once(": ")) {
                let (part, whole) = unit.split_once('/').unwrap();
                units.insert(track, part.parse::<f64>().unwrap() / whole.parse::<f64>().unwrap());
            } else if !line.starts_with('#') {
                let mut fields = line.split(',').map(str::trim);
                let track = fields.next().unwrap();
                let at = fields.next().unwrap().parse::<f64>().unwrap() * units[track];
                let before = last.insert(track, at).unwrap_or(at);
                assert!(at - before <= 2.0, "{} missed what is from {before} s to {at} s", self.url);
                came += 1;
            }
        }
        assert!(came > 50, "{came} packets of {}", self.url);
    }

    /// Seconds of the stream that came.
    fn seconds(&self) -> f64 {
        let text = fs::read_to_string(self.progress.path()).unwrap();
        let last = text.lines().rev().find_map(|line| line.strip_prefix("out_time_us="));
        last.and_then(|us| us.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
    }

    fn said(&self) -> String {
        fs::read_to_string(self.said.path()).unwrap()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
