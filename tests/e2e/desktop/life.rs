//! How it ends, and what is told when something fails.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use nix::sys::signal::Signal;

use super::{
    App, Driven, Rig,
    app::{left, program},
};
use crate::it::{Dir, media, process, until};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_killed_app() {
    let (rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("a.mp4"));
    let app = App::start(&rig, &dir, &["--minimized", file.to_str().unwrap()]).await;
    app.until_on_air("a").await;
    assert!(!app.children("ffmpeg").is_empty() && !app.children("mediamtx").is_empty());
    process::signal(app.pid().unwrap(), Signal::SIGKILL);
    process::none_left_soon(|| left(&dir)).await;

    // The next start finds nothing in its way.
    let app = App::start(&rig, &dir, &["--minimized"]).await;
    app.until_on_air("a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_end_ends_all_in_order() {
    let (rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("a.mp4"));
    let app = App::start(&rig, &dir, &[file.to_str().unwrap()]).await;
    app.until_on_air("a").await;
    let asked = Instant::now();
    process::signal(app.pid().unwrap(), Signal::SIGTERM);
    assert_eq!(app.ended().await, 0, "nobody is asked: {}", app.said());
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    app.none_left(&dir).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quit_works_where_no_window_can_be_shown() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("a.mp4"));
    // Another name of the program, which is gone when the window is wanted.
    let gone = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("app-{}", std::process::id()));
    fs::hard_link(program(), &gone).or_else(|_| fs::copy(program(), &gone).map(drop)).unwrap();
    let app = App::start_program(&rig, &dir, &gone, &["--minimized", file.to_str().unwrap()]).await;
    app.until_on_air("a").await;
    fs::remove_file(&gone).unwrap();
    rig.click("Quit").await;
    until("it is asked in vain", async || app.said().contains("the window can't be shown").then_some(()))
        .await;
    app.until_on_air("a").await;
    rig.click("Quit").await;
    assert_eq!(app.ended().await, 0, "{}", app.said());
    app.none_left(&dir).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_stream_is_told_with_its_cause() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("a.mp4"));
    let app = App::start(&rig, &dir, &["--minimized", file.to_str().unwrap()]).await;
    app.until_on_air("a").await;
    fs::remove_file(&file).unwrap();
    process::signal(app.sender(), Signal::SIGKILL);
    let told = rig.notifications.next("notify", 0).await;
    assert_eq!(told["summary"], "a failed");
    let body = told["body"].as_str().unwrap();
    assert!(body.contains(file.to_str().unwrap()) && body.contains("does not exist"), "{body}");
    rig.until_entry("0 of 1 live · 1 failed").await;
    rig.until_entry("✕ a: failed. Stop").await;
    rig.until_icon("fault").await;

    // The file is back, and so is the stream: that is told too.
    media::plain(&file);
    app.until_on_air("a").await;
    rig.until_entry("● a: live. Stop").await;
    rig.until_icon("live").await;
    assert_eq!(rig.notifications.next("notify", 1).await["summary"], "a is well again");
    assert_eq!(rig.notifications.heard("notify").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_window_shows_is_not_told_again() -> Result<()> {
    let (rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("a.mp4"));
    let Driven { app, page, .. } = &App::driven(&rig, &dir).await?;
    App::start_again(&rig, &dir, &[file.to_str().unwrap()]).await;
    app.until_on_air("a").await;
    fs::remove_file(&file)?;
    process::signal(app.sender(), Signal::SIGKILL);
    page.wait_js("document.querySelector('.toasts').textContent.includes('a failed')").await?;
    media::plain(&file);
    page.wait_js("document.querySelector('.toasts').textContent.includes('a is well again')").await?;
    assert_eq!(rig.notifications.heard("notify"), Vec::<serde_json::Value>::new());
    Ok(())
}
