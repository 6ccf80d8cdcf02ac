use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mediamtx_client::{Action, Pass, PathConfig, Permission, Secret, User};
use serde_json::{Value, json};
use stream_api::{ServerSpec, Unkept, ViewerAccess};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::{
    super::{
        Keep, Request, Terms, Wish,
        admit::Admitted,
        board::Board,
        fake::Fake,
        terms::Listed,
        writer::{News, RELOAD, Whose},
    },
    *,
};
use crate::{access::StoredAccess, drives::Drives};

const SERVER: ServerId = ServerId(Uuid::from_u128(1));
const STREAM: StreamId = StreamId(Uuid::from_u128(2));

fn hub(folder: &TempDir) -> Hub {
    let hub = Hub::of_test(folder.path());
    hub.add_other(stream_api::OtherServer::connecting(SERVER, ServerSpec::remote("Hall", "h")));
    hub
}

/// Everything that a writer to somebody else's server works with.
struct Bench {
    folder: TempDir,
    fake: Fake,
    board: Board,
    ledger: Ledger,
    hub: Hub,
    news: News,
    requests: (mpsc::Sender<Request>, mpsc::Receiver<Request>),
}

impl Bench {
    fn new(users: Listed) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let terms = Terms {
            name: "Hall".to_owned(),
            users,
            kick: true,
            recordings: None,
            record_path: None,
            slates: Err(Unkept::Remote),
        };
        let ledger = Ledger::open(folder.path().join("paths.json"), Drives::default());
        let (hub, board) = (hub(&folder), Board::new(watch::channel(Arc::new(terms)).1));
        let (fake, news) = (Fake::default(), News::default());
        Bench { folder, fake, board, ledger, hub, news, requests: mpsc::channel(1) }
    }

    async fn writer<'a>(&'a mut self, admitted: Option<&'a mut Admitted>) -> Writer<'a> {
        let theirs = Theirs {
            id: SERVER,
            server: "Hall".to_owned(),
            hub: self.hub.clone(),
            mends: Mends::new(self.hub.clone(), "Hall".to_owned()),
            ledger: self.ledger.clone(),
            started: Some("2026-01-01T10:00:00Z".to_owned()),
        };
        let (api, board, inbox) = (self.fake.api().await, self.board.clone(), &mut self.requests.1);
        let (whose, clocks) = (Whose::Theirs(theirs), self.hub.clocks().clone());
        Writer::new(api, board, inbox, whose, admitted, clocks, &self.news)
    }

    fn want(&self, name: &str) {
        want(&self.board, name);
    }

    async fn owns(&self, name: &str) {
        self.ledger.note(SERVER, name, &PathConfig::default()).await;
        self.fake.state().paths.insert(name.to_owned(), json!({ "record": true }));
    }

    fn writes(&self) -> Vec<String> {
        self.fake.state().writes.clone()
    }
}

fn want(board: &Board, name: &str) {
    board.want(STREAM, name, Wish { record: false, keep: Keep::No, pull: None });
}

fn barred(result: Result<(), Unwritten>) -> Option<Code> {
    match result {
        Err(Unwritten::Barred(error)) => Some(error.code),
        Err(Unwritten::Failed(error)) => panic!("{error}"),
        Ok(()) => None,
    }
}

/// A write while MediaMTX's API restarts could hang it for good.
#[tokio::test]
async fn nothing_is_asked_while_the_api_restarts() {
    let mut bench = Bench::new(Listed::Unknown);
    // Ours, wanted, and forgotten by the server: it is written again.
    bench.ledger.note(SERVER, "lobby", &PathConfig::default()).await;
    bench.want("lobby");
    let fake = bench.fake.clone();
    let told = Instant::now();
    bench.news.reloaded.notify_one();
    let written = async {
        while fake.state().writes.is_empty() {
            assert!(told.elapsed() < Duration::from_secs(60), "the path is written again");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = bench.writer(None).await.run() => panic!("it ended"),
        () = written => {}
    }
    let asked = fake.state().asked[0].duration_since(told);
    assert!(asked >= RELOAD, "asked after {asked:?}");
    assert_eq!(fake.state().writes, ["replace/lobby"]);
}

#[tokio::test]
async fn what_is_theirs_is_not_taken_over() {
    let mut bench = Bench::new(Listed::Unknown);
    bench.fake.state().paths.insert("lobby".to_owned(), json!({ "record": true }));
    bench.want("lobby");
    let (fake, ledger) = (bench.fake.clone(), bench.ledger.clone());
    let mut writer = bench.writer(None).await;
    assert_eq!(barred(writer.apply("lobby").await), Some(Code::PathForeign));
    // The person who wants "ours" of a path that is not ours.
    let overwritten = writer.overwrite(&["lobby".to_owned()]).await;
    assert_eq!(barred(overwritten), Some(Code::PathForeign));
    // What can't be told is not guessed.
    fake.state().broken = Some("paths/get");
    assert!(matches!(writer.apply("lobby").await, Err(Unwritten::Failed(ApiError::Refused { .. }))));
    fake.state().broken = None;
    writer.begin().await.unwrap();
    assert!(!ledger.owns(SERVER, "lobby"));
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_about_to_be_wanted_is_not_removed() {
    let mut bench = Bench::new(Listed::Unknown);
    for name in ["gone", "expected", "mine"] {
        bench.owns(name).await;
    }
    bench.board.expect("expected");
    let board = bench.board.clone();
    // Its stream asks for it while the server is being asked what it has.
    bench.fake.state().while_listing = Some(Box::new(move || want(&board, "mine")));
    bench.writer(None).await.begin().await.unwrap();
    assert_eq!(bench.writes(), ["delete/gone"]);
    assert!(bench.fake.state().paths.contains_key("mine"));
    assert!(bench.ledger.owns(SERVER, "expected") && !bench.ledger.owns(SERVER, "gone"));
}

#[tokio::test]
async fn a_stream_that_not_all_may_watch_is_not_shown_where_nobody_keeps_them_out() {
    let mut bench = Bench::new(Listed::Unknown);
    let restricted = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
    bench.board.admit(STREAM, "private", &restricted);
    bench.owns("private").await;
    bench.want("private");
    let board = bench.board.clone();
    let mut writer = bench.writer(None).await;
    // It was shown while there was a list.
    writer.begin().await.unwrap();
    assert_eq!(barred(writer.apply("private").await), Some(Code::AccessUnenforced));
    assert_eq!(barred(writer.overwrite(&["private".to_owned()]).await), Some(Code::AccessUnenforced));
    board.admit(STREAM, "private", &StoredAccess::default());
    assert_eq!(barred(writer.apply("private").await), None);
    assert_eq!(bench.writes(), ["delete/private", "replace/private"]);
}

#[tokio::test]
async fn who_leaves_takes_along_what_people_might_do() {
    let owner = User::new("owner", Pass::Plain(Secret::new("pw")), vec![Permission::everywhere(Action::Api)]);
    let base = vec![owner];
    let mut bench = Bench::new(Listed::Given(base.clone()));
    bench.board.admit(STREAM, "lobby", &StoredAccess::default());
    bench.want("lobby");
    let (fake, folder) = (bench.fake.clone(), bench.folder.path().join("paths.json"));
    let mut admitted = Admitted::elsewhere(base.clone());
    let mut writer = bench.writer(Some(&mut admitted)).await;
    writer.begin().await.unwrap();
    let list = |users: &[User]| Some(serde_json::to_value(users).unwrap());
    assert_ne!(fake.state().users, list(&base), "everybody may watch the lobby");
    writer.leave().await.unwrap();
    assert_eq!(fake.state().users, list(&base));
    assert!(fake.state().paths.is_empty());
    assert!(Ledger::open(folder, Drives::default()).names(SERVER).is_empty());
}

#[test]
fn no_secret_is_shown() {
    let difference = |key: &str, ours: Value, theirs: Value| Difference { key: key.to_owned(), ours, theirs };
    let differences = [
        difference("source", json!("rtsp://me:s3cret@cam/x"), json!("publisher")),
        difference("srtReadPassphrase", Value::Null, json!("0123456789")),
        difference("record", json!(false), json!(true)),
    ];
    let drift = shown(StreamId(Uuid::nil()), "a", &differences);
    let text = serde_json::to_string(&drift).unwrap();
    assert!(!text.contains("s3cret") && !text.contains("0123456789"), "{text}");
    assert_eq!(drift.differences[1].ours, None);
    assert_eq!(drift.differences[2].theirs, "true");
    assert_eq!(drift.differences.iter().map(|one| one.adoptable).collect::<Vec<_>>(), [false, false, true]);
}
