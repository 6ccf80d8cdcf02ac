//! "Test source": fetches a network source for a moment under a name of its own.

use std::time::Duration;

use mediamtx_client::{Pull, PullFailure};
use stream_api::{
    Code, Error, Outcome, Playback, ServerId, Source, SourceAddress, SourceTested, Step, StreamId, TestStep,
    commands::SourceTest, split_address, t,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{timeout, timeout_at},
};
use uuid::Uuid;

use super::{Call, given, given::Given, stored};
use crate::{
    engine::Inner,
    prober::Probed,
    server::{Keep, Server, Wish},
    stream::{arrival, convert, open},
    wanted::wanted,
};

/// To find the name and to connect.
const REACH: Duration = Duration::from_secs(4);
/// To fetch: MediaMTX gives an answer 10 s, and may try a second way then.
const FETCH: Duration = Duration::from_secs(14);

/// The client may leave at any time; what was made for the test goes with it.
pub(crate) async fn source_test(call: &Call<'_>, request: SourceTest) -> Result<SourceTested, Error> {
    let before = match request.stream {
        Some(id) => Some(stored(call.engine, id).await?),
        None => None,
    };
    let Given { source, secrets } =
        given::source(call.engine, request.source, request.password, before.as_ref()).await?;
    let Source::Network(network) = source else {
        return Err(Error::new(Code::BadRequest).with("reason", t!("source_test.others")));
    };
    let address = split_address(&network.url)?;
    let mut test = Test::default();
    if let Err(error) = reach(&address, &mut test).await {
        return Ok(test.failed(error));
    }
    let pull = Pull { on_demand: false, ..open::pull_of(&network, &secrets) };
    match fetch(call.engine, pull, &address.host).await? {
        Ok(Probed { media, plan }) => {
            let (playback, server) = (Playback::default(), ServerId::BUNDLED);
            let wanted = wanted(&call.engine.hub, &call.engine.prober, server, playback, &request.encoding);
            let converted = network.may_convert().then(|| convert::conversion(&media, &wanted).ok());
            let plan = converted.flatten().flatten().unwrap_or(plan);
            test.passed(Step::Login);
            test.passed(Step::Media);
            Ok(SourceTested { steps: test.steps, media: Some(media), plan: Some(plan) })
        }
        Err(failure) => {
            match failure {
                PullFailure::NoPath | PullFailure::Codec => test.passed(Step::Login),
                PullFailure::Login | PullFailure::Rejected => {}
                _ => test.skipped(Step::Login),
            }
            Ok(test.failed(arrival::failure(&failure, &address.host)))
        }
    }
}

/// The steps so far.
#[derive(Default)]
struct Test {
    steps: Vec<TestStep>,
}

impl Test {
    fn passed(&mut self, step: Step) {
        self.steps.push(TestStep { step, outcome: Outcome::Passed, error: None });
    }

    fn skipped(&mut self, step: Step) {
        self.steps.push(TestStep { step, outcome: Outcome::Skipped, error: None });
    }

    /// The next step failed, and what follows is not tried.
    fn failed(mut self, error: Error) -> SourceTested {
        let all = [Step::Name, Step::Connect, Step::Login, Step::Media];
        let mut rest = all.into_iter().skip(self.steps.len());
        self.steps.extend(rest.next().map(|step| TestStep {
            step,
            outcome: Outcome::Failed,
            error: Some(error),
        }));
        rest.for_each(|step| self.skipped(step));
        SourceTested { steps: self.steps, media: None, plan: None }
    }
}

/// Finds the host, and whether somebody listens there.
async fn reach(address: &SourceAddress, test: &mut Test) -> Result<(), Error> {
    let because = |failure: &PullFailure| arrival::failure(failure, &address.host);
    let found = timeout(REACH, lookup_host((address.host.as_str(), address.port))).await;
    let places: Vec<_> = match found {
        Ok(Ok(places)) => places.collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    if places.is_empty() {
        return Err(because(&PullFailure::Name));
    }
    test.passed(Step::Name);
    if matches!(address.scheme.as_str(), "udp" | "srt") {
        test.skipped(Step::Connect);
        return Ok(());
    }
    match timeout(REACH, TcpStream::connect(&places[..])).await {
        Ok(Ok(_)) => test.passed(Step::Connect),
        Ok(Err(error)) => {
            return Err(because(&match error.kind() {
                std::io::ErrorKind::ConnectionRefused => PullFailure::Refused,
                std::io::ErrorKind::TimedOut => PullFailure::Silent,
                _ => PullFailure::Unreachable,
            }));
        }
        Err(_) => return Err(because(&PullFailure::Silent)),
    }
    Ok(())
}

/// Has the server fetch it under a name that nobody knows, until it does or can't.
async fn fetch(engine: &Inner, pull: Pull, host: &str) -> Result<Result<Probed, PullFailure>, Error> {
    let id = StreamId(Uuid::now_v7());
    let name = format!("stream-manager-test-{}", Uuid::new_v4().simple());
    let path = TestPath { engine, id, name: &name };
    let wish = Wish { record: false, keep: Keep::No, pull: Some(pull), outside: false };
    let server: &Server = &engine.server;
    let _eager = server.eager();
    server.ensure_path(id, &name, wish).await?;
    let mut samples = server.samples();
    let deadline = tokio::time::Instant::now() + FETCH;
    let fetched = loop {
        let sample = samples.borrow_and_update().get(&name).cloned().unwrap_or_default();
        if sample.online && !sample.tracks.is_empty() {
            break arrival::received(&sample.tracks).ok_or(PullFailure::Codec);
        }
        if let Some(trouble) = server.pull_trouble(&name) {
            break Err(trouble.failure);
        }
        // Its log is looked at, too.
        let next = tokio::time::Instant::now() + Duration::from_millis(100);
        let _ = timeout_at(next, samples.changed()).await;
        if tokio::time::Instant::now() >= deadline {
            tracing::debug!(host, "a source that was tested did not answer");
            break Err(PullFailure::Silent);
        }
    };
    drop(path);
    Ok(fetched)
}

/// Removed however the test ends.
struct TestPath<'a> {
    engine: &'a Inner,
    id: StreamId,
    name: &'a str,
}

impl Drop for TestPath<'_> {
    fn drop(&mut self) {
        let (server, id, name) = (self.engine.server.clone(), self.id, self.name.to_owned());
        self.engine.in_background(async move { server.remove_path(id, &name).await });
    }
}
