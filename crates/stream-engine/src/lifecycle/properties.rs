//! What holds after any sequence of inputs at any times. A failure is shrunk to the shortest list of [`Move`]s that
//! shows it, printed with what each did.

use std::fmt::Write as _;

use proptest::{prelude::*, test_runner::TestCaseResult};

use stream_api::State;

use super::*;

/// What can happen to a stream, and time that passes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Move {
    Run,
    Stop,
    Edit,
    /// Its source is of the next kind from now on.
    Turn,
    /// The server has the source that is converted, or not.
    Source(bool),
    ServerReady,
    ServerLost,
    /// What is being made waits for its turn; it has come.
    Queued,
    Admitted,
    /// The child, or the path, that is being made is there. Nothing without one, as with the next four.
    Made,
    NotMade {
        permanent: bool,
    },
    Ends {
        finished: bool,
        permanent: bool,
    },
    Progress,
    Online(bool),
    Bytes,
    Cured,
    /// Milliseconds; the deadlines in between are kept, as by the actor.
    Wait(u16),
    /// The computer slept.
    Woke,
    /// The actor is late: a tick without a deadline, or long after it.
    Tick,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        2 => Just(Move::Run),
        1 => Just(Move::Stop),
        1 => Just(Move::Edit),
        1 => Just(Move::Turn),
        2 => any::<bool>().prop_map(Move::Source),
        1 => Just(Move::ServerReady),
        1 => Just(Move::ServerLost),
        1 => Just(Move::Queued),
        1 => Just(Move::Admitted),
        4 => Just(Move::Made),
        1 => any::<bool>().prop_map(|permanent| Move::NotMade { permanent }),
        2 => any::<(bool, bool)>().prop_map(|(finished, permanent)| Move::Ends { finished, permanent }),
        3 => Just(Move::Progress),
        3 => any::<bool>().prop_map(Move::Online),
        2 => Just(Move::Bytes),
        1 => Just(Move::Cured),
        4 => (0..40_000u16).prop_map(Move::Wait),
        1 => Just(Move::Woke),
        1 => Just(Move::Tick),
    ];
    prop::collection::vec(one, 0..60)
}

/// The machine with an actor around it that does what it is told, and no more.
struct Model {
    machine: Machine,
    limits: Limits,
    now: Millis,
    child: bool,
    making: bool,
    /// The path is made, or being made, without a child.
    open: bool,
    /// What happened, for a failure's message.
    told: String,
}

impl Model {
    fn new(playback: Playback) -> Model {
        Model::fed(playback, Feed::Child)
    }

    fn fed(playback: Playback, feed: Feed) -> Model {
        let machine = Machine::new(playback, feed, true);
        let (child, making, open) = (false, false, false);
        Model { machine, limits: Limits::default(), now: 0, child, making, open, told: String::new() }
    }

    fn play(&mut self, moves: &[Move]) -> TestCaseResult {
        moves.iter().try_for_each(|step| self.apply(*step))
    }

    fn apply(&mut self, step: Move) -> TestCaseResult {
        let input = match step {
            Move::Run => Input::Run,
            Move::Stop => Input::Stop,
            Move::Edit => Input::Edited,
            Move::Turn => {
                self.machine.feed = match self.machine.feed {
                    Feed::Child => Feed::Server,
                    Feed::Server => Feed::Converter,
                    Feed::Converter => Feed::Child,
                };
                Input::Edited
            }
            Move::ServerReady => Input::ServerReady,
            Move::ServerLost => Input::ServerLost,
            Move::Queued if self.making && !self.open => Input::Queued,
            Move::Admitted if self.making && !self.open => Input::Admitted,
            Move::Queued | Move::Admitted => return Ok(()),
            Move::Made if self.making && self.open => {
                self.making = false;
                Input::Opened
            }
            Move::Made if self.making => {
                (self.making, self.child) = (false, true);
                Input::Spawned
            }
            Move::NotMade { permanent } if self.making => {
                self.making = false;
                Input::NotSpawned(problem(permanent))
            }
            Move::Ends { finished, permanent } if self.child => {
                self.child = false;
                Input::Ended(if finished { Ending::Finished } else { Ending::Broken(problem(permanent)) })
            }
            Move::Progress if self.child => Input::Progressed,
            Move::Made | Move::NotMade { .. } | Move::Ends { .. } | Move::Progress => return Ok(()),
            Move::Source(there) => Input::Source(there),
            Move::Online(online) => Input::Online(online),
            Move::Bytes => Input::Received,
            Move::Cured => Input::Cured,
            Move::Wait(millis) => return self.wait(Millis::from(millis)).map(|_| ()),
            Move::Woke => Input::Woke,
            Move::Tick => Input::Tick,
        };
        self.give(input).map(|_| ())
    }

    /// Lets time pass as the actor does; gives what was done and when.
    fn wait(&mut self, millis: Millis) -> Result<Vec<(Millis, Effect)>, TestCaseError> {
        let (end, mut done) = (self.now + millis, Vec::new());
        while let Some(due) = self.machine.deadline(&self.limits).filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let effects = self.give(Input::Tick)?;
            done.extend(effects.into_iter().map(|effect| (self.now, effect)));
            let next = self.machine.deadline(&self.limits);
            prop_assert!(
                next.is_none_or(|next| next > self.now),
                "a deadline that does not move{}",
                self.told
            );
        }
        self.now = end;
        Ok(done)
    }

    fn give(&mut self, input: Input) -> Result<Vec<Effect>, TestCaseError> {
        let shown = format!("{input:?}");
        let effects = step(&mut self.machine, input, self.now, 0.5, &self.limits);
        let shown = shown.split(['(', '{']).next().unwrap_or_default().to_owned();
        let _ =
            write!(self.told, "\n  {:>6} ms  {shown:<12} {:?} {effects:?}", self.now, self.machine.state());
        for effect in &effects {
            match effect {
                Effect::Spawn => {
                    prop_assert!(!self.child && !self.making, "two children{}", self.told);
                    (self.making, self.open) = (true, false);
                }
                Effect::Open => {
                    prop_assert!(!self.child && !self.making, "a path beside a child{}", self.told);
                    (self.making, self.open) = (true, true);
                }
                Effect::CancelSpawn => {
                    prop_assert!(self.making, "nothing to cancel{}", self.told);
                    self.making = false;
                }
                Effect::Ask(_) => prop_assert!(self.child, "nobody to ask{}", self.told),
                _ => {}
            }
        }
        self.check()?;
        Ok(effects)
    }

    /// What holds between any two inputs.
    fn check(&self) -> TestCaseResult {
        let machine = &self.machine;
        let (child, making) = match machine.phase {
            Phase::Stopped | Phase::Open | Phase::Backoff { .. } | Phase::Failed { .. } => (false, false),
            Phase::Starting { spawned: None, .. } => (false, true),
            Phase::Starting { .. } | Phase::Running { .. } | Phase::Stopping { .. } => (true, false),
        };
        prop_assert_eq!(
            (self.child, self.making),
            (child, making),
            "the state is not the truth{}",
            self.told
        );
        if let Phase::Backoff { until: Until::Time(_), .. } = machine.phase {
            prop_assert!(machine.server_ready, "it counts the time without a server{}", self.told);
        }
        if machine.phase == Phase::Open {
            let waits = match machine.feed {
                Feed::Child => false,
                Feed::Server => true,
                Feed::Converter => !machine.source_there,
            };
            prop_assert!(machine.server_ready && waits, "open to nobody{}", self.told);
        }
        if machine.order == Order::Stop {
            let ends = matches!(machine.phase, Phase::Stopped | Phase::Stopping { .. });
            prop_assert!(ends, "it goes on against the order{}", self.told);
        } else {
            prop_assert!(machine.phase != Phase::Stopped, "it rests against the order{}", self.told);
            // Its turn comes: who has one gives it back in time. And the server's task never gives up.
            // An open path has nothing to leave, as long as the server is there.
            let queued = matches!(machine.phase, Phase::Starting { spawned: None, since: None, .. });
            let helped = queued || !machine.server_ready || machine.phase == Phase::Open;
            let way_out = machine.deadline(&self.limits).is_some() || helped;
            prop_assert!(way_out, "no way out{}", self.told);
        }
        Ok(())
    }
}

fn problem(permanent: bool) -> Problem {
    let code = if permanent { Code::SourceMissing } else { Code::FfmpegCrashed };
    Problem { fault: Fault::new(Error::new(code)), permanent }
}

fn feed() -> impl Strategy<Value = Feed> {
    prop_oneof![Just(Feed::Child), Just(Feed::Server), Just(Feed::Converter)]
}

fn playback() -> impl Strategy<Value = Playback> {
    prop_oneof![Just(Playback::Loop), Just(Playback::Once)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_is_the_truth_and_always_has_a_way_out(playback in playback(), feed in feed(), moves in moves()) {
        Model::fed(playback, feed).play(&moves)?;
    }

    /// From wherever it is: asked by the ladder, killed after 4 s at most, and stopped as soon as it has ended.
    #[test]
    fn the_order_to_stop_is_carried_out_within_the_ladders_time(playback in playback(), feed in feed(), moves in moves()) {
        let mut model = Model::fed(playback, feed);
        model.play(&moves)?;
        let ordered = model.now;
        model.give(Input::Stop)?;
        if model.child {
            let asked = model.wait(20_000)?;
            let killed = asked.iter().find(|(_, effect)| *effect == Effect::Ask(Rung::Kill));
            prop_assert!(killed.is_some_and(|(at, _)| at - ordered <= 4_000), "killed {killed:?}{}", model.told);
            model.apply(Move::Ends { finished: false, permanent: true })?;
        }
        prop_assert_eq!(&model.machine.phase, &Phase::Stopped, "{}", model.told);
    }

    /// Whatever came before: once the server is there and FFmpeg works, an order to run leads on air.
    #[test]
    fn the_order_to_run_is_carried_out(playback in playback(), feed in feed(), moves in moves()) {
        let mut model = Model::fed(playback, feed);
        model.play(&moves)?;
        model.give(Input::ServerReady)?;
        model.give(Input::Run)?;
        for _ in 0..20 {
            if model.machine.state() == State::Running {
                break;
            }
            if matches!(model.machine.phase, Phase::Stopping { .. }) {
                model.apply(Move::Ends { finished: false, permanent: false })?;
            }
            model.apply(Move::Made)?;
            model.apply(Move::Progress)?;
            model.apply(Move::Online(true))?;
            if model.machine.state() != State::Running {
                model.wait(40_000)?;
            }
        }
        prop_assert_eq!(model.machine.state(), State::Running, "{}", model.told);
    }

    /// Whatever came before: nothing waits any more for what was wrong with the server, nor does so afterwards.
    #[test]
    fn a_server_that_is_ready_leaves_no_wait_from_before(playback in playback(), feed in feed(), moves in moves()) {
        let mut model = Model::fed(playback, feed);
        model.play(&moves)?;
        model.give(Input::ServerReady)?;
        prop_assert!(!matches!(model.machine.phase, Phase::Backoff { .. }), "{}", model.told);
        prop_assert!(model.machine.attempt() <= 1, "{}", model.told);
        model.apply(Move::Ends { finished: false, permanent: false })?;
        if let Phase::Backoff { until: Until::Time(at), .. } = model.machine.phase {
            prop_assert!(at - model.now <= 200, "{} ms{}", at - model.now, model.told);
        }
    }

    /// What never comes to an end, whatever it is, is given up and tried again.
    #[test]
    fn a_making_that_hangs_is_given_up(feed in feed(), moves in moves()) {
        let mut model = Model::fed(Playback::Loop, feed);
        model.play(&moves)?;
        model.give(Input::ServerReady)?;
        model.give(Input::Run)?;
        if model.making {
            model.apply(Move::Admitted)?;
            let mut done = model.wait(model.limits.make)?;
            let given_up = done.iter().filter(|(_, effect)| *effect == Effect::CancelSpawn).count();
            prop_assert_eq!(given_up, 1, "{}", model.told);
            done.extend(model.wait(40_000)?);
            let again = done.iter().any(|(_, effect)| matches!(effect, Effect::Spawn | Effect::Open));
            prop_assert!(again, "and tried again{}", model.told);
        }
    }

    /// Ends after runs of any length below a minute: each wait is at least as long as the one before, up to the cap.
    #[test]
    fn backoff_grows_up_to_its_cap_and_a_healthy_minute_resets_it(runs in prop::collection::vec(0..59_000u64, 1..14)) {
        let mut model = Model::new(Playback::Loop);
        model.give(Input::Run)?;
        let mut before = 0;
        for run in runs {
            live(&mut model, run)?;
            let wait = end(&mut model)?;
            prop_assert!(wait >= before.min(30_000) && wait <= 30_000, "{before} then {wait}{}", model.told);
            prop_assert!(wait > before || wait == 30_000, "it grows: {before} then {wait}{}", model.told);
            before = wait;
            model.wait(wait)?;
        }
        live(&mut model, 61_000)?;
        prop_assert_eq!(end(&mut model)?, 200, "a healthy minute forgets{}", model.told);
    }

    /// Without a child nothing is ever spawned, asked or tried again as long as the server is there.
    #[test]
    fn an_open_path_is_left_alone(moves in moves()) {
        let mut model = Model::fed(Playback::Loop, Feed::Server);
        model.play(&[Move::Run, Move::Made])?;
        prop_assert_eq!(&model.machine.phase, &Phase::Open, "{}", model.told);
        for step in moves {
            let disturbs = matches!(step, Move::Edit | Move::Turn | Move::Stop | Move::ServerLost);
            if !disturbs {
                model.apply(step)?;
                prop_assert_eq!(&model.machine.phase, &Phase::Open, "{}", model.told);
            }
        }
        model.give(Input::ServerLost)?;
        model.give(Input::ServerReady)?;
        model.apply(Move::Made)?;
        prop_assert_eq!(&model.machine.phase, &Phase::Open, "back with its server{}", model.told);
        prop_assert!(!model.child);
    }

    #[test]
    fn jitter_moves_a_wait_by_a_fifth_at_most(attempt in 0..1_000u32, jitter in 0.0..1.0f64) {
        let limits = Limits::default();
        let (middle, wait) = (limits.backoff(attempt, 0.5), limits.backoff(attempt, jitter));
        prop_assert!(wait.abs_diff(middle) <= middle / 5 + 1, "{middle} became {wait}");
    }

    /// A child that goes on, and whose bytes arrive, however unevenly within the limits, is never asked to end.
    #[test]
    fn a_healthy_stream_is_never_restarted(
        gaps in prop::collection::vec((0..5_000u64, any::<bool>()), 1..200),
    ) {
        let mut model = Model::new(Playback::Loop);
        model.give(Input::Run)?;
        live(&mut model, 0)?;
        let mut heard = model.now;
        for (gap, bytes) in gaps {
            let done = model.wait(gap)?;
            prop_assert!(done.is_empty(), "{done:?} to a healthy stream{}", model.told);
            model.apply(Move::Progress)?;
            // Bytes arrive within 6 s, if not with every progress.
            if bytes || model.now + 4_999 - heard >= 6_000 {
                model.apply(Move::Bytes)?;
                heard = model.now;
            }
        }
    }
}

/// From a child being made to `millis` of health.
fn live(model: &mut Model, millis: Millis) -> TestCaseResult {
    model.play(&[Move::Made, Move::Progress, Move::Online(true)])?;
    let end = model.now + millis;
    while model.now < end {
        model.wait(1_000.min(end - model.now))?;
        model.play(&[Move::Progress, Move::Bytes])?;
    }
    prop_assert_eq!(model.machine.state(), State::Running, "{}", model.told);
    Ok(())
}

/// A crash, and how long it waits then.
fn end(model: &mut Model) -> Result<Millis, TestCaseError> {
    model.apply(Move::Ends { finished: false, permanent: false })?;
    let due = model.machine.deadline(&model.limits);
    prop_assert!(due.is_some(), "it waits for a time{}", model.told);
    Ok(due.unwrap_or_default() - model.now)
}
