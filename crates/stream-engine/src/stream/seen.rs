//! What the server has at a stream's path, and whether that is the stream's own child.

use std::mem;

use crate::{
    lifecycle::{Input, Machine, Phase},
    server::Sample,
};

/// The newest sample of the path.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Online only where that can be the child.
    sample: Sample,
    /// Who was there before the child.
    gone: Option<String>,
}

impl Seen {
    pub(super) fn sample(&self) -> &Sample {
        &self.sample
    }

    /// A newer sample: what that tells `machine`.
    pub(super) fn take(&mut self, sample: Sample, machine: &Machine) -> Vec<Input> {
        let before = mem::replace(&mut self.sample, sample);
        self.judge();
        let mut told = Vec::new();
        // What could not be seen is no silence.
        if self.sample.unjudged || before.inbound_bytes != self.sample.inbound_bytes {
            told.push(Input::Received);
        }
        // A child can end, and the next one be there, between two looks: then the path was online all the time.
        let awaited = matches!(machine.phase, Phase::Starting { online, .. } if online != self.sample.online);
        if awaited || before.online != self.sample.online {
            told.push(Input::Online(self.sample.online));
        }
        told
    }

    /// A child was made, when `before` was the last that was known to be there. The newest sample may be of the child
    /// already: whoever makes one needs longer to say so than a child to get on air, on a busy computer.
    pub(super) fn child_made(&mut self, before: Option<String>) -> Input {
        self.gone = before.or_else(|| self.gone.take());
        self.judge();
        Input::Online(self.sample.online)
    }

    /// The child ended. The server may notice later.
    pub(super) fn child_ended(&mut self) {
        self.gone = self.sample.publisher.clone().or_else(|| self.gone.take());
        self.judge();
    }

    /// The path is another one.
    pub(super) fn moved(&mut self) {
        self.sample = Sample::default();
    }

    fn judge(&mut self) {
        self.sample.online &= self.sample.publisher != self.gone;
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{Code, Error, Playback, State};

    use super::*;
    use crate::lifecycle::{Ending, Feed, Limits, Problem, step};

    struct Rig {
        seen: Seen,
        machine: Machine,
        now: u64,
    }

    impl Rig {
        fn starting() -> Rig {
            let machine = Machine::new(Playback::Loop, Feed::Child, true);
            let mut rig = Rig { seen: Seen::default(), machine, now: 0 };
            rig.give(Input::Run);
            rig
        }

        fn give(&mut self, input: Input) {
            step(&mut self.machine, input, self.now, 0.5, &Limits::default());
        }

        /// The server has this one on the path, or nobody.
        fn look(&mut self, publisher: Option<&str>) {
            let (publisher, online) = (publisher.map(str::to_owned), publisher.is_some());
            let sample = Sample { online, publisher, ..Sample::default() };
            for input in self.seen.take(sample, &self.machine) {
                self.give(input);
            }
        }

        fn made(&mut self, before: Option<&str>) {
            let online = self.seen.child_made(before.map(str::to_owned));
            self.give(Input::Spawned);
            self.give(online);
            self.give(Input::Progressed);
        }

        /// It is killed, and after its pause the next one is made.
        fn killed(&mut self) {
            self.seen.child_ended();
            let fault = Error::new(Code::FfmpegCrashed).into();
            self.give(Input::Ended(Ending::Broken(Problem { fault, permanent: false })));
            self.now = self.machine.deadline(&Limits::default()).expect("it tries again");
            self.give(Input::Tick);
            assert_eq!(self.machine.state(), State::Starting);
        }
    }

    #[test]
    fn a_child_that_is_on_air_before_it_is_known_to_be_made_is_on_air() {
        let mut rig = Rig::starting();
        rig.look(Some("first"));
        rig.made(None);
        assert_eq!(rig.machine.state(), State::Running);
        rig.killed();
        rig.look(None);
        rig.look(Some("second"));
        rig.made(None);
        assert_eq!(rig.machine.state(), State::Running);
    }

    #[test]
    fn what_the_server_does_not_say_is_no_stall() {
        for unjudged in [false, true] {
            let mut rig = Rig::starting();
            rig.made(None);
            rig.look(Some("child"));
            for _ in 0..20 {
                rig.now += 1_000;
                rig.give(Input::Progressed);
                let sample = Sample { unjudged, ..rig.seen.sample().clone() };
                for input in rig.seen.take(sample, &rig.machine) {
                    rig.give(input);
                }
                rig.give(Input::Tick);
            }
            let state = if unjudged { State::Running } else { State::Stopping };
            assert_eq!(rig.machine.state(), state, "unjudged: {unjudged}");
        }
    }

    #[test]
    fn who_was_there_before_is_not_the_child() {
        let mut rig = Rig::starting();
        rig.look(Some("stranger"));
        rig.made(Some("stranger"));
        assert_eq!(rig.machine.state(), State::Starting);
        rig.look(Some("stranger"));
        assert_eq!(rig.machine.state(), State::Starting);
        rig.look(Some("child"));
        assert_eq!(rig.machine.state(), State::Running);
        rig.killed();
        rig.look(Some("child"));
        rig.made(Some("child"));
        assert_eq!(rig.machine.state(), State::Starting, "the server has not noticed yet");
    }

    #[test]
    fn a_child_that_takes_anothers_place_between_two_looks_is_on_air() {
        for late in [None, Some("late")] {
            let mut rig = Rig::starting();
            rig.made(None);
            rig.look(Some("first"));
            assert_eq!(rig.machine.state(), State::Running);
            rig.killed();
            if late.is_some() {
                // What the killed child was at last was not looked at before its end.
                rig.look(late);
            }
            rig.made(late);
            rig.look(Some("second"));
            assert_eq!(rig.machine.state(), State::Running, "{late:?}");
        }
    }
}
