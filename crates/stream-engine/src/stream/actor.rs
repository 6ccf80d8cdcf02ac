mod arrive;
mod control;
mod convert;
mod cure;
mod encoder;
mod ending;
mod hear;
mod look;
mod making;
mod prepare;
mod rtmp;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use child_process::Child;
use ffmpeg_cli::progress;
use stream_api::{Encoder, Error, Kept, Order, Origin, State, Stream, StreamId, StreamSpec, UnixMillis, t};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep_until,
};

use cure::{Cure, Ground};
use making::{Making, News};
use prepare::Asked;

use super::{
    Control, Parts,
    convert::feed,
    facts::Facts,
    fallen::Fallen,
    pace::Pace,
    seen::Seen,
    source_watch::SourceWatch,
    tail::Tail,
    turns::{Place, Turn, Turns},
};
use crate::{
    access::StoredAccess,
    clocks::Jump,
    journal::RunJournal,
    lifecycle::{Effect, Input, Limits, Machine, Millis, Phase, Why, step},
    recording::Watch,
    server::{Eager, Link, Samples, source_of},
    sessions::Session,
    store::StoredStream,
};

/// A deadline noticed so late was slept through.
const LATE: Duration = Duration::from_secs(3);

/// One stream: holds the machine and carries out its effects.
#[derive(Debug)]
pub(super) struct Actor {
    id: StreamId,
    spec: StreamSpec,
    access: StoredAccess,
    parts: Parts,
    journal: RunJournal,
    /// Of the stream's server.
    turns: Turns,
    link: watch::Receiver<Link>,
    samples: watch::Receiver<Arc<Samples>>,
    /// When it was last ordered to run.
    used: Option<UnixMillis>,
    /// Viewers would not all play what its source sends.
    converts: bool,
    /// It is stopped, and starts once its prepared file is there: who wanted that.
    starts_prepared: Option<Origin>,
    asked: Option<Asked>,
    /// In the queue of those that start.
    place: Option<Place>,
    /// The right to start, and since when a child uses it.
    turn: Option<(Turn, Instant)>,
    controls: mpsc::Receiver<Control>,
    machine: Machine,
    limits: Limits,
    born: Instant,
    child: Option<Child>,
    making: Option<Making>,
    /// While failed.
    cure: Option<Cure>,
    /// What the last start used.
    ground: Ground,
    /// Held while starting, so that going on air is noticed at once.
    eager: Option<Eager>,
    parser: progress::Parser,
    tail: Tail,
    out_time: i64,
    seen: Seen,
    /// The server did not take this source together with its slate.
    slate_refused: bool,
    /// Encoders that failed.
    fallen: Fallen,
    /// For which encoder another one stands in.
    stands_in_for: Option<Encoder>,
    /// Of the graphics card that encodes, as long as the child may.
    session: Option<Session>,
    /// The same, for the child that is to be made next.
    reserved: Option<Session>,
    /// The next child is to send the prepared file: nobody watches.
    moves: bool,
    pace: Pace,
    recording: Watch,
    source: SourceWatch,
    facts: Facts,
    deleted: Option<oneshot::Sender<Result<(), Error>>>,
    ending: bool,
}

impl Actor {
    pub(super) fn new(
        stored: StoredStream,
        parts: Parts,
        journal: RunJournal,
        controls: mpsc::Receiver<Control>,
    ) -> Actor {
        let mut machine = {
            let ready = parts.server.link().borrow().is_ready();
            Machine::new(stored.spec.playback, feed(&stored.spec, stored.converts), ready)
        };
        machine.order = stored.order;
        parts.server.admit(stored.id, &stored.spec.name, &stored.access);
        if stored.order == Order::Run {
            parts.server.expect(&stored.spec.name);
        }
        let facts = Facts::new(parts.hub.clocks().clone());
        let (link, samples) = (parts.server.link(), parts.server.samples());
        Actor {
            id: stored.id,
            spec: stored.spec,
            access: stored.access,
            turns: parts.server.turns(),
            parts,
            journal,
            link,
            samples,
            used: stored.used,
            converts: stored.converts,
            starts_prepared: stored.starts_prepared,
            asked: None,
            place: None,
            turn: None,
            controls,
            machine,
            limits: Limits::default(),
            born: Instant::now(),
            child: None,
            making: None,
            cure: None,
            ground: Ground::default(),
            eager: None,
            parser: progress::Parser::default(),
            tail: Tail::default(),
            out_time: -1,
            seen: Seen::default(),
            slate_refused: false,
            fallen: Fallen::default(),
            stands_in_for: None,
            session: None,
            reserved: None,
            moves: false,
            pace: Pace::default(),
            recording: Watch::default(),
            source: SourceWatch::default(),
            facts,
            deleted: None,
            ending: false,
        }
    }

    #[tracing::instrument(name = "stream", skip_all, fields(stream_id = %self.id, name = %self.spec.name))]
    pub(super) async fn run(mut self) {
        let mut jumps = self.parts.hub.clocks().jumps();
        let mut second = self.parts.hub.clocks().seconds();
        let mut lines = Vec::new();
        self.turns.set_open(self.link.borrow().is_ready());
        if self.machine.order == Order::Run {
            self.take(Input::Run).await;
        }
        self.every_second().await;
        while !(self.ending && self.machine.state() == State::Stopped) {
            let due = self.machine.deadline(&self.limits).map(|at| self.born + Duration::from_millis(at));
            tokio::select! {
                control = self.controls.recv() => match control {
                    Some(control) => self.control(control).await,
                    None => break,
                },
                news = making::news(&mut self.making) => match news {
                    News::Looked(stamp) => self.ground.source = Some(stamp),
                    News::Queued => self.take(Input::Queued).await,
                    News::Admitted => self.take(Input::Admitted).await,
                    News::Made(made) => self.made(made).await,
                },
                true = cure::found(&mut self.cure, &self.ground) => self.take(Input::Cured).await,
                count = hear::next_lines(&mut self.child, &mut lines) => match count {
                    0 => self.ended().await,
                    _ => for line in lines.drain(..) {
                        self.line(line).await;
                    },
                },
                Ok(()) = self.link.changed() => {
                    let ready = self.link.borrow_and_update().is_ready();
                    self.turns.set_open(ready);
                    // Another run of it may take what the last one refused, or seemed to in its last moments.
                    self.slate_refused &= !ready;
                    self.take(if ready { Input::ServerReady } else { Input::ServerLost }).await;
                }
                Ok(()) = self.samples.changed() => {
                    let (own, source) = {
                        let samples = self.samples.borrow_and_update();
                        let of = |name: &str| samples.get(name).cloned().unwrap_or_default();
                        (of(&self.spec.name), self.converts.then(|| of(&source_of(self.id))))
                    };
                    for input in self.seen.take(own, &self.machine) {
                        self.take(input).await;
                    }
                    if self.look_at_arrival() {
                        self.publish();
                    }
                    self.source_sampled(source.unwrap_or_default()).await;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {
                    // Much too late means that this process stood still, and not the child.
                    let late = due.is_some_and(|due| due.elapsed() > LATE);
                    self.take(if late { Input::Woke } else { Input::Tick }).await;
                }
                Ok(jump) = jumps.recv() => self.jumped(jump).await,
                _ = second.tick() => self.every_second().await,
            }
        }
        if let Some(done) = self.deleted.take() {
            self.parts.server.forget(self.id);
            self.parts.hub.removed(self.id);
            self.journal.remove_file().await;
            // The one who asked may be gone; the stream is too.
            let _ = done.send(Ok(()));
        }
    }

    async fn jumped(&mut self, jump: Jump) {
        match jump {
            Jump::Woke => {
                self.pace = Pace::default();
                self.take(Input::Woke).await;
            }
            Jump::Set(by) => {
                self.facts.shift(by);
                self.publish();
            }
        }
    }

    /// Recording is switched on the server alone; what is sent goes on.
    async fn switch_recording(&self) {
        let switched = self.parts.server.record(self.id, &self.spec.name, self.spec.record).await;
        if let Err(error) = switched {
            self.journal.manager("warning", error.message);
        }
    }

    /// Gives the machine an input and carries out what it decides.
    async fn take(&mut self, input: Input) {
        let (now, jitter) = (self.now(), jitter());
        // These come several times a second from every stream, and mostly change nothing that is shown.
        let frequent = matches!(input, Input::Progressed | Input::Received);
        let before = self.machine.state();
        let effects = step(&mut self.machine, input, now, jitter, &self.limits);
        if !frequent || self.machine.state() != before {
            self.after_step();
        }
        for effect in effects {
            self.carry_out(effect).await;
        }
    }

    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Spawn => self.make_child(),
            Effect::Open => self.make_path(),
            Effect::CancelSpawn => self.cancel_making().await,
            Effect::Ask(rung) => {
                if let Phase::Stopping { why: Why::Hang { fault, .. }, rung: 0, .. } = &self.machine.phase {
                    self.journal.manager("error", t!("log.hangs", reason = fault.error.message));
                }
                if let Some(child) = &self.child {
                    child.ask(rung);
                }
            }
            // The server ends with the program, and to take paths away one by one would keep it from everything else.
            Effect::RemovePath if self.ending && self.deleted.is_none() && self.spec.server.is_bundled() => {}
            Effect::RemovePath => {
                self.parts.server.remove_path(self.id, &source_of(self.id)).await;
                self.parts.server.remove_path(self.id, &self.spec.name).await;
            }
            Effect::CheckCure => self.look_for_cure(),
            Effect::Completed => {
                self.journal.manager("info", t!("log.completed"));
                self.parts.hub.completed(self.id, &self.spec.name);
                let stored = StoredStream { order: Order::Stop, ..self.stored() };
                self.parts.store.put_at_any_rate(stored).await;
            }
        }
    }

    fn is_on_air(&self) -> bool {
        self.machine.state() == State::Running && self.seen.sample().online
    }

    /// Brings the facts in line with the machine, and the picture with both.
    fn after_step(&mut self) {
        if self.facts.follow(&self.machine, self.now()) {
            self.pace = Pace::default();
            self.eager = (self.machine.state() == State::Starting).then(|| self.parts.server.eager());
        }
        if self.machine.state() != State::Failed {
            self.cure = None;
        }
        if matches!(self.machine.state(), State::Stopped | State::Failed) {
            self.reserved = None;
        }
        if self.machine.state() != State::Starting || self.seen.sample().online {
            (self.turn, self.place) = (None, None);
        }
        if self.facts.set_on_air(self.is_on_air()) {
            tracing::info!("on air");
            self.journal.manager("info", t!("log.on_air"));
        }
        self.facts.held = self.machine.is_held(&self.limits);
        self.look_at_arrival();
        self.publish();
    }

    /// Puts the stream as it is now into the picture.
    pub(super) fn publish(&self) -> Stream {
        let order = if self.ending { self.order_kept() } else { self.machine.order };
        let kept = match self.machine.state() {
            // Its path is about to be removed.
            State::Stopped => Kept::Off,
            _ => self.parts.server.kept(self.id, &self.spec.name),
        };
        let mut stream = self.facts.stream(self.id, &self.spec, order, self.machine.attempt(), kept);
        stream.access = self.access.shown();
        stream.starts_prepared = self.starts_prepared.is_some();
        stream.queue = self.place.and_then(|place| self.turns.position(place));
        self.parts.hub.stream(stream)
    }

    /// An engine that ends stops its streams without changing what the user ordered.
    fn order_kept(&self) -> Order {
        self.parts.hub.get(self.id).map_or(self.machine.order, |stream| stream.order)
    }

    fn now(&self) -> Millis {
        millis(self.born.elapsed())
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// 0..1 from the clock's finest digits: enough to keep streams from moving in step.
fn jitter() -> f64 {
    f64::from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos()
            % 1000,
    ) / 1000.0
}
