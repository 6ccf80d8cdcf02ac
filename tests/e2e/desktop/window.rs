//! The window is a view: closing it ends nothing, and it comes back as it was.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{App, Rig};
use crate::{
    it::{Dir, media, process, until},
    support::picture::Picture,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_frees_its_memory_and_streams_go_on() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("lobby.mp4"));
    let app = App::start(&rig, &dir, &["--minimized", file.to_str().unwrap()]).await;
    app.until_on_air("lobby").await;
    let before = app.memory();
    rig.click("Show window").await;
    let window = rig.until_windows(1).await.remove(0);
    until("the page is drawn", async || shows_something(&rig, &window).await.then_some(())).await;
    rig.picture("window").await;
    let ffmpeg = app.children("ffmpeg");
    let open = app.memory();

    let (mut closed, mut opened, mut drawn) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        rig.run("wmctrl", &["-c", "Stream Manager"]).await;
        rig.until_windows(0).await;
        until("the window's processes are gone", async || windows_of(&app).is_empty().then_some(())).await;
        closed.push(app.memory());

        let asked = Instant::now();
        rig.click("Show window").await;
        let window = rig.until_windows(1).await.remove(0);
        opened.push(asked.elapsed());
        until("the page is drawn", async || shows_something(&rig, &window).await.then_some(())).await;
        drawn.push(asked.elapsed());
    }
    eprintln!("MiB before the window: {before:.0}, with it: {open:.0}, closed: {closed:.0?}");
    // What others start or end meanwhile changes the share of common pages.
    assert!(closed.iter().all(|&closed| closed < before + 20.0), "{before}, {closed:?}");
    eprintln!("the window was there again after {opened:?}, with its page after {drawn:?}");
    assert!(opened.iter().min() < Some(&Duration::from_secs(30)), "{opened:?}");
    // Without a graphics card, in a debug build, on a busy computer, and with the time that taking pictures takes.
    assert!(drawn.iter().min() < Some(&Duration::from_secs(50)), "{drawn:?}");

    assert_eq!(app.children("ffmpeg"), ffmpeg, "the stream was not touched");
    app.until_on_air("lobby").await;
    let told = rig.notifications.heard("notify");
    assert_eq!(told.len(), 1, "told once, not with every close: {told:?}");
    assert_eq!(told[0]["summary"], "Stream Manager is still running");
    assert!(told[0]["body"].as_str().is_some_and(|body| body.contains("from the tray")), "{told:?}");

    // Nothing is claimed of a tray that the desktop no longer has.
    rig.lose_tray().await;
    rig.run("wmctrl", &["-c", "Stream Manager"]).await;
    let told = rig.notifications.next("notify", 1).await;
    assert!(told["body"].as_str().is_some_and(|body| body.contains("shows no icon")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_crashes_ends_nothing() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("a.mp4"));
    let app = App::start(&rig, &dir, &[file.to_str().unwrap()]).await;
    app.until_on_air("a").await;
    rig.until_windows(1).await;
    let ffmpeg = app.children("ffmpeg");
    process::signal(app.children("stream-manager")[0].pid, Signal::SIGKILL);
    rig.until_windows(0).await;
    until("the window's processes are gone", async || windows_of(&app).is_empty().then_some(())).await;
    assert_eq!(app.children("ffmpeg"), ffmpeg, "the stream was not touched");
    rig.click("Show window").await;
    let window = rig.until_windows(1).await.remove(0);
    until("the page is drawn", async || shows_something(&rig, &window).await.then_some(())).await;

    // And with the app its window ends, however it ends.
    let window = windows_of(&app);
    assert!(window.len() > 1, "WebKit has processes of its own: {window:?}");
    process::signal(app.pid().unwrap(), Signal::SIGKILL);
    until("the window's processes are gone", async || {
        let all = process::all();
        (!all.iter().any(|process| window.iter().any(|gone| gone.pid == process.pid))).then_some(())
    })
    .await;
    app.none_left(&dir).await;
}

/// Everything below the app that is neither FFmpeg nor the server.
fn windows_of(app: &App) -> Vec<process::Process> {
    let names = ["stream-manager", "WebKit"];
    names.iter().flat_map(|name| app.children(name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_comes_back_in_its_size_and_place() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let app = App::start(&rig, &dir, &[]).await;
    let id = rig.until_windows(1).await.remove(0);
    until("1280 by 800 at first", async || {
        geometry(&rig, &id).await.filter(|(_, size)| *size == (1280, 800))
    })
    .await;
    rig.run("wmctrl", &["-r", "Stream Manager", "-e", "0,60,50,1010,640"]).await;
    let moved = until("the new size", async || {
        geometry(&rig, &id).await.filter(|(place, size)| *size == (1010, 640) && place.0 < 100)
    })
    .await;

    // It does not creep by the height of its title bar either.
    for _ in 0..2 {
        rig.run("wmctrl", &["-c", "Stream Manager"]).await;
        rig.until_windows(0).await;
        rig.click("Show window").await;
        let id = rig.until_windows(1).await.remove(0);
        until_at(&rig, &id, moved).await;
    }

    // Another data folder has a window of its own.
    let other = Dir::new();
    let beside = App::start(&rig, &other, &[]).await;
    let all = rig.until_windows(2).await;
    until("a size of its own", async || {
        let (first, second) = (geometry(&rig, &all[0]).await?.1, geometry(&rig, &all[1]).await?.1);
        (first.min(second) == (1010, 640) && first.max(second) == (1280, 800)).then_some(())
    })
    .await;
    process::signal(beside.pid().unwrap(), Signal::SIGTERM);
    assert_eq!(beside.ended().await, 0, "{}", beside.said());
    rig.until_windows(1).await;

    // And after a restart.
    process::signal(app.pid().unwrap(), Signal::SIGTERM);
    assert_eq!(app.ended().await, 0, "{}", app.said());
    let _app = App::start(&rig, &dir, &[]).await;
    let id = rig.until_windows(1).await.remove(0);
    until_at(&rig, &id, moved).await;
}

/// Where a window's content stands, and its size.
type Geometry = ((i32, i32), (u32, u32));

async fn until_at(rig: &Rig, window: &str, wanted: Geometry) {
    until(&format!("{wanted:?}"), async || (geometry(rig, window).await? == wanted).then_some(())).await;
}

async fn geometry(rig: &Rig, window: &str) -> Option<Geometry> {
    let told = rig.output("xwininfo", &["-id", window]).await?;
    let number =
        |key: &str| told.lines().find_map(|line| line.trim().strip_prefix(key)?.trim().parse::<i32>().ok());
    let place = (number("Absolute upper-left X:")?, number("Absolute upper-left Y:")?);
    Some((place, (number("Width:")?.try_into().ok()?, number("Height:")?.try_into().ok()?)))
}

/// More than an empty page: many colours, as text has.
async fn shows_something(rig: &Rig, window: &str) -> bool {
    let file = rig.home().join("window.png");
    let shot = rig.output("import", &["-window", window, file.to_str().unwrap()]).await;
    // A picture without any colour is of another kind: of the window before its page.
    shot.is_some()
        && Picture::read(&std::fs::read(&file).unwrap()).is_ok_and(|picture| picture.colours() > 200)
}
