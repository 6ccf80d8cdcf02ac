use std::fs;

use stream_api::{
    ActivityFilter, ActivityKind, Cause, Code, Error, Level, Order, Origin, RunEnd, RunId, StreamId,
    UnixMillis,
};
use uuid::Uuid;

use super::{Chronicle, History, Left, Write, writer};
use crate::drives::Drives;

fn id(n: u128) -> StreamId {
    StreamId(Uuid::from_u128(n))
}

fn open(folder: &std::path::Path) -> (History, Left, Chronicle) {
    let (history, left) = History::open(folder, Drives::default()).unwrap();
    let chronicle = Chronicle::new(history.clone(), &left, "1.2.3");
    (history, left, chronicle)
}

fn fault() -> Cause {
    Cause::from(&Error::new(Code::FfmpegCrashed).with("reason", "rtsp: \"no\", it said\nand =1+1"))
}

/// Two streams' worth of activities, after the start of the app.
fn some(chronicle: &mut Chronicle) {
    let (lobby, yard) = (Some((id(1), "lobby")), Some((id(2), "Yard/East")));
    let kinds = [
        (lobby, ActivityKind::Created { by: Origin::Window }),
        (lobby, ActivityKind::Ordered { order: Order::Run, by: Origin::Tray }),
        (lobby, ActivityKind::Live { after_ms: 900 }),
        (yard, ActivityKind::Created { by: Origin::Api }),
        (lobby, ActivityKind::Faulted { cause: fault(), attempt: 1 }),
        (lobby, ActivityKind::Recovered { after_ms: 1_200, cause: Some(fault()) }),
        (yard, ActivityKind::Failed { cause: fault() }),
    ];
    for (stream, kind) in kinds {
        chronicle.tell(stream, kind);
    }
}

async fn kinds(history: &History, filter: ActivityFilter) -> Vec<&'static str> {
    let page = history.activities(filter, None, None).await.unwrap();
    page.activities.iter().map(|activity| activity.kind.as_str()).collect()
}

#[tokio::test]
async fn filters_and_pages() {
    let dir = tempfile::tempdir().unwrap();
    let (history, _, mut chronicle) = open(dir.path());
    some(&mut chronicle);
    let all = ActivityFilter::default;
    let expected = ["failed", "recovered", "faulted", "created", "live", "ordered", "created", "app_started"];
    assert_eq!(kinds(&history, all()).await, expected, "newest first");
    let of = |streams| ActivityFilter { streams, ..all() };
    assert_eq!(kinds(&history, of(vec![id(2)])).await, ["failed", "created"]);
    assert_eq!(kinds(&history, of(vec![id(3)])).await.len(), 0);
    let named = |text: &str| ActivityFilter { text: text.to_owned(), ..all() };
    assert_eq!(kinds(&history, named(" yard/ ")).await, ["failed", "created"], "ignoring case");
    assert_eq!(kinds(&history, named("%")).await.len(), 0, "no wildcards");
    assert_eq!(kinds(&history, named("IT SAID")).await, ["failed", "recovered", "faulted"], "in the words");
    let page = history.activities(named("it said"), None, Some(2)).await.unwrap();
    assert_eq!((page.activities.len(), page.next.is_some()), (2, true));
    let rest = history.activities(named("it said"), page.next, Some(2)).await.unwrap();
    assert_eq!((rest.activities.len(), rest.next), (1, None));
    let bad = ActivityFilter { levels: vec![Level::Warning, Level::Error], ..all() };
    assert_eq!(kinds(&history, bad).await, ["failed", "faulted"]);
    let live = ActivityFilter { kinds: vec!["live".to_owned(), "'; DROP".to_owned()], ..all() };
    assert_eq!(kinds(&history, live).await, ["live"]);
    let future = ActivityFilter { from: Some(i64::MAX), ..all() };
    assert_eq!(kinds(&history, future).await.len(), 0);
    let past = ActivityFilter { to: Some(0), ..all() };
    assert_eq!(kinds(&history, past).await.len(), 0);

    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = history.activities(all(), before, Some(3)).await.unwrap();
        assert!(page.activities.len() <= 3);
        found.extend(page.activities.into_iter().map(|activity| activity.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), expected.len(), "every one is on one page: {found:?}");
    assert!(found.is_sorted_by(|a, b| a > b), "{found:?}");
}

#[tokio::test]
async fn the_csv_is_read_back_by_a_reader_of_rfc_4180() {
    let dir = tempfile::tempdir().unwrap();
    let (history, _, mut chronicle) = open(dir.path());
    some(&mut chronicle);
    chronicle.tell(Some((id(3), "-1+1")), ActivityKind::Completed);
    let csv = history.export(ActivityFilter::default()).await.unwrap();
    assert_eq!(csv.matches("\r\n").count(), 10, "a line each, with CRLF: {csv}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 7);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 9);
    assert_eq!(&rows[0][4], "app_started", "oldest first");
    let at: jiff::Timestamp = rows[0][0].parse().expect("RFC 3339");
    assert!(at.as_millisecond() > 0);
    assert_eq!((&rows[5][1], &rows[5][2]), ("warning", "lobby"));
    assert!(rows[5][3].contains("\"no\", it said\nand"), "{:?}", &rows[5][3]);
    assert_eq!(&rows[7][5], id(2).to_string());
    assert_eq!(&rows[8][2], "'-1+1", "a spreadsheet does not calculate it");
}

#[tokio::test]
async fn the_next_start_finds_everything_and_tells_a_crash_from_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let (history, left, mut chronicle) = open(dir.path());
    assert_eq!((left.last_id, left.unseen, left.lost), (0, 0, None), "the first start");
    some(&mut chronicle);
    assert_eq!(chronicle.unseen(), 2);
    let (run, at) = (RunId(5), UnixMillis(5));
    history.write(Write::RunBegan { stream: id(1), run, at, restart: true });
    let _ = kinds(&history, ActivityFilter::default()).await;
    // Never ended: as after a crash.
    let (history, left, mut chronicle) = open(dir.path());
    assert_eq!((left.last_id, left.unseen), (8, 2));
    assert!(left.lost.is_some());
    assert_eq!(chronicle.unseen(), 3, "the crash itself is unseen too");
    assert_eq!(kinds(&history, ActivityFilter::default()).await[..2], ["app_started", "app_lost"]);
    let past = history.past(id(1)).await.unwrap();
    assert_eq!(past.last_fault.unwrap().cause, fault());
    assert_eq!(past.runs[0].end, Some(RunEnd::Lost));
    chronicle.seen();
    history.end().await;
    let (_, left, _) = open(dir.path());
    assert_eq!((left.lost, left.unseen), (None, 0), "ended as asked, and looked at");
}

#[tokio::test]
async fn a_broken_history_loses_no_start() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("history.sqlite"), [0x5a; 5_000]).unwrap();
    let (history, left, _) = open(dir.path());
    assert!(left.note.is_some());
    assert_eq!(kinds(&history, ActivityFilter::default()).await, ["app_started"]);
}

#[tokio::test]
async fn runs_and_restarts_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (history, _, _) = open(dir.path());
    let now = crate::clock::now().0;
    let day = 24 * 3600 * 1000;
    for (ago, restart) in [(8 * day, true), (2 * day, true), (3_000, false), (2_000, true), (1_000, true)] {
        let (run, at) = (RunId(now - ago), UnixMillis(now - ago));
        history.write(Write::RunBegan { stream: id(1), run, at, restart });
        history.write(Write::RunLive { stream: id(1), run, after_ms: 700 });
        history.write(Write::RunEnded { stream: id(1), run, at, end: RunEnd::Fault { cause: fault() } });
    }
    let past = history.past(id(1)).await.unwrap();
    assert_eq!((past.day.restarts, past.week.restarts), (2, 3));
    assert_eq!(past.runs.len(), 5);
    assert_eq!(past.runs[0].id, RunId(now - 1_000), "newest first");
    assert_eq!(past.runs[0].live_after_ms, Some(700));
    assert_eq!(past.runs[0].end, Some(RunEnd::Fault { cause: fault() }));
    history.write(Write::Forget(id(1)));
    assert_eq!(history.past(id(1)).await.unwrap().runs, []);
}

#[test]
fn what_is_too_old_goes() {
    let dir = tempfile::tempdir().unwrap();
    let db = super::schema::open(&dir.path().join("h.sqlite")).unwrap().connection;
    let day = 24 * 3600 * 1000;
    let now = 1_000 * day;
    for ago in [31, 29, 9, 7, 1] {
        let at = now - ago * day;
        db.execute(
            "INSERT INTO activity (at, name, kind, level, body) VALUES (?1, 'a', 'live', 'good', '{}')",
            [at],
        )
        .unwrap();
        for open in [0, 1] {
            db.execute(
                "INSERT INTO span (stream, kind, began, ended, open) VALUES ('s', 'air', ?1, ?1, ?2)",
                [at, open],
            )
            .unwrap();
        }
        for n in 0..3 {
            db.execute("INSERT INTO run (stream, id, began, restart) VALUES ('s', ?1, ?2, 0)", [at + n, at])
                .unwrap();
        }
    }
    writer::prune(&db, now).unwrap();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM activity"), 4, "30 days");
    writer::shorten(&db, 4).unwrap();
    assert_eq!(count("SELECT count(*) FROM activity"), 4);
    let newest = count("SELECT max(id) FROM activity");
    writer::shorten(&db, 1).unwrap();
    assert_eq!(count("SELECT count(*) FROM activity"), 1);
    assert_eq!(count("SELECT id FROM activity"), newest);
    assert_eq!(count("SELECT count(*) FROM span WHERE open = 0"), 2, "8 days");
    assert_eq!(count("SELECT count(*) FROM span WHERE open = 1"), 5, "what goes on stays");
    assert_eq!(count("SELECT count(*) FROM run"), 6, "8 days, and never fewer than 5");
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let db = super::schema::open(&path).unwrap().connection;
    db.execute_batch("CREATE TABLE filler (x); INSERT INTO filler VALUES (randomblob(2000000))").unwrap();
    let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    // SQLite then answers as on a full disk.
    db.pragma_update(None, "max_page_count", pages).unwrap();
    let (inbox, outlet) = std::sync::mpsc::sync_channel(1_000);
    let writer = writer::Writer { db, inbox: outlet, app: 0, seen_before: None };
    let thread = std::thread::spawn(move || writer.run());
    let history = History { inbox, path: Some(std::sync::Arc::new(path.clone())), drives: Drives::default() };
    let mut chronicle = Chronicle::new(history.clone(), &Left::default(), "1.2.3");
    let name = "x".repeat(20_000);
    for _ in 0..50 {
        chronicle.tell(Some((id(1), &name)), ActivityKind::Completed);
    }
    let full = history.activities(ActivityFilter::default(), None, Some(500)).await.unwrap();
    assert!(full.activities.len() < 50, "the disk is full: {}", full.activities.len());
    // Somebody makes room.
    rusqlite::Connection::open(&path).unwrap().execute_batch("DELETE FROM filler").unwrap();
    chronicle.tell(Some((id(1), "last")), ActivityKind::Completed);
    let all = history.activities(ActivityFilter::default(), None, Some(500)).await.unwrap();
    assert_eq!(all.activities.len(), 52, "nothing is missing");
    history.end().await;
    thread.join().unwrap();
}
