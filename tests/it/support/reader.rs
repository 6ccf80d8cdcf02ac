//! A viewer that stays: FFmpeg reads a stream and throws it away, and must not be disturbed.

use std::{
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
    said: tempfile::NamedTempFile,
}

impl Reader {
    /// Connects, and waits until media comes.
    #[expect(clippy::disallowed_methods, reason = "a viewer, ended on drop")]
    pub async fn of(url: &str) -> Reader {
        let progress = tempfile::NamedTempFile::new().unwrap();
        let said = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new(testkit::fixtures::ffmpeg());
        command.args([
            "-nostdin",
            "-v",
            "warning",
            "-nostats",
            "-stats_period",
            "0.2",
            "-progress",
            "pipe:1",
        ]);
        command.args(testkit::readers::IMPATIENT);
        if url.starts_with("rtsp") {
            command.args(["-rtsp_transport", "tcp"]);
        }
        command.args(["-i", url, "-map", "0", "-c", "copy", "-f", "null", "-"]);
        command.stdin(Stdio::null()).stdout(progress.reopen().unwrap()).stderr(said.reopen().unwrap());
        let mut reader = Reader { child: command.spawn().unwrap(), url: url.to_owned(), progress, said };
        reader.gets_more().await;
        reader
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
