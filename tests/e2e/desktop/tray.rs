//! The tray: what is live at a glance, and quick switches.

use super::{App, Rig};
use crate::it::{Dir, media, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_tells_and_switches() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let (a, b) = (media::plain(&dir.media("a.mp4")), media::plain(&dir.media("b.mp4")));
    let app = App::start(&rig, &dir, &["--minimized", a.to_str().unwrap(), b.to_str().unwrap()]).await;
    rig.until_entry("2 of 2 live").await;
    rig.until_icon("live").await;
    let live =
        ["2 of 2 live", "● a: live. Stop", "● b: live. Stop", "Start all", "Stop all", "Show window", "Quit"];
    rig.until_menu(&live).await;
    assert_eq!(rig.menu().await.len(), live.len());

    rig.click("● a: live. Stop").await;
    app.until("a", "stopped", |stream| stream["state"] == "stopped").await;
    rig.until_entry("○ a: stopped. Start").await;
    rig.until_menu(&["1 of 2 live", "○ a: stopped. Start", "● b: live. Stop"]).await;
    until("one FFmpeg", async || (app.children("ffmpeg").len() == 1).then_some(())).await;
    rig.click("○ a: stopped. Start").await;
    app.until_on_air("a").await;

    rig.click("Stop all").await;
    for name in ["a", "b"] {
        app.until(name, "stopped", |stream| stream["state"] == "stopped").await;
    }
    rig.until_entry("0 of 2 live").await;
    rig.until_icon("idle").await;
    rig.click("Start all").await;
    for name in ["a", "b"] {
        app.until_on_air(name).await;
    }
    rig.until_entry("2 of 2 live").await;
    assert!(rig.windows().await.is_empty(), "none of it needs the window");

    rig.click("Stop all").await;
    rig.until_entry("0 of 2 live").await;
    rig.click("Quit").await;
    assert_eq!(app.ended().await, 0, "{}", app.said());
    app.none_left(&dir).await;
}
