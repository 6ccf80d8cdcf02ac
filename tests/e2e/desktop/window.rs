//! The window is a view: closing it ends nothing, and it comes back as it was.

use std::time::{Duration, Instant};

use super::{App, Rig};
use crate::{
    it::{Dir, media, until},
    support::picture::Picture,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_frees_its_memory_and_streams_go_on() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("lobby.mp4"));
    let app = App::start(&rig, &dir, &[file.to_str().unwrap()]).await;
    app.until_on_air("lobby").await;
    let window = rig.until_windows(1).await.remove(0);
    until("the page is drawn", async || shows_something(&rig, &window).await.then_some(())).await;
    rig.picture("window").await;
    let ffmpeg = app.children("ffmpeg");

    let (mut opened, mut drawn) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        rig.run("wmctrl", &["-c", "Stream Manager"]).await;
        rig.until_windows(0).await;
        until("the web process is gone", async || app.children("WebKitWeb").is_empty().then_some(())).await;

        let asked = Instant::now();
        rig.click("Show window").await;
        let window = rig.until_windows(1).await.remove(0);
        opened.push(asked.elapsed());
        until("the page is drawn", async || shows_something(&rig, &window).await.then_some(())).await;
        drawn.push(asked.elapsed());
    }
    eprintln!("the window was there again after {opened:?}, with its page after {drawn:?}");
    assert!(opened.iter().min() < Some(&Duration::from_secs(1)), "{opened:?}");
    // Without a graphics card, in a debug build, and with the time that taking the picture takes.
    assert!(drawn.iter().min() < Some(&Duration::from_secs(3)), "{drawn:?}");

    assert_eq!(app.children("ffmpeg"), ffmpeg, "the stream was not touched");
    app.until_on_air("lobby").await;
    let told = rig.notifications.heard("notify");
    assert_eq!(told.len(), 1, "told once, not with every close: {told:?}");
    assert_eq!(told[0]["summary"], "Stream Manager is still running");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_comes_back_in_its_size() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let app = App::start(&rig, &dir, &[]).await;
    rig.until_windows(1).await;
    assert_eq!(size(&rig).await, Some((1280, 800)), "at first");
    rig.run("wmctrl", &["-r", "Stream Manager", "-e", "0,60,50,1010,640"]).await;
    until("the new size", async || (size(&rig).await == Some((1010, 640))).then_some(())).await;
    rig.run("wmctrl", &["-c", "Stream Manager"]).await;
    rig.until_windows(0).await;
    rig.click("Show window").await;
    rig.until_windows(1).await;
    until("the old size", async || (size(&rig).await == Some((1010, 640))).then_some(())).await;

    // And after a restart.
    rig.click("Quit").await;
    assert_eq!(app.ended().await, 0, "nothing is live, so nothing is asked: {}", app.said());
    let _app = App::start(&rig, &dir, &[]).await;
    rig.until_windows(1).await;
    until("the old size", async || (size(&rig).await == Some((1010, 640))).then_some(())).await;
}

async fn size(rig: &Rig) -> Option<(u32, u32)> {
    let told = rig
        .output(
            "xdotool",
            &["search", "--onlyvisible", "--name", "^Stream Manager$", "getwindowgeometry", "--shell"],
        )
        .await?;
    let value = |key: &str| told.lines().find_map(|line| line.strip_prefix(key)?.parse().ok());
    Some((value("WIDTH=")?, value("HEIGHT=")?))
}

/// More than an empty page: many colours, as text has.
async fn shows_something(rig: &Rig, window: &str) -> bool {
    let file = rig.home().join("window.png");
    let shot = rig.output("import", &["-window", window, file.to_str().unwrap()]).await;
    shot.is_some() && Picture::read(&std::fs::read(&file).unwrap()).unwrap().colours() > 200
}
