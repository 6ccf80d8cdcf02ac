//! What a child says while it runs.

use std::time::Instant;

use child_process::{Child, Line};
use ffmpeg_cli::progress;
use stream_api::{Health, LogOrigin, State, t};

use super::Actor;
use crate::lifecycle::Input;

/// Of a child, that are taken at once: several blocks of its progress.
const LINES: usize = 64;

impl Actor {
    pub(super) async fn line(&mut self, line: Line) {
        match line {
            Line::Out(line) => {
                if let Some(progress) = self.parser.line(&line) {
                    self.progressed(&progress).await;
                }
            }
            Line::Err(line) => {
                let (level, text) = ffmpeg_cli::log::split(&line);
                self.journal.push(LogOrigin::Ffmpeg, level, ffmpeg_cli::log::redact(text));
                self.tail.push(line);
            }
            Line::Dropped(lines) => self.journal.manager("warning", t!("log.dropped", lines = lines)),
        }
    }

    async fn progressed(&mut self, progress: &progress::Progress) {
        let now = progress.out_time_us.unwrap_or(-1);
        if now > self.out_time {
            self.out_time = now;
            self.take(Input::Progressed).await;
            if self.machine.state() == State::Running {
                self.pace.step(now, Instant::now());
            }
        }
        if self.machine.state() != State::Running {
            return;
        }
        self.parts.server.note_speed(&self.spec.name, self.pace.speed());
        let health = if self.pace.is_slow() { Health::Slow } else { Health::Good };
        if health != self.facts.health {
            self.facts.health = health;
            self.publish();
        }
    }
}

/// The child's next lines, all that are there, and how many; 0 at its end; never without a child.
pub(super) async fn next_lines(child: &mut Option<Child>, lines: &mut Vec<Line>) -> usize {
    match child {
        Some(child) => child.lines.recv_many(lines, LINES).await,
        None => std::future::pending().await,
    }
}
