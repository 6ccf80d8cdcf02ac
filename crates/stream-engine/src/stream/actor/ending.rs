//! What the end of a child means.

use std::time::{Duration, Instant};

use child_process::Exit;
use ffmpeg_cli::faults;
use stream_api::{Code, Encoder, Error, Fault, OtherServer, t};
use tokio::time::timeout;

use super::Actor;
use crate::{
    lifecycle::{Ending, Input, Phase, Problem, Why},
    stream::spawn::Lasting,
};

/// FFmpeg's last lines come at most this long after its end.
const LAST_WORDS: Duration = Duration::from_millis(500);

impl Actor {
    /// Its standard streams are closed: it has ended, or is about to.
    pub(super) async fn ended(&mut self) {
        let Some(child) = self.child.take() else { return };
        let exit = match timeout(LAST_WORDS, child.exit()).await {
            Ok(exit) => exit,
            Err(_) => {
                // Alive without its pipes: nothing could be learnt from it any more.
                child.ask(child_process::Rung::Kill);
                child.exit().await
            }
        };
        drop(child);
        tracing::info!(code = exit.code, signal = exit.signal, "FFmpeg ended");
        let ending = self.classify(exit);
        self.session = None;
        self.seen.child_ended();
        self.take(Input::Ended(ending)).await;
    }

    fn classify(&mut self, exit: Exit) -> Ending {
        let asked = matches!(self.machine.phase, Phase::Stopping { .. });
        if exit.success() {
            self.journal.manager("info", t!("log.ended"));
            return if asked { Ending::Finished } else { self.finished() };
        }
        let exit = faults::Exit { code: exit.code, signal: exit.signal };
        let context = faults::Context { path: self.spec.source.place().to_owned() };
        let mut classified = faults::classify(exit, self.tail.all(), &context);
        if self.encoder_failed(exit, asked) {
            // Another one takes over at once.
            classified.permanent = false;
        }
        if let Some(error) = self.lost_source() {
            classified = faults::Classified { error, permanent: false };
        }
        let other = self.parts.hub.get_other(self.spec.server);
        if let Some(error) = other.and_then(|other| elsewhere(&classified.error, &other)) {
            classified.error = error;
        }
        self.slate_refused |= self.machine.server_ready
            && !self.seen.sample().online
            && ffmpeg_cli::slate::was_refused(self.tail.all());
        if asked {
            self.journal.manager("info", t!("log.ended"));
        } else {
            self.journal.manager("error", classified.error.message.clone());
        }
        let fault = Fault { log_tail: self.tail.shown(), ..Fault::new(classified.error) };
        Ending::Broken(Problem { fault, permanent: classified.permanent })
    }

    /// What its attempts taught so far.
    pub(super) fn lasting(&mut self) -> Lasting {
        let (fallen, moves) = (self.fallen.now(Instant::now()), std::mem::take(&mut self.moves));
        Lasting { refused: self.slate_refused, fallen, reserved: self.reserved.take(), moves }
    }

    /// Whether a graphics card's encoder is the reason; the stream then does without it for a while. A driver may also end
    /// FFmpeg, or keep it from beginning, without a word.
    fn encoder_failed(&mut self, exit: faults::Exit, asked: bool) -> bool {
        let picture = self.facts.probed.as_ref().and_then(|probed| probed.plan.picture.as_ref());
        let Some(encoder) = picture.map(|picture| picture.encoder) else { return false };
        let hung = matches!(self.machine.phase, Phase::Stopping { why: Why::Hang { .. }, .. });
        let never_began = hung && self.out_time <= 0;
        let wordless = never_began || (!asked && exit.is_crash());
        if encoder == Encoder::Software || !(wordless || ffmpeg_cli::encoders::failed(self.tail.all())) {
            return false;
        }
        tracing::warn!(encoder = encoder.label(), "an encoder failed");
        self.journal.manager("warning", t!("log.encoder_failed", encoder = encoder.label()));
        // Without a session to be had there is nothing wrong with it. Who found none to take is no news to others.
        match (ffmpeg_cli::encoders::is_full(self.tail.all()), self.session.is_some()) {
            (true, true) => self.parts.sessions.refused(encoder, Instant::now()),
            (true, false) => {}
            (false, _) => self.fallen.add(encoder, Instant::now()),
        }
        true
    }
}

/// What a refusal means where another server refuses: its cure is among that server's settings.
fn elsewhere(error: &Error, server: &OtherServer) -> Option<Error> {
    let mut warnings = server.warnings.iter().map(|warning| &warning.error);
    match error.code {
        Code::PublishDenied => Some(Error::new(Code::RemotePublishLogin).with("host", &server.spec.name)),
        Code::PublishRefused | Code::PublishUnreachable => {
            warnings.find(|warning| warning.code == Code::RemotePublishUnreachable).cloned()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{FaultAction, ServerId, ServerSpec};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_login_that_another_server_refuses_is_mended_there() {
        let spec = ServerSpec::remote("Hall", "http://h:9997/");
        let mut hall = OtherServer::connecting(ServerId(Uuid::from_u128(1)), spec);
        let code =
            |code: Code, hall: &OtherServer| elsewhere(&Error::new(code), hall).map(|error| error.code);
        let denied = elsewhere(&Error::new(Code::PublishDenied), &hall).unwrap();
        assert!(denied.message.contains("Hall"), "{}", denied.message);
        assert_eq!(Fault::new(denied).action, Some(FaultAction::OpenServer));
        assert_eq!(code(Code::PublishRefused, &hall), None);
        hall.warnings = vec![Fault::new(Error::new(Code::RemotePublishUnreachable))];
        assert_eq!(code(Code::PublishRefused, &hall), Some(Code::RemotePublishUnreachable));
        assert_eq!(code(Code::SourceMissing, &hall), None);
    }
}
