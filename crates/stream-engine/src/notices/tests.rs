use stream_api::{
    Awaited, Code, Difference, Drift, Error, Fault, NetworkSource, NoticeKind, OtherServer, OtherState,
    Recording, ServerSpec, ServerState, Source, StreamSpec, Wait,
};
use uuid::Uuid;

use super::*;
use crate::{
    notices::seen::{FLAPS, GRACE, LASTS},
    stored_server::StoredServer,
};

const MINUTE: Millis = 60_000;
const HALL: ServerId = ServerId(Uuid::from_u128(9));

/// A watch with a clock, a server that runs and streams that are ordered to run.
struct Rig {
    watch: Watch,
    now: Millis,
}

impl Rig {
    fn new() -> Rig {
        let mut rig = Rig { watch: Watch::default(), now: 0 };
        rig.server(ServerState::Running, None);
        rig
    }

    fn server(&mut self, state: ServerState, code: Option<Code>) {
        let mut server = crate::server::first_status(&StoredServer::default());
        (server.state, server.fault) = (state, code.map(|code| Error::new(code).into()));
        self.watch.see(&Change::Server { server: Box::new(server) }, self.now);
    }

    /// A server of somebody else.
    fn other(&mut self, change: impl FnOnce(&mut OtherServer)) {
        let mut other = OtherServer::connecting(HALL, ServerSpec::remote("Hall", "http://hall:9997/"));
        other.state = OtherState::Running;
        change(&mut other);
        self.watch.see(&Change::Other { other: Box::new(other) }, self.now);
    }

    /// Runs with these warnings.
    fn server_warned(&mut self, warnings: &[(Code, &str)]) {
        let mut server = crate::server::first_status(&StoredServer::default());
        server.state = ServerState::Running;
        let warning = |(code, figure): &(Code, &str)| Error::new(*code).with("viewers", figure).into();
        server.warnings = warnings.iter().map(warning).collect();
        self.watch.see(&Change::Server { server: Box::new(server) }, self.now);
    }

    fn stream(&mut self, n: u128, state: State, code: Option<Code>) {
        self.look(n, |stream| {
            (stream.state, stream.on_air) = (state, state == State::Running);
            stream.fault = code.map(|code| Error::new(code).with("path", "/a.mp4").into());
        });
    }

    fn look(&mut self, n: u128, change: impl FnOnce(&mut Stream)) {
        let source = Source::File { path: "/a.mp4".into() };
        let spec = StreamSpec::new(format!("s{n}"), source);
        let mut stream = Stream { order: Order::Run, ..Stream::new(StreamId(Uuid::from_u128(n)), spec) };
        change(&mut stream);
        self.watch.see(&Change::Stream { stream: Box::new(stream) }, self.now);
    }

    /// On air with these warnings, and recorded as it is wanted if none is about that.
    fn on_air(&mut self, n: u128, warnings: &[Code]) {
        self.look(n, |stream| {
            (stream.state, stream.on_air, stream.spec.record) = (State::Running, true, true);
            let unrecorded = warnings.contains(&Code::RecordingNoSpace);
            stream.recording = if unrecorded { Recording::Stuck } else { Recording::Writing };
            stream.warnings =
                warnings.iter().map(|code| Fault::new(Error::new(*code).with("path", "/a"))).collect();
        });
    }

    /// Runs, and waits for somebody else.
    fn waits(&mut self, n: u128, of: Awaited, lost: bool, code: Option<Code>) {
        let url = "rtsp://camera:554/x".to_owned();
        let camera = Source::Network(NetworkSource { url, ..NetworkSource::default() });
        let error = code.map(|code| Error::new(code).with("host", "camera"));
        self.look(n, |stream| {
            stream.spec.source = camera;
            stream.state = State::Running;
            stream.wait = Some(Wait { of, lost, error, tried: None });
        });
    }

    /// Lets time pass, and gives what is told until then.
    fn after(&mut self, wait: Millis) -> Vec<Notice> {
        let (until, mut told) = (self.now + wait, Vec::new());
        while let Some(due) = self.watch.due().filter(|due| *due <= until) {
            let next = self.watch.tell(due.max(self.now));
            self.now = due.max(self.now);
            assert!(self.watch.due().is_none_or(|later| later > due), "telling makes it quiet");
            told.extend(next);
        }
        self.now = until;
        told
    }

    /// Breaks off and comes back, `times` times, a second each.
    fn flap(&mut self, n: u128, times: usize) -> Vec<Notice> {
        let mut told = Vec::new();
        for _ in 0..times {
            self.stream(n, State::Backoff, Some(Code::FfmpegCrashed));
            told.extend(self.after(500));
            self.stream(n, State::Running, None);
            told.extend(self.after(500));
        }
        told
    }
}

fn kinds(notices: &[Notice]) -> Vec<NoticeKind> {
    notices.iter().map(|notice| notice.kind).collect()
}

#[test]
fn a_failure_is_told_once_with_cause_and_cure_and_its_end_too() {
    let mut rig = Rig::new();
    rig.stream(1, State::Failed, Some(Code::SourceMissing));
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::StreamFailed]);
    let error = Error::new(Code::SourceMissing).with("path", "/a.mp4");
    assert!(told[0].title.contains("s1") && told[0].body.contains(&error.message), "{told:?}");
    assert!(told[0].body.contains(&error.hint), "{told:?}");
    rig.stream(1, State::Failed, Some(Code::SourceMissing));
    assert_eq!(rig.after(MINUTE), [], "once");
    rig.stream(1, State::Running, None);
    assert_eq!(kinds(&rig.after(MINUTE)), [NoticeKind::StreamBack]);
    assert_eq!(rig.after(60 * MINUTE), []);
}

#[test]
fn a_failure_that_heals_at_once_and_a_few_breaks_are_not_told() {
    let mut rig = Rig::new();
    rig.stream(1, State::Failed, Some(Code::SourceMissing));
    assert_eq!(rig.after(1_000), []);
    rig.stream(1, State::Running, None);
    assert_eq!(rig.after(MINUTE), []);
    assert_eq!(rig.flap(2, FLAPS - 1), []);
    assert_eq!(rig.after(11 * MINUTE), []);
    assert_eq!(rig.flap(2, FLAPS - 1), [], "the earlier breaks are too long ago");
}

#[test]
fn flapping_is_told_once_and_over_when_ten_minutes_were_quiet() {
    let mut rig = Rig::new();
    let told = rig.flap(1, FLAPS + 3);
    assert_eq!(kinds(&told), [NoticeKind::StreamFlapping]);
    assert!(told[0].body.contains("10 minutes"), "{told:?}");
    assert_eq!(rig.after(9 * MINUTE), []);
    assert_eq!(kinds(&rig.after(2 * MINUTE)), [NoticeKind::StreamBack]);
}

/// The making of a child may hang for minutes before it is given up, so that it hardly ever breaks.
#[test]
fn a_start_that_hangs_again_and_again_is_told() {
    let mut rig = Rig::new();
    let mut told = Vec::new();
    for _ in 0..3 {
        rig.stream(1, State::Starting, None);
        told.extend(rig.after(3 * MINUTE));
        assert_eq!(told, []);
        rig.stream(1, State::Backoff, Some(Code::Internal));
        told.extend(rig.after(MINUTE / 2));
    }
    assert_eq!(kinds(&told), [NoticeKind::StreamFlapping]);
    assert!(told[0].body.contains("3 times"), "{told:?}");
}

#[test]
fn many_with_one_cause_are_one_notice() {
    let mut rig = Rig::new();
    for n in 1..=6 {
        rig.stream(n, State::Failed, Some(Code::FfmpegMissing));
        assert_eq!(rig.after(100), []);
    }
    rig.stream(7, State::Failed, Some(Code::SourceMissing));
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::StreamFailed; 2]);
    assert!(told[0].title.contains('6') && told[0].body.contains("s1, s2, s3"), "{told:?}");
    assert_eq!(told[0].stream, None, "about several");
    for n in 1..=6 {
        rig.stream(n, State::Running, None);
    }
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::StreamBack]);
    assert!(told[0].title.contains('6'), "{told:?}");
}

#[test]
fn the_server_is_told_for_all_streams_that_wait_for_it() {
    let mut rig = Rig::new();
    for round in 0..FLAPS {
        // FFmpeg notices the end of the server's connection before anyone else does.
        for n in 1..=20 {
            rig.stream(n, State::Running, None);
            rig.stream(n, State::Backoff, Some(Code::PublishUnreachable));
        }
        let told = rig.after(10);
        assert_eq!(told, [], "round {round}");
        rig.server(ServerState::Restarting, Some(Code::ServerCrashed));
        assert_eq!(rig.after(1_000), [], "a short break is not told");
        rig.server(ServerState::Running, None);
        let told = rig.after(2_000);
        if round < FLAPS - 1 {
            assert_eq!(told, [], "round {round}");
        } else {
            assert_eq!(kinds(&told), [NoticeKind::ServerFlapping]);
            assert!(told[0].body.contains("20"), "{told:?}");
        }
    }
    assert_eq!(rig.after(9 * MINUTE), []);
    assert_eq!(kinds(&rig.after(2 * MINUTE)), [NoticeKind::ServerBack]);
}

#[test]
fn a_server_that_stays_away_is_told_and_its_return_too() {
    let mut rig = Rig::new();
    rig.stream(1, State::Running, None);
    rig.server(ServerState::Failed, Some(Code::PortTaken));
    assert_eq!(rig.after(GRACE - 1), []);
    assert_eq!(kinds(&rig.after(1)), [NoticeKind::ServerFailed]);
    rig.server(ServerState::Restarting, Some(Code::PortTaken));
    assert_eq!(rig.after(MINUTE), []);
    rig.server(ServerState::Running, None);
    assert_eq!(kinds(&rig.after(MINUTE)), [NoticeKind::ServerBack]);
}

#[test]
fn nobody_waits_and_nobody_is_told() {
    let mut rig = Rig::new();
    rig.look(1, |stream| stream.order = Order::Stop);
    rig.server(ServerState::Failed, Some(Code::ServerMissing));
    assert_eq!(rig.after(MINUTE), []);
}

#[test]
fn a_muted_stream_is_not_told_of() {
    let mut rig = Rig::new();
    rig.look(1, |stream| {
        stream.spec.muted = true;
        stream.state = State::Failed;
        stream.fault = Some(Error::new(Code::SourceMissing).into());
    });
    rig.stream(2, State::Failed, Some(Code::SourceMissing));
    let told = rig.after(MINUTE);
    assert_eq!(told.len(), 1);
    assert!(told[0].title.contains("s2"), "{told:?}");
}

#[test]
fn a_stop_by_the_user_ends_the_matter() {
    let mut rig = Rig::new();
    rig.stream(1, State::Failed, Some(Code::SourceMissing));
    rig.after(MINUTE);
    rig.look(1, |stream| stream.order = Order::Stop);
    rig.stream(1, State::Running, None);
    assert_eq!(rig.after(MINUTE), []);
}

#[test]
fn an_overload_that_lasts_is_told_once_and_its_end_too() {
    let mut rig = Rig::new();
    rig.on_air(1, &[Code::Overloaded]);
    assert_eq!(rig.after(LASTS - 1), []);
    let told = rig.after(1);
    assert_eq!(kinds(&told), [NoticeKind::StreamWarned]);
    let error = Error::new(Code::Overloaded);
    assert!(told[0].title.contains("s1") && told[0].body.contains(&error.hint), "{told:?}");
    for _ in 0..5 {
        rig.on_air(1, &[Code::Overloaded]);
        assert_eq!(rig.after(MINUTE), [], "once");
        rig.on_air(1, &[]);
        assert_eq!(rig.after(MINUTE - 1), [], "a computer that keeps up for a while may not do so for long");
    }
    rig.on_air(1, &[]);
    assert_eq!(kinds(&rig.after(MINUTE)), [NoticeKind::StreamBack]);
    assert_eq!(rig.after(60 * MINUTE), []);
}

#[test]
fn an_overload_that_passes_is_not_told() {
    let mut rig = Rig::new();
    for _ in 0..10 {
        rig.on_air(1, &[Code::Overloaded]);
        assert_eq!(rig.after(LASTS / 2), []);
        rig.on_air(1, &[]);
        assert_eq!(rig.after(LASTS), []);
    }
}

#[test]
fn a_recording_that_is_not_written_is_told_and_its_return_too() {
    let mut rig = Rig::new();
    for n in [1, 2] {
        rig.on_air(n, &[Code::RecordingNoSpace]);
    }
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::StreamWarned], "one disk, one notice");
    assert!(told[0].title.contains('2') && told[0].body.contains("s1, s2"), "{told:?}");
    // Another word for the same trouble, and a new start, which has not written yet.
    rig.on_air(1, &[Code::RecordingFailed]);
    assert_eq!(rig.after(MINUTE), []);
    rig.look(1, |stream| (stream.state, stream.spec.record) = (State::Starting, true));
    assert_eq!(rig.after(MINUTE), []);
    rig.look(1, |stream| {
        (stream.state, stream.on_air, stream.spec.record) = (State::Running, true, true);
        stream.recording = Recording::Waiting;
    });
    assert_eq!(rig.after(MINUTE), []);
    for n in [1, 2] {
        rig.on_air(n, &[]);
    }
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::StreamBack]);
    assert!(told[0].title.contains("recorded"), "{told:?}");
}

#[test]
fn a_recording_that_is_switched_off_is_no_trouble_and_none_that_is_over() {
    let mut rig = Rig::new();
    rig.on_air(1, &[Code::RecordingNoSpace]);
    assert_eq!(rig.after(MINUTE).len(), 1);
    rig.look(1, |stream| (stream.state, stream.on_air) = (State::Running, true));
    assert_eq!(rig.after(MINUTE), []);
    rig.on_air(1, &[]);
    assert_eq!(rig.after(MINUTE), []);
}

#[test]
fn warnings_of_a_muted_or_a_stopped_stream_are_not_told() {
    let mut rig = Rig::new();
    let warned = [Code::Overloaded, Code::RecordingNoSpace, Code::SourceGone];
    let warn = |stream: &mut Stream| {
        stream.warnings = warned.map(|code| Fault::new(Error::new(code))).to_vec();
        (stream.state, stream.on_air, stream.spec.record) = (State::Running, true, true);
    };
    rig.look(1, |stream| {
        warn(stream);
        stream.spec.muted = true;
    });
    rig.look(2, warn);
    rig.look(2, |stream| stream.order = Order::Stop);
    assert_eq!(rig.after(60 * MINUTE), []);
    assert_eq!(rig.watch.due(), None);
}

#[test]
fn a_source_that_stays_away_is_told_and_its_return_too() {
    let mut rig = Rig::new();
    rig.waits(1, Awaited::Publisher, true, None);
    rig.waits(2, Awaited::Source, true, Some(Code::PullConnectionRefused));
    rig.waits(3, Awaited::Source, false, Some(Code::PullConnectionRefused));
    assert_eq!(rig.after(LASTS - 1), [], "it mostly comes back by itself");
    let told = rig.after(1);
    assert_eq!(kinds(&told), [NoticeKind::StreamWarned; 2], "one for each cause");
    assert!(told[0].title.contains("s1") && told[0].body.contains("publisher left"), "{told:?}");
    assert!(told[1].title.contains('2') && told[1].body.contains("s2, s3"), "{told:?}");
    rig.waits(2, Awaited::Source, true, None);
    assert_eq!(rig.after(60 * MINUTE), [], "once");
    rig.stream(1, State::Running, None);
    assert_eq!(kinds(&rig.after(MINUTE)), [NoticeKind::StreamBack]);
}

#[test]
fn a_source_that_is_back_soon_or_was_not_asked_for_is_not_told() {
    let mut rig = Rig::new();
    rig.waits(1, Awaited::Source, true, None);
    rig.waits(2, Awaited::Publisher, false, None);
    rig.waits(3, Awaited::Viewer, false, Some(Code::PullSilent));
    assert_eq!(rig.after(LASTS / 2), []);
    rig.stream(1, State::Running, None);
    assert_eq!(rig.after(60 * MINUTE), []);
}

#[test]
fn each_matter_of_a_stream_is_told_by_itself() {
    let mut rig = Rig::new();
    rig.on_air(1, &[Code::Overloaded, Code::RecordingNoSpace, Code::SourceGone]);
    assert_eq!(kinds(&rig.after(MINUTE)), [NoticeKind::StreamWarned; 3]);
    rig.look(1, |stream| {
        (stream.state, stream.spec.record) = (State::Failed, true);
        stream.fault = Some(Error::new(Code::SourceMissing).into());
    });
    assert_eq!(kinds(&rig.after(MINUTE)), [NoticeKind::StreamFailed]);
    rig.on_air(1, &[]);
    assert_eq!(kinds(&rig.after(2 * MINUTE)), [NoticeKind::StreamBack; 4]);
}

#[test]
fn what_is_wrong_with_a_server_that_runs_is_told_once_until_it_is_over() {
    let mut rig = Rig::new();
    let told = |notices: Vec<Notice>| {
        notices.into_iter().map(|notice| (notice.kind, notice.title, notice.body)).collect::<Vec<_>>()
    };
    let words = |figure: &str| {
        let error = Error::new(Code::ManyViewers).with("viewers", figure);
        vec![(NoticeKind::ServerWarned, error.message, error.hint)]
    };
    rig.server_warned(&[(Code::ManyViewers, "101")]);
    assert_eq!(told(rig.after(1_000)), [], "it may be over at once");
    assert_eq!(told(rig.after(1_000)), words("101"));
    rig.server_warned(&[(Code::ManyViewers, "150")]);
    assert_eq!(told(rig.after(MINUTE)), [], "no news with another figure");
    // The server starts anew, and all come back.
    rig.server(ServerState::Restarting, Some(Code::ServerCrashed));
    assert_eq!(told(rig.after(2_000)), []);
    rig.server(ServerState::Running, None);
    assert_eq!(told(rig.after(5_000)), []);
    rig.server_warned(&[(Code::ManyViewers, "140")]);
    assert_eq!(told(rig.after(2 * MINUTE)), [], "it was not over");
    rig.server_warned(&[]);
    assert_eq!(told(rig.after(2 * MINUTE)), []);
    rig.server_warned(&[(Code::ManyViewers, "120")]);
    rig.server_warned(&[]);
    assert_eq!(told(rig.after(MINUTE)), [], "a moment is no matter");
    rig.server_warned(&[(Code::ManyViewers, "120"), (Code::UplinkBusy, "80")]);
    assert_eq!(rig.after(5_000).len(), 2, "each by itself, and anew");
}

#[test]
fn another_server_is_told_of_by_its_name_for_its_own_streams_alone() {
    let mut rig = Rig::new();
    let there = |stream: &mut Stream| {
        stream.spec.server = HALL;
        (stream.state, stream.on_air) = (State::Running, true);
    };
    rig.stream(1, State::Running, None);
    rig.other(|_| {});
    let lost = |other: &mut OtherServer| {
        other.state = OtherState::Unreachable;
        other.fault = Some(Error::new(Code::RemoteRefused).with("host", "hall").into());
    };
    rig.other(lost);
    assert_eq!(rig.after(MINUTE), [], "nobody waits for it");
    rig.other(|_| {});
    assert_eq!(rig.after(MINUTE), []);
    rig.look(2, there);
    rig.other(lost);
    // A stream breaks off again and again while its server is away: that is the server's.
    for _ in 0..FLAPS {
        rig.look(2, |stream| {
            there(stream);
            (stream.state, stream.on_air) = (State::Backoff, false);
        });
        rig.look(2, |stream| (stream.spec.server, stream.state) = (HALL, State::Starting));
    }
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::ServerFailed], "{told:?}");
    assert!(told[0].title.contains("Hall") && told[0].body.contains("One stream"), "{told:?}");
    rig.look(2, there);
    rig.other(|_| {});
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::ServerBack]);
    assert!(told[0].title.contains("Hall"), "{told:?}");
}

#[test]
fn what_others_changed_on_their_server_is_told_once() {
    let mut rig = Rig::new();
    let drifted = |paths: &'static [&'static str]| {
        move |other: &mut OtherServer| {
            let one = || Difference {
                key: "record".to_owned(),
                ours: None,
                theirs: "true".to_owned(),
                adoptable: true,
            };
            let drift = |path: &&str| Drift {
                stream: StreamId(Uuid::nil()),
                path: (*path).to_owned(),
                differences: vec![one()],
            };
            other.drift = paths.iter().map(drift).collect();
        }
    };
    rig.other(drifted(&["obs"]));
    let told = rig.after(MINUTE);
    assert_eq!(kinds(&told), [NoticeKind::ServerWarned]);
    assert!(told[0].title.contains("Hall") && told[0].title.contains("obs"), "{told:?}");
    rig.other(drifted(&["obs", "yard"]));
    assert_eq!(rig.after(MINUTE), [], "a person who looks sees all of it");
    rig.other(drifted(&[]));
    assert_eq!(rig.after(2 * MINUTE), []);
    rig.other(drifted(&["obs"]));
    assert_eq!(rig.after(MINUTE).len(), 1, "anew");
}
