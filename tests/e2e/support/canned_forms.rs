//! What forms and dialogs of the canned world ask.

use axum::{
    Json, Router,
    extract::Query,
    routing::{get, post},
};
use stream_api::{
    Capacity, Code, Error, Fit, GuestLink, LinkLasts, Load, MediaEntry, Outcome, PreparedFile, ProbeReport,
    Secret, SourceTested, Step, TestStep, UnixMillis,
    commands::{GuestLinkMade, MediaBrowse, MediaFolder, PreparedFiles, SourceProbe},
    propose_name,
};

use super::{COMPUTER, NOW, at, computer, servers, streams};

/// Bytes of the prepared file.
const PREPARED: u64 = 371_200_000;

pub fn routes() -> Router {
    Router::new()
        .route("/api/v1/capacity", post(capacity))
        .route("/api/v1/media", get(media_folder))
        .route("/api/v1/probe", post(report))
        .route("/api/v1/source-test", post(async || Json(source_tested())))
        .route("/api/v1/streams/{id}/guest-links", post(async || Json(guest_link())))
        .route("/api/v1/servers/test", post(async || Json(servers::tested())))
        .route("/api/v1/prepared", get(async || Json(prepared())))
}

async fn report(Json(request): Json<SourceProbe>) -> Json<ProbeReport> {
    let SourceProbe { path, playback, encoding, name, .. } = request;
    let proposed_name = propose_name(path.rsplit('/').next().unwrap_or_default(), |_| false);
    let name = name.unwrap_or_else(|| proposed_name.clone());
    let (media, plan, command) = streams::probed(&path, &name, playback, encoding);
    Json(ProbeReport { path, proposed_name, media, plan, command, prepared: None })
}

/// About what the engine says of a file that is encoded.
async fn capacity() -> Json<Capacity> {
    let computer = computer();
    let fit = |load: Load| Fit { load, more: computer.more(load) };
    let now = fit(Load { cores: 0.9, memory: 160 << 20 });
    let prepared = fit(Load { cores: 0.011, memory: 12 << 20 });
    Json(Capacity { computer, now: Some(now), prepared: Some(prepared) })
}

async fn media_folder(_: Query<MediaBrowse>) -> Json<MediaFolder> {
    let entry = |name: &str, size: Option<u64>| MediaEntry {
        name: name.to_owned(),
        path: format!("/srv/media/{name}"),
        is_dir: size.is_none(),
        size,
    };
    let file = |name: &str| entry(name, Some(streams::of_file(name).size));
    let entries = vec![
        entry("Archive", None),
        file("Evening concert.mp4"),
        file("Gym classes.avi"),
        file("Lobby loop 2026.mp4"),
        file("New year concert.mp4"),
    ];
    Json(MediaFolder { path: Some("/srv/media".to_owned()), parent: None, entries })
}

/// A camera that wants another password.
fn source_tested() -> SourceTested {
    let step = |step, outcome, error| TestStep { step, outcome, error };
    let refused = Error::new(Code::PullLogin).with("host", "192.168.1.20");
    let steps = vec![
        step(Step::Name, Outcome::Passed, None),
        step(Step::Connect, Outcome::Passed, None),
        step(Step::Login, Outcome::Failed, Some(refused)),
        step(Step::Media, Outcome::Skipped, None),
    ];
    SourceTested { steps, media: None, plan: None }
}

fn guest_link() -> GuestLinkMade {
    let expires = UnixMillis(NOW + LinkLasts::Day.millis());
    let link = GuestLink {
        id: "guest-a5e1c02b97".to_owned(),
        label: "Anna".to_owned(),
        created: UnixMillis(NOW),
        expires,
    };
    let url = format!("http://{COMPUTER}:8891/watch/lobby#{}.4f16ca6cfa1845228f6cc7eb467d4efb", link.id);
    let qr = stream_engine::qr::svg(&url).expect("it is short enough");
    GuestLinkMade { link, urls: vec![Secret::new(url)], qr: Secret::new(qr) }
}

fn prepared() -> PreparedFiles {
    let concert = PreparedFile {
        key: "5d1f7a90c2".to_owned(),
        source: "/srv/media/Evening concert.mp4".to_owned(),
        size: PREPARED,
        duration: 720.0,
        made: at(1, 22, 31, 9),
        used: at(1, 22, 31, 9),
        streams: Vec::new(),
    };
    PreparedFiles { files: vec![concert], size: PREPARED, room: 20_000_000_000 }
}
