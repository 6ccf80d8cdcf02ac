//! What a window says where the app can't start, or runs already without one.

use std::fs;

use anyhow::Result;

use super::{App, Rig};
use crate::it::{Dir, Server, media, until};

#[tokio::test(flavor = "multi_thread")]
async fn why_it_cannot_start_is_said_in_a_window() -> Result<()> {
    let (rig, dir) = (Rig::new().await, Dir::bare());
    let config = dir.data().join("config.json");
    fs::create_dir_all(dir.data())?;
    fs::write(&config, r#"{"schema_version":999}"#)?;
    let driven = App::driven_anyway(&rig, &dir, &[]).await?;
    assert_eq!(driven.page.text("h1").await?, "Stream Manager can't start");
    let said = driven.page.text("body").await?;
    let path = dir.data();
    assert!(said.contains(path.to_str().unwrap()) && said.contains("newer version"), "{said}");
    assert!(driven.app.said().contains("newer version"), "in a terminal too: {}", driven.app.said());
    rig.picture("notice-refused").await;
    // The app ends while the driver waits for its page.
    let _ = driven.page.find("#close").await?.click().await;
    assert_eq!(driven.app.ended().await, 1);
    assert_eq!(fs::read_to_string(&config)?, r#"{"schema_version":999}"#, "nothing was changed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_of_a_server_without_a_window_is_offered_and_files_that_it_refused_are_told()
-> Result<()> {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let browser = rig.stand_in_for("xdg-open");
    let server = Server::ready(&dir).await;
    let (film, none) = (media::plain(&dir.media("film.mp4")), dir.media("none.mp4"));
    let files = [film.to_str().unwrap(), none.to_str().unwrap()];
    let driven = App::driven_anyway(&rig, &dir, &files).await?;
    let said = driven.page.text("body").await?;
    let address = format!("http://127.0.0.1:{}", server.port());
    assert!(said.contains("already runs") && said.contains(&address), "{said}");
    assert!(said.contains("none.mp4 does not exist") && !said.contains("film.mp4"), "{said}");
    assert!(
        driven.app.said().contains("none.mp4 does not exist"),
        "in a terminal too: {}",
        driven.app.said()
    );
    let streams = server.streams().await;
    assert!(streams.len() == 1 && streams[0]["name"] == "film", "{streams:?}");
    rig.picture("notice-elsewhere").await;
    assert!(!browser.exists(), "nothing opens by itself");
    let _ = driven.page.find("#open").await?.click().await;
    assert_eq!(driven.app.ended().await, 1, "not all of it was done");
    let opened = until("the browser opens", async || fs::read_to_string(&browser).ok()).await;
    assert_eq!(opened.trim_end_matches(['\n', '/']), address);
    Ok(())
}
