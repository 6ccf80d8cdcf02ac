//! Other settings for the server: what they would do, and their way through the server's task.

use std::collections::HashSet;

use stream_api::{
    Effects, Error, GUESTS, Listener, Problem, ServerSettings, ServerState, ServerStatus, Snapshot, Stream,
    UnixMillis,
};
use tokio::sync::oneshot;

use super::tls::Tls;
use crate::ports;

/// How long the server is away, in seconds, and how many streams come back in each further one: four start at a time,
/// each within a quarter of a second.
const AWAY: usize = 2;
const PER_SECOND: usize = 16;

/// Settings to be tried, and who waits to know whether they hold.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) settings: ServerSettings,
    pub(super) done: oneshot::Sender<Result<(), Error>>,
}

/// Settings that did not hold, and why. Told when those from before are back.
#[derive(Debug)]
pub(super) struct Refused {
    done: oneshot::Sender<Result<(), Error>>,
    error: Error,
}

impl Change {
    pub(super) fn refused(self, error: Error) -> Refused {
        Refused { done: self.done, error }
    }

    /// They hold. Who asked may be gone.
    pub(super) fn tell(self) {
        let _ = self.done.send(Ok(()));
    }
}

impl Refused {
    /// Who asked may be gone.
    pub(super) fn tell(self) {
        let _ = self.done.send(Err(self.error));
    }
}

/// What these settings would do at `now` to the server in `picture`.
pub(crate) async fn effects(
    settings: &ServerSettings,
    picture: &Snapshot,
    tls: &Tls,
    now: UnixMillis,
) -> Effects {
    let server = &picture.server;
    let running = server.state == ServerState::Running;
    let keeps = settings.keeps_server(&server.settings);
    let mut problems = settings.problems();
    if problems.is_empty() {
        problems.extend(new_port_of_guests(settings, server));
    }
    // What the server has is not asked for where the guests' page alone moves.
    if problems.is_empty() && !(keeps && settings.guest_port != server.settings.guest_port) {
        let ours = if running { sockets(&server.settings) } else { HashSet::new() };
        let others =
            settings.listeners().filter(|(listener, _)| !ours.contains(&socket(settings, *listener)));
        problems.extend(others.filter_map(|(listener, reach)| {
            let error = ports::check_one(settings.ports, listener, reach).err()?;
            Some(Problem::new(listener.key(), error))
        }));
        // One that is in use keeps nobody from changing something else: the server goes on all the same.
        let in_use = running && settings.encryption == server.settings.encryption;
        let certificate = tls.problems(&settings.encryption).await.into_iter();
        problems.extend(certificate.map(|problem| Problem { mild: problem.mild || in_use, ..problem }));
    }
    let links = match settings.guest_port == server.settings.guest_port {
        true => 0,
        false => links(&picture.streams, now),
    };
    if keeps {
        return Effects { problems, links, ..Effects::default() };
    }
    let (paused, viewers) = if running { on_air(&picture.streams) } else { (0, 0) };
    Effects {
        restarts: true,
        streams: u32::try_from(paused).unwrap_or(u32::MAX),
        viewers,
        seconds: u32::try_from(AWAY + paused / PER_SECOND).unwrap_or(u32::MAX),
        links,
        problems,
    }
}

/// Another port for the guests' page that can't be had. The one that it has is not asked for: we hold it, or it is told
/// why we can't.
fn new_port_of_guests(settings: &ServerSettings, server: &ServerStatus) -> Option<Problem> {
    let port = settings.guest_port.filter(|port| server.settings.guest_port != Some(*port))?;
    ports::check_guests(port, settings.reach).err().map(|error| Problem::new(GUESTS, error))
}

/// Guest links that work.
fn links(streams: &[Stream], now: UnixMillis) -> u32 {
    let links = streams.iter().flat_map(|stream| &stream.access.links);
    u32::try_from(links.filter(|link| link.expires > now).count()).unwrap_or(u32::MAX)
}

/// Streams of the bundled server that are on air, and who watches them: what others have goes on.
fn on_air(streams: &[Stream]) -> (usize, u32) {
    let live = || streams.iter().filter(|stream| stream.on_air && stream.spec.server.is_bundled());
    let watching = |stream: &Stream| stream.metrics.as_ref().map_or(0, |metrics| metrics.viewers.total());
    (live().count(), live().map(watching).sum())
}

/// What is listened on: what we hold ourselves is free for us.
fn sockets(settings: &ServerSettings) -> HashSet<(u16, bool)> {
    settings.listeners().map(|(listener, _)| socket(settings, listener)).collect()
}

fn socket(settings: &ServerSettings, listener: Listener) -> (u16, bool) {
    (settings.ports.of(listener), listener.is_udp())
}

#[cfg(test)]
mod tests {
    use stream_api::{Metrics, Order, ServerId, Source, State, StreamId, StreamSpec, Viewers};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_restart_is_about_what_is_on_air_here() {
        let stream = |server: ServerId, on_air: bool| {
            let spec = StreamSpec { server, ..StreamSpec::new("a", Source::Incoming) };
            let metrics = Metrics {
                inbound_bps: 1,
                outbound_bps: 1,
                speed: None,
                viewers: Viewers { hls: 2, ..Viewers::default() },
            };
            Stream {
                order: Order::Run,
                state: State::Running,
                on_air,
                metrics: Some(metrics),
                ..Stream::new(StreamId(Uuid::nil()), spec)
            }
        };
        let (here, there) = (ServerId::BUNDLED, ServerId(Uuid::from_u128(1)));
        let streams = [stream(here, true), stream(here, false), stream(there, true), stream(here, true)];
        assert_eq!(on_air(&streams), (2, 4), "neither one that waits nor one of another server");
    }
}
