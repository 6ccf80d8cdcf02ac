use stream_api::State;

use super::*;

/// The same wherever the test runs.
fn limits() -> Limits {
    Limits { ladders: Ladders::UNIX, ..Limits::default() }
}

/// A machine under test with its own clock.
struct Rig {
    machine: Machine,
    now: Millis,
}

impl Rig {
    fn new(playback: Playback) -> Rig {
        Rig { machine: Machine::new(playback, Feed::Child, true), now: 1_000 }
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        step(&mut self.machine, input, self.now, 0.5, &limits())
    }

    fn after(&mut self, millis: Millis) -> Vec<Effect> {
        self.now += millis;
        self.give(Input::Tick)
    }

    fn running(playback: Playback) -> Rig {
        let mut rig = Rig::new(playback);
        assert_eq!(rig.give(Input::Run), [Effect::Spawn]);
        rig.give(Input::Spawned);
        rig.give(Input::Progressed);
        assert_eq!(rig.machine.state(), State::Starting, "progress alone is not on air");
        rig.give(Input::Online(true));
        assert_eq!(rig.machine.state(), State::Running);
        rig
    }
}

fn crash() -> Problem {
    Problem { fault: Fault::new(Error::new(Code::FfmpegCrashed)), permanent: false }
}

fn gone() -> Problem {
    Problem { fault: Fault::new(Error::new(Code::SourceMissing)), permanent: true }
}

#[test]
fn stop_climbs_the_ladder_and_always_ends_stopped() {
    let mut rig = Rig::running(Playback::Loop);
    assert_eq!(rig.give(Input::Stop), [Effect::Ask(Rung::Quit)]);
    assert_eq!(rig.after(1_999), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)]);
    assert_eq!(rig.after(1_000), [Effect::Ask(Rung::Interrupt)]);
    assert_eq!(rig.after(1_000), [Effect::Ask(Rung::Kill)]);
    assert_eq!(rig.after(2_000), [Effect::Ask(Rung::Kill)], "killing goes on until the end is seen");
    assert_eq!(rig.after(2_000), [Effect::Ask(Rung::Kill)]);
    assert!(!rig.machine.is_held(&limits()));
    assert_eq!(rig.after(2_000), [Effect::Ask(Rung::Kill)]);
    assert!(rig.machine.is_held(&limits()), "10 s after the order its row says why");
    assert_eq!(rig.give(Input::Ended(Ending::Broken(crash()))), [Effect::RemovePath]);
    assert_eq!(rig.machine.state(), State::Stopped);
}

/// Where there are no signals nothing is waited for that can't come.
#[test]
fn without_signals_it_is_killed_after_q_and_at_once_when_it_hangs() {
    let windows = Limits { ladders: Ladders::WINDOWS, ..Limits::default() };
    let mut rig = Rig::running(Playback::Loop);
    let mut give = |input, later| {
        rig.now += later;
        step(&mut rig.machine, input, rig.now, 0.5, &windows)
    };
    assert_eq!(give(Input::Tick, windows.stall), [Effect::Ask(Rung::Kill)], "it hangs");
    give(Input::Ended(Ending::Broken(crash())), 0);
    give(Input::Run, 0);
    give(Input::Spawned, 0);
    assert_eq!(give(Input::Stop, 0), [Effect::Ask(Rung::Quit)]);
    assert_eq!(give(Input::Tick, 2_000), [Effect::Ask(Rung::Kill)]);
}

#[test]
fn a_stall_goes_straight_to_signals_and_then_tries_again() {
    let mut rig = Rig::running(Playback::Loop);
    rig.now += 4_000;
    rig.give(Input::Progressed);
    rig.give(Input::Received);
    assert_eq!(rig.after(4_999), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)]);
    assert_eq!(rig.after(1_000), [Effect::Ask(Rung::Interrupt)]);
    rig.give(Input::Ended(Ending::Broken(crash())));
    let Phase::Backoff { fault, attempt: 1, .. } = &rig.machine.phase else { panic!("{:?}", rig.machine) };
    assert_eq!(fault.error.code, Code::Stalled, "the cause is the stall, not the kill");
    assert_eq!(rig.after(200), [Effect::Spawn]);
}

#[test]
fn a_server_that_receives_nothing_is_a_stall_although_ffmpeg_goes_on() {
    let mut rig = Rig::running(Playback::Loop);
    for _ in 0..5 {
        rig.now += 1_000;
        rig.give(Input::Progressed);
    }
    rig.give(Input::Received);
    for second in 1..=6 {
        rig.now += 1_000;
        rig.give(Input::Progressed);
        let effects = rig.give(Input::Tick);
        assert_eq!(!effects.is_empty(), second == 6, "only after 6 s: {effects:?}");
    }
}

#[test]
fn a_server_that_is_lost_is_not_the_streams_fault() {
    let mut rig = Rig::running(Playback::Loop);
    rig.give(Input::ServerLost);
    for _ in 0..10 {
        rig.now += 1_000;
        rig.give(Input::Progressed);
        assert_eq!(rig.give(Input::Tick), [], "bytes are not judged while the server does not answer");
    }
    rig.give(Input::Ended(Ending::Broken(crash())));
    assert_eq!(rig.machine.deadline(&Limits::default()), None, "it waits for the server, not for a timer");
    assert_eq!(rig.give(Input::ServerReady), [Effect::Spawn], "and starts at once");
}

#[test]
fn backoff_grows_to_its_cap_and_resets_after_a_healthy_minute() {
    let mut rig = Rig::running(Playback::Loop);
    let mut waits = Vec::new();
    for _ in 0..10 {
        rig.give(Input::Ended(Ending::Broken(crash())));
        let due = rig.machine.deadline(&Limits::default()).unwrap();
        waits.push(due - rig.now);
        assert_eq!(rig.after(due - rig.now), [Effect::Spawn]);
        rig.give(Input::Spawned);
    }
    assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    rig.give(Input::Progressed);
    rig.give(Input::Online(true));
    for _ in 0..20 {
        rig.now += 3_000;
        rig.give(Input::Progressed);
        rig.give(Input::Received);
        rig.give(Input::Tick);
    }
    assert_eq!(rig.machine.attempt(), 0, "a healthy minute forgets");
    rig.give(Input::Ended(Ending::Broken(crash())));
    assert_eq!(rig.machine.deadline(&Limits::default()), Some(rig.now + 200));
}

#[test]
fn jitter_stays_within_a_fifth() {
    assert_eq!((Limits::default().backoff(1, 0.0), Limits::default().backoff(1, 1.0)), (160, 240));
}

#[test]
fn no_progress_for_15_seconds_is_a_hang() {
    let mut rig = Rig::new(Playback::Loop);
    rig.give(Input::Run);
    assert_eq!(rig.after(60_000), [], "making the child has limits of its own");
    rig.give(Input::Spawned);
    assert_eq!(rig.after(14_999), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)]);
}

#[test]
fn what_the_server_has_is_on_air_and_has_the_time_of_a_start_to_get_further() {
    let online = || {
        let mut rig = Rig::new(Playback::Loop);
        rig.give(Input::Run);
        rig.give(Input::Spawned);
        rig.now += 200;
        rig.give(Input::Online(true));
        assert_eq!(rig.machine.state(), State::Running);
        rig
    };
    let mut rig = online();
    assert_eq!(rig.after(14_799), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)], "15 s after its birth");
    // Once it got further, a stall is seen as soon as ever: its own, and one on the way to the server.
    let mut rig = online();
    rig.now += 500;
    rig.give(Input::Progressed);
    assert_eq!(rig.after(4_999), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)]);
    let mut rig = online();
    for wait in [500, 3_000] {
        rig.now += wait;
        rig.give(Input::Progressed);
    }
    assert_eq!(rig.after(2_999), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)], "6 s without bytes");
}

#[test]
fn a_missing_file_fails_says_so_once_and_comes_back() {
    let mut rig = Rig::new(Playback::Loop);
    rig.give(Input::Run);
    assert_eq!(rig.give(Input::NotSpawned(gone())), []);
    assert_eq!(rig.machine.state(), State::Failed);
    assert_eq!(rig.after(2_000), [Effect::CheckCure]);
    assert_eq!(rig.give(Input::Cured), [Effect::Spawn]);
}

#[test]
fn once_ends_stopped_and_loop_goes_on() {
    let mut once = Rig::running(Playback::Once);
    assert_eq!(once.give(Input::Ended(Ending::Finished)), [Effect::Completed, Effect::RemovePath]);
    assert_eq!((once.machine.state(), once.machine.order), (State::Stopped, Order::Stop));
    let mut endless = Rig::running(Playback::Loop);
    endless.give(Input::Ended(Ending::Finished));
    assert_eq!(endless.machine.state(), State::Backoff, "a loop has no end");
}

#[test]
fn orders_while_stopping_decide_what_follows() {
    let mut rig = Rig::running(Playback::Loop);
    rig.give(Input::Stop);
    assert_eq!(rig.give(Input::Run), [], "never two children");
    assert_eq!(rig.give(Input::Ended(Ending::Finished)), [Effect::Spawn]);

    let mut rig = Rig::running(Playback::Loop);
    assert_eq!(rig.give(Input::Edited), [Effect::Ask(Rung::Quit)]);
    rig.give(Input::Stop);
    assert_eq!(rig.give(Input::Ended(Ending::Finished)), [Effect::RemovePath], "the later order counts");

    let mut rig = Rig::running(Playback::Loop);
    assert_eq!(rig.give(Input::Edited), [Effect::Ask(Rung::Quit)]);
    assert_eq!(rig.give(Input::Ended(Ending::Finished)), [Effect::Spawn]);
}

#[test]
fn stop_before_the_child_exists_cancels_it() {
    let mut rig = Rig::new(Playback::Loop);
    rig.give(Input::Run);
    assert_eq!(rig.give(Input::Stop), [Effect::CancelSpawn, Effect::RemovePath]);
    assert_eq!(rig.machine.state(), State::Stopped);
}

#[test]
fn sleep_restarts_nothing_that_is_healthy() {
    let mut rig = Rig::running(Playback::Loop);
    rig.now += 8 * 3_600_000;
    assert_eq!(rig.give(Input::Woke), []);
    assert_eq!(rig.give(Input::Tick), [], "its time begins anew");
    assert_eq!(rig.machine.state(), State::Running);
    assert_eq!(rig.after(4_999), []);
    assert_eq!(rig.after(1), [Effect::Ask(Rung::Interrupt)], "and then counts as always");
    let mut rig = Rig::new(Playback::Loop);
    rig.give(Input::Run);
    rig.give(Input::Spawned);
    rig.now += 8 * 3_600_000;
    rig.give(Input::Woke);
    assert_eq!(rig.give(Input::Tick), [], "a start gets its whole time too");
}

#[test]
fn what_waits_is_tried_at_once_after_sleep() {
    let mut rig = Rig::running(Playback::Loop);
    for _ in 0..6 {
        rig.give(Input::Ended(Ending::Broken(crash())));
        rig.after(40_000);
        rig.give(Input::Spawned);
    }
    rig.give(Input::Ended(Ending::Broken(crash())));
    assert_eq!(rig.give(Input::Tick), [], "it waits long by now");
    rig.give(Input::Woke);
    assert_eq!(rig.give(Input::Tick), [Effect::Spawn]);
    assert_eq!(rig.machine.attempt(), 1, "and with a fresh count");

    let mut rig = Rig::running(Playback::Loop);
    rig.give(Input::Ended(Ending::Broken(gone())));
    rig.give(Input::Woke);
    assert_eq!(rig.give(Input::Tick), [Effect::CheckCure]);
}

#[test]
fn an_end_of_the_server_does_not_count_against_the_stream() {
    // The child's end may be seen before the server's, or after it.
    for before in [true, false] {
        let mut rig = Rig::running(Playback::Loop);
        for _ in 0..5 {
            if before {
                rig.give(Input::Ended(Ending::Broken(crash())));
                rig.give(Input::ServerLost);
                assert_eq!(rig.after(40_000), []);
            } else {
                rig.give(Input::ServerLost);
                rig.give(Input::Ended(Ending::Broken(crash())));
            }
            assert_eq!(rig.give(Input::ServerReady), [Effect::Spawn]);
            assert_eq!(rig.machine.attempt(), 1, "server first: {}", !before);
            rig.give(Input::Spawned);
            rig.give(Input::Progressed);
            rig.give(Input::Online(true));
        }
    }
}

#[test]
fn what_waited_long_comes_back_with_its_server() {
    // It waits since before the server's end, or its child ends during it, or only after it.
    for late in 0..3 {
        let mut rig = Rig::running(Playback::Loop);
        for _ in 0..9 {
            rig.give(Input::Ended(Ending::Broken(crash())));
            assert_eq!(rig.after(40_000), [Effect::Spawn]);
            rig.give(Input::Spawned);
        }
        let end = |rig: &mut Rig| rig.give(Input::Ended(Ending::Broken(crash())));
        if late == 0 {
            end(&mut rig);
            assert!(rig.machine.deadline(&Limits::default()) >= Some(rig.now + 20_000), "it waits long");
        }
        rig.give(Input::ServerLost);
        if late == 1 {
            end(&mut rig);
        }
        if late < 2 {
            assert_eq!(rig.machine.deadline(&Limits::default()), None, "it waits for the server alone");
            assert_eq!(rig.give(Input::ServerReady), [Effect::Spawn]);
        } else {
            rig.give(Input::ServerReady);
        }
        assert_eq!(rig.machine.attempt(), 1);
        for wait in [200, 400, 800] {
            end(&mut rig);
            let due = rig.machine.deadline(&Limits::default());
            assert_eq!(due, Some(rig.now + wait), "its own fault makes it wait longer again");
            rig.after(wait);
            rig.give(Input::Spawned);
        }
    }
}

#[test]
fn without_a_child_a_stream_runs_as_soon_as_its_path_is_there() {
    let machine = Machine::new(Playback::Loop, Feed::Server, true);
    let mut rig = Rig { machine, now: 1_000 };
    assert_eq!(rig.give(Input::Run), [Effect::Open]);
    assert_eq!(rig.machine.state(), State::Starting);
    assert_eq!(rig.give(Input::Opened), []);
    assert_eq!((rig.machine.state(), rig.machine.deadline(&Limits::default())), (State::Running, None));
    assert_eq!(rig.give(Input::Online(true)), []);
    assert_eq!(rig.give(Input::Online(false)), [], "nobody has to send");
    assert_eq!(rig.give(Input::ServerLost), []);
    assert_eq!(rig.machine.state(), State::Backoff);
    assert_eq!(rig.give(Input::ServerReady), [Effect::Open]);
    rig.give(Input::Opened);
    assert_eq!(rig.give(Input::Stop), [Effect::RemovePath], "nothing has to end first");
    assert_eq!(rig.machine.state(), State::Stopped);
}

#[test]
fn a_source_of_the_other_kind_takes_over_in_order() {
    let mut rig = Rig::running(Playback::Loop);
    rig.machine.feed = Feed::Server;
    assert_eq!(rig.give(Input::Edited), [Effect::Ask(Rung::Quit)]);
    assert_eq!(rig.give(Input::Ended(Ending::Finished)), [Effect::Open], "after the child's end");
    rig.give(Input::Opened);
    rig.machine.feed = Feed::Child;
    assert_eq!(rig.give(Input::Edited), [Effect::Spawn]);
}

#[test]
fn a_converter_runs_while_its_source_is_there_and_waits_without_a_fault() {
    let mut rig = Rig { machine: Machine::new(Playback::Once, Feed::Converter, true), now: 1_000 };
    assert_eq!(rig.give(Input::Run), [Effect::Open], "nothing to convert yet");
    assert_eq!(rig.give(Input::Opened), []);
    assert_eq!((&rig.machine.phase, rig.machine.state()), (&Phase::Open, State::Running));
    assert_eq!(rig.give(Input::Source(true)), [Effect::Spawn]);
    for input in [Input::Spawned, Input::Progressed, Input::Online(true)] {
        assert_eq!(rig.give(input), []);
    }
    assert_eq!(rig.machine.state(), State::Running);
    assert_eq!(rig.give(Input::Source(false)), [], "the child notices by itself");
    rig.give(Input::Ended(Ending::Finished));
    assert_eq!((rig.machine.order, rig.machine.state()), (Order::Run, State::Backoff), "a camera has no end");
    assert_eq!(rig.after(200), [Effect::Open]);
    rig.give(Input::Opened);
    assert_eq!(rig.machine.phase, Phase::Open, "it waits");
    assert_eq!(rig.give(Input::Source(true)), [Effect::Spawn]);
    rig.give(Input::Spawned);
    rig.give(Input::Ended(Ending::Broken(crash())));
    assert_eq!(rig.after(200), [Effect::Spawn], "a child that broke is made anew, as of a file");
    // The source came while the paths were being made.
    rig.give(Input::Stop);
    rig.give(Input::Source(false));
    assert_eq!(rig.give(Input::Run), [Effect::Open]);
    assert_eq!(rig.give(Input::Source(true)), []);
    assert_eq!(rig.give(Input::Opened), [Effect::Spawn]);
}
