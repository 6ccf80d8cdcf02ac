//! Second starts, and starts side by side.

use super::{App, Rig};
use crate::it::{Dir, media, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_hands_its_files_to_the_first() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let app = App::start(&rig, &dir, &["--minimized"]).await;
    rig.until_entry("0 of 0 live").await;
    assert!(rig.windows().await.is_empty(), "in the tray alone");

    let file = media::plain(&dir.media("öffne mich, 100%.mp4"));
    let (code, said) = App::start_again(&rig, &dir, &[file.to_str().unwrap()]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("already running"), "{said}");
    let window = rig.until_windows(1).await.remove(0);
    let stream = until("the file is streamed", async || app.streams().await.into_iter().next()).await;
    let name = stream["name"].as_str().unwrap();
    app.until_on_air(name).await;

    // Once more: the same window in front, the same stream.
    rig.run("xdotool", &["windowminimize", "--sync", &window]).await;
    let (code, _) = App::start_again(&rig, &dir, &[file.to_str().unwrap()]).await;
    assert_eq!(code, Some(0));
    until("the window is in front", async || {
        let active = rig.output("xdotool", &["getactivewindow"]).await?;
        let window = u64::from_str_radix(window.trim_start_matches("0x"), 16).ok()?;
        (active.parse() == Ok(window)).then_some(())
    })
    .await;
    assert_eq!(rig.windows().await, [window]);
    assert_eq!(app.streams().await.len(), 1, "a file that is streamed already makes no second stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_data_folders_run_side_by_side() {
    let rig = Rig::new().await;
    let (left, right) = (Dir::new(), Dir::new());
    let file = |dir: &Dir| media::plain(&dir.media("a.mp4")).to_str().unwrap().to_owned();
    let first = App::start(&rig, &left, &[&file(&left)]).await;
    let second = App::start(&rig, &right, &[&file(&right)]).await;
    rig.until_windows(2).await;
    let (one, two) = (first.until_on_air("a").await, second.until_on_air("a").await);
    for stream in [&one, &two] {
        assert!(!media::watch(stream["urls"]["rtsp"].as_str().unwrap()).await.is_empty(), "{stream}");
    }
    assert_ne!(one["urls"], two["urls"]);
}
