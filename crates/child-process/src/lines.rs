//! Reading a child's output without ever making the child wait.

use std::collections::VecDeque;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{ChildStderr, ChildStdout},
    runtime::Handle,
    sync::mpsc,
    time::{Duration, sleep},
};

use crate::Exit;

/// Longest line, in bytes; a longer one is cut into several.
const MAX_LINE: usize = 4096;
/// Lines that wait in the channel (the oldest), and a pipe's lines that wait behind it (the newest).
const CHANNEL: usize = 256;
const BACKLOG: usize = 256;
/// How long pipes may stay open after the exit; only a process that left its group can hold them.
const GRACE: Duration = Duration::from_secs(1);

/// Something a child printed. Not UTF-8 becomes U+FFFD; lines end at `\n`, `\r` or after 4 KiB; empty ones are
/// left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line of its standard output.
    Out(String),
    /// A line of its standard error.
    Err(String),
    /// So many lines were lost here, because the reader was too slow.
    Dropped(u64),
}

/// Starts the task that drains both pipes until they end, or until shortly after the exit.
///
/// A slow reader loses lines from the middle: the channel keeps the oldest and the backlogs the newest.
pub(crate) fn pump(
    runtime: &Handle,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    exit: impl Future<Output = Exit> + Send + 'static,
) -> mpsc::Receiver<Line> {
    let (send, lines) = mpsc::channel(CHANNEL);
    runtime.spawn(async move {
        let (mut out, mut err) = (Pipe::new(stdout, Line::Out), Pipe::new(stderr, Line::Err));
        let over = async move {
            exit.await;
            sleep(GRACE).await;
        };
        tokio::pin!(over);
        let mut wanted = true;
        while out.source.is_some() || err.source.is_some() {
            tokio::select! {
                () = out.read() , if out.source.is_some() => {}
                () = err.read() , if err.source.is_some() => {}
                permit = send.reserve(), if wanted && (out.waits() || err.waits()) => {
                    wanted = permit.is_ok();
                    let mut permit = permit.ok();
                    // All that there is room for, so that the reader wakes up once for what was printed at once.
                    while let Some(room) = permit.take() {
                        let Some(line) = out.next().or_else(|| err.next()) else { break };
                        room.send(line);
                        permit = send.try_reserve().ok();
                    }
                },
                () = &mut over => break,
            }
        }
        while let Some(line) = out.next().or_else(|| err.next()) {
            if send.send(line).await.is_err() {
                break;
            }
        }
    });
    lines
}

/// One output pipe, and its lines on their way to the channel.
struct Pipe<R> {
    source: Option<R>,
    chunk: Box<[u8]>,
    partial: Vec<u8>,
    backlog: VecDeque<String>,
    dropped: u64,
    wrap: fn(String) -> Line,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(source: Option<R>, wrap: fn(String) -> Line) -> Self {
        Self {
            source,
            chunk: vec![0; 16 * 1024].into_boxed_slice(),
            partial: Vec::new(),
            backlog: VecDeque::new(),
            dropped: 0,
            wrap,
        }
    }

    /// Reads once. Cancel-safe: nothing is awaited after the bytes are taken from the pipe.
    async fn read(&mut self) {
        let Some(source) = &mut self.source else { return };
        match source.read(&mut self.chunk).await {
            Ok(read @ 1..) => {
                for at in 0..read {
                    match self.chunk[at] {
                        b'\n' | b'\r' => self.end_line(),
                        byte => {
                            self.partial.push(byte);
                            if self.partial.len() == MAX_LINE {
                                self.end_line();
                            }
                        }
                    }
                }
            }
            Ok(0) | Err(_) => {
                self.source = None;
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        if self.partial.is_empty() {
            return;
        }
        if self.backlog.len() == BACKLOG {
            self.backlog.pop_front();
            self.dropped += 1;
        }
        self.backlog.push_back(String::from_utf8_lossy(&self.partial).into_owned());
        self.partial.clear();
    }

    fn waits(&self) -> bool {
        !self.backlog.is_empty()
    }

    fn next(&mut self) -> Option<Line> {
        if self.dropped > 0 {
            return Some(Line::Dropped(std::mem::take(&mut self.dropped)));
        }
        self.backlog.pop_front().map(self.wrap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8]) -> Vec<Line> {
        let mut pipe = Pipe::new(Some(bytes), Line::Out);
        while pipe.source.is_some() {
            pipe.read().await;
        }
        std::iter::from_fn(|| pipe.next()).collect()
    }

    fn out(line: &str) -> Line {
        Line::Out(line.into())
    }

    #[tokio::test]
    async fn splits_at_newline_and_return() {
        assert_eq!(lines_of(b"a\r\nb\rc\n\nd").await, [out("a"), out("b"), out("c"), out("d")]);
    }

    #[tokio::test]
    async fn cuts_a_long_line() {
        let lines = lines_of(&[b'x'; MAX_LINE + 1]).await;
        assert_eq!(lines, [out(&"x".repeat(MAX_LINE)), out("x")]);
    }

    #[tokio::test]
    async fn replaces_what_is_not_utf8() {
        assert_eq!(lines_of(b"caf\xe9\n").await, [out("caf\u{fffd}")]);
    }

    #[tokio::test]
    async fn keeps_the_newest_and_counts_the_rest() {
        let text: String = (0..BACKLOG + 3).map(|n| format!("{n}\n")).collect();
        let lines = lines_of(text.as_bytes()).await;
        assert_eq!(lines.first(), Some(&Line::Dropped(3)));
        assert_eq!(lines.get(1), Some(&out("3")));
        assert_eq!(lines.last(), Some(&out(&(BACKLOG + 2).to_string())));
    }
}
