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
        let given = match &users {
            Listed::Given(base) => list(base),
            Listed::Nobody | Listed::Unknown => None,
        };
        let terms = Terms {
            name: "Hall".to_owned(),
            users,
            digest: false,
            kick: true,
            recordings: None,
            record_path: None,
            slates: Err(Unkept::Remote),
        };
        let ledger = Ledger::open(folder.path().join("paths.json"), Drives::default());
        let (hub, board) = (hub(&folder), Board::new(watch::channel(Arc::new(terms)).1));
        let (fake, news) = (Fake::default(), News::default());
        fake.state().users = given;
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
            foreign: BTreeSet::new(),
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
    board.want(STREAM, name, Wish { record: false, keep: Keep::No, pull: None, outside: false });
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
    let base = base();
    let mut bench = Bench::new(Listed::Given(base.clone()));
    bench.board.admit(STREAM, "lobby", &StoredAccess::default());
    bench.want("lobby");
    let (fake, folder) = (bench.fake.clone(), bench.folder.path().join("paths.json"));
    let mut admitted = Admitted::elsewhere(base.clone());
    let mut writer = bench.writer(Some(&mut admitted)).await;
    writer.begin().await.unwrap();
    assert_ne!(fake.state().users, list(&base), "everybody may watch the lobby");
    writer.leave().await.unwrap();
    assert_eq!(fake.state().users, list(&base));
    assert!(fake.state().paths.is_empty());
    assert!(Ledger::open(folder, Drives::default()).names(SERVER).is_empty());
}

/// The owner's list: itself alone.
fn base() -> Vec<User> {
    vec![User::new("owner", Pass::Plain(Secret::new("pw")), vec![Permission::everywhere(Action::Api)])]
}

fn list(users: &[User]) -> Option<Value> {
    Some(serde_json::to_value(users).unwrap())
}

/// With everybody who may watch this.
fn watched(name: &str) -> Option<Value> {
    let anybody = User::anybody(vec![Permission::on(Action::Read, name)]);
    list(&base().into_iter().chain([anybody]).collect::<Vec<_>>())
}

fn live(name: &str) -> Value {
    json!({ "name": name, "ready": true, "source": { "type": "rtspSession", "id": "1" } })
}

#[tokio::test]
async fn nobody_is_let_in_to_what_is_somebody_elses() {
    let mut bench = Bench::new(Listed::Given(base()));
    bench.fake.state().paths.insert("lobby".to_owned(), json!({ "record": true }));
    bench.fake.state().live = vec![live("foyer")];
    let key = crate::access::StoredKey { user: "encoder".to_owned(), pass: crate::access::Digest::of("key") };
    let open = StoredAccess { publisher: Some(key), ..StoredAccess::default() };
    bench.board.admit(STREAM, "lobby", &open);
    // A stream that is stopped, with a name that anybody may use there.
    bench.board.admit(StreamId(Uuid::from_u128(3)), "cam", &open);
    bench.want("lobby");
    let (fake, board) = (bench.fake.clone(), bench.board.clone());
    let mut admitted = Admitted::elsewhere(base());
    let mut writer = bench.writer(Some(&mut admitted)).await;
    writer.begin().await.unwrap();
    assert_eq!(barred(writer.apply("lobby").await), Some(Code::PathForeign));
    assert_eq!(fake.state().users, list(&base()), "neither to watch nor to send");
    want(&board, "foyer");
    board.admit(STREAM, "foyer", &StoredAccess::default());
    assert_eq!(barred(writer.apply("foyer").await), Some(Code::PathBusy));
    assert_eq!(fake.state().users, list(&base()));

    // It is gone there, so the name is ours.
    fake.state().live.clear();
    assert_eq!(barred(writer.apply("foyer").await), None);
    assert_eq!(fake.state().users, watched("foyer"));
}

#[tokio::test]
async fn who_sends_there_is_thrown_out_only_if_it_is_ours_or_waited_for() {
    let mut bench = Bench::new(Listed::Unknown);
    bench.fake.state().live = ["theirs", "ours", "awaited"].map(live).to_vec();
    bench.want("theirs");
    bench.want("ours");
    let wish = Wish { record: false, keep: Keep::No, pull: None, outside: true };
    bench.board.want(STREAM, "awaited", wish);
    // Its path went with a reload of the server's file, and our FFmpeg goes on sending to that name.
    bench.ledger.note(SERVER, "ours", &PathConfig::default()).await;
    let hub = bench.hub.clone();
    let mut writer = bench.writer(None).await;
    for (name, code) in [("theirs", Some(Code::PathBusy)), ("ours", None), ("awaited", None)] {
        assert_eq!(barred(writer.apply(name).await), code, "{name}");
    }
    writer.look().await.unwrap();
    let shown = hub.get_other(SERVER).unwrap();
    assert_eq!((shown.foreign, shown.foreign_paths), (1, vec!["theirs".to_owned()]));
    assert_eq!(bench.writes(), ["replace/ours", "replace/awaited"]);
}

#[tokio::test]
async fn a_change_of_users_stays_until_a_person_decides() {
    let mut bench = Bench::new(Listed::Given(base()));
    bench.board.admit(STREAM, "lobby", &StoredAccess::default());
    bench.want("lobby");
    let (fake, hub, board) = (bench.fake.clone(), bench.hub.clone(), bench.board.clone());
    let mut admitted = Admitted::elsewhere(base());
    let mut writer = bench.writer(Some(&mut admitted)).await;
    writer.begin().await.unwrap();
    assert_eq!(fake.state().users, watched("lobby"));
    let drift = || hub.get_other(SERVER).unwrap().users;
    let reconciled = async |writer: &mut Writer<'_>| {
        writer.has_its_users().await.unwrap();
        writer.admit().await.unwrap();
        writer.look().await.unwrap();
    };

    // Its file was read again, which holds nothing of ours.
    fake.state().users = list(&base());
    reconciled(&mut writer).await;
    assert_eq!((fake.state().users.clone(), drift()), (watched("lobby"), None), "put back");

    // Its owner lets somebody in, and our part is gone with the old list.
    let guest =
        User::new("guest", Pass::Plain(Secret::new("pw")), vec![Permission::everywhere(Action::Read)]);
    let changed: Vec<User> = base().into_iter().chain([guest]).collect();
    fake.state().users = list(&changed);
    for _ in 0..3 {
        reconciled(&mut writer).await;
    }
    assert_eq!(fake.state().users, list(&changed), "left as it is");
    let seen = drift().unwrap();
    assert_eq!((seen.added, seen.gone, seen.behind), (vec!["guest".to_owned()], vec![], true));
    assert!(board.is_behind());
    assert!(matches!(writer.check_held(), Err(Unwritten::Barred(error)) if error.code == Code::UsersDrifted));

    writer.insist().await.unwrap();
    assert_eq!((fake.state().users.clone(), drift()), (watched("lobby"), None), "as it is set here");

    // Undone by who did it.
    fake.state().users = list(&changed);
    reconciled(&mut writer).await;
    assert!(drift().is_some());
    fake.state().users = watched("lobby");
    reconciled(&mut writer).await;
    assert_eq!(drift(), None);

    // Whoever takes our part away again and again may have a reason.
    let mut back = 0;
    for _ in 0..4 {
        fake.state().users = list(&base());
        reconciled(&mut writer).await;
        back += u32::from(fake.state().users == watched("lobby"));
    }
    assert!(back < 4 && drift().is_some(), "{back}");
}

#[tokio::test]
async fn a_list_of_others_that_lets_everybody_in_takes_away_what_not_everybody_may_watch() {
    let mut bench = Bench::new(Listed::Given(base()));
    let restricted = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
    bench.board.admit(STREAM, "private", &restricted);
    bench.want("private");
    let fake = bench.fake.clone();
    let mut admitted = Admitted::elsewhere(base());
    let mut writer = bench.writer(Some(&mut admitted)).await;
    writer.begin().await.unwrap();
    assert!(fake.state().paths.contains_key("private"));
    let everybody = User::anybody(vec![Permission::everywhere(Action::Read)]);
    let opened = list(&base().into_iter().chain([everybody]).collect::<Vec<_>>());
    let is_there = || fake.state().paths.contains_key("private");
    let is_shown = async |writer: &mut Writer<'_>, users: Option<Value>| {
        fake.state().users = users;
        writer.has_its_users().await.unwrap();
        writer.look().await.unwrap();
        is_there()
    };
    assert!(!is_shown(&mut writer, opened.clone()).await);
    assert_eq!(barred(writer.apply("private").await), Some(Code::AccessOpenAnyway));
    assert!(!is_shown(&mut writer, opened.clone()).await, "as long as it does");
    // Nobody asks for the path of a camera again.
    writer.insist().await.unwrap();
    assert!(is_there(), "a person decided");
    assert!(!is_shown(&mut writer, opened).await);
    assert!(is_shown(&mut writer, list(&base())).await, "undone by who did it");
}

#[tokio::test]
async fn what_everybody_may_watch_there_is_not_taken_over_for_a_stream_that_they_may_not() {
    let mut bench = Bench::new(Listed::Given(base()));
    let restricted = StoredAccess { viewers: ViewerAccess::Restricted, ..StoredAccess::default() };
    bench.board.admit(STREAM, "private", &restricted);
    bench.want("private");
    let everybody = User::anybody(vec![Permission::everywhere(Action::Read)]);
    {
        let mut state = bench.fake.state();
        state.paths.insert("private".to_owned(), serde_json::to_value(PathConfig::default()).unwrap());
        state.users = list(&base().into_iter().chain([everybody]).collect::<Vec<_>>());
    }
    let (fake, hub, ledger) = (bench.fake.clone(), bench.hub.clone(), bench.ledger.clone());
    let mut admitted = Admitted::elsewhere(base());
    let mut writer = bench.writer(Some(&mut admitted)).await;
    writer.begin().await.unwrap();
    assert!(hub.get_other(SERVER).unwrap().alike.is_empty(), "it is not offered");
    assert_eq!(barred(writer.take_over("private").await), Some(Code::AccessOpenAnyway));
    assert!(!ledger.owns(SERVER, "private"));
    writer.look().await.unwrap();
    assert_eq!(fake.state().writes, Vec::<String>::new(), "it stays its owner's");
}

#[tokio::test]
async fn what_is_as_ours_would_be_is_ours_if_a_person_says_so() {
    let mut bench = Bench::new(Listed::Unknown);
    let ours = serde_json::to_value(PathConfig::default()).unwrap();
    bench.fake.state().paths.insert("mine".to_owned(), ours);
    bench.fake.state().paths.insert("theirs".to_owned(), json!({ "record": true }));
    bench.want("mine");
    bench.want("theirs");
    let (hub, ledger) = (bench.hub.clone(), bench.ledger.clone());
    let mut writer = bench.writer(None).await;
    writer.begin().await.unwrap();
    assert_eq!(barred(writer.apply("mine").await), Some(Code::PathForeign));
    let alike = || hub.get_other(SERVER).unwrap().alike;
    assert_eq!(alike(), [Alike { stream: STREAM, path: "mine".to_owned() }]);
    assert_eq!(barred(writer.take_over("theirs").await), Some(Code::PathForeign));
    assert_eq!(barred(writer.take_over("mine").await), None);
    assert!(ledger.owns(SERVER, "mine") && alike().is_empty());
    assert_eq!(bench.writes(), Vec::<String>::new(), "nothing changes there");
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
