//! What a person does in the window.

use std::{fs, path::PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use super::{App, Rig, background::Fake};
use crate::it::{Dir, media, process};

fn live(name: &str) -> String {
    format!(".row[data-name={name}] .state[data-on-air=true]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_the_file_dialog_to_the_restart() -> Result<()> {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("lobby.mp4"));
    let driven = App::driven(&rig, &dir).await?;
    let page = &driven.page;
    rig.picture("first-run").await;

    // Cancelled: all is as before, and can be asked again.
    rig.lay_down(None).await;
    page.click("#first-choose").await?;
    crate::it::until("the dialog was shown", async || (rig.dialogs("open").len() == 1).then_some(())).await;
    page.find("#first-choose:not([aria-busy])").await?;
    page.click("#new-stream").await?;
    rig.lay_down(None).await;
    page.click("#choose-file").await?;
    page.find("#choose-file:not([aria-busy])").await?;
    assert_eq!(page.find("#file-path").await?.property("value").await?, "");
    rig.lay_down(Some(&file)).await;
    page.click("#choose-file").await?;
    page.wait_js("document.querySelector('#stream-name').value === 'lobby'").await?;
    page.find("[data-testid=verdict][data-mode=copy]").await?;
    let dialogs = rig.dialogs("open");
    assert_eq!(dialogs.len(), 3, "{dialogs:?}");
    assert_eq!(dialogs[2]["title"], "Choose videos to stream");
    rig.picture("form").await;
    page.click("#save-start:not([disabled])").await?;
    page.find(&live("lobby")).await?;
    rig.picture("live").await;

    // The address in the desktop's clipboard is one that can be watched.
    page.click(".row[data-name=lobby] [data-act=copy]").await?;
    rig.picture("copy-menu").await;
    page.click("[data-act=copy-rtsp]").await?;
    let stream = driven.app.until_on_air("lobby").await;
    let url = stream["urls"]["rtsp"].as_str().unwrap_or_default();
    crate::it::until("the address is in the clipboard", async || {
        let copied = rig.output("xclip", &["-selection", "clipboard", "-o"]).await?;
        (copied == url).then_some(())
    })
    .await;
    assert!(media::watched(url).await.contains(&"h264".to_owned()), "{url} shows a picture");

    page.click(".row[data-name=lobby] [data-act=stop]").await?;
    page.find(".row[data-name=lobby] .state[data-state=stopped]").await?;
    let none = async || driven.app.children("ffmpeg").is_empty().then_some(());
    crate::it::until("stopped means stopped", none).await;
    page.click(".row[data-name=lobby] [data-act=start]").await?;
    page.find(&live("lobby")).await?;

    // Quit asks while something is live. Cancelled, nothing happens.
    rig.click("Quit").await;
    page.find("#confirm-ok").await?;
    rig.picture("quit").await;
    page.click("#confirm-cancel").await?;
    page.gone("#confirm-ok").await?;
    driven.app.until_on_air("lobby").await;
    assert_eq!(driven.errors().await?, json!([]), "the page broke nowhere");
    // The page asks the same, where there is no tray.
    page.click("#quit").await?;
    page.click("#confirm-ok").await?;
    assert_eq!(driven.app.ended().await, 0, "{}", driven.app.said());
    driven.app.none_left(&dir).await;
    drop(driven);

    // What was live is live again.
    let driven = App::driven(&rig, &dir).await?;
    driven.page.find(&live("lobby")).await?;

    // Another FFmpeg is located, and given up again.
    let mine = dir.path().join("ffmpeg");
    process::put(&mine, b"#!/bin/sh\nexec ffmpeg \"$@\"\n");
    rig.lay_down(Some(&mine)).await;
    driven.page.click(".nav a[href=\"#/server\"]").await?;
    driven.page.click("[data-act=open-install]").await?;
    driven.page.click("#locate-ffmpeg").await?;
    let chosen = format!(
        "document.querySelector('[data-testid=located]')?.textContent.includes('{}')",
        mine.display()
    );
    driven.page.wait_js(&chosen).await?;
    driven.page.click("#unlocate-ffmpeg").await?;
    driven.page.gone("[data-testid=located]").await?;
    driven.page.click("#check-tools").await?;
    let state = "document.querySelector('[data-testid=install-state]').textContent";
    driven.page.wait_js(&format!("{state}.startsWith('Looked again: FFmpeg')")).await?;
    assert_eq!(driven.errors().await?, json!([]), "the page broke nowhere");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_dropped_from_another_program_opens_the_form() -> Result<()> {
    let (rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("drop me.mp4"));
    let driven = App::driven(&rig, &dir).await?;
    let source = dragged(&rig, &[file]).await;
    driven.page.wait_js("document.querySelector('.drop').matches(':popover-open')").await?;
    rig.picture("drop").await;
    pointer(&rig, &[(710, 455), (715, 455)], "mouseup").await;
    driven.page.wait_js("document.querySelector('#stream-name')?.value === 'drop-me'").await?;
    driven.page.find("[data-testid=verdict]").await?;
    driven.page.wait_js("!document.querySelector('.drop').matches(':popover-open')").await?;
    assert!(driven.app.streams().await.is_empty(), "nothing is made before it is saved");
    rig.picture("dropped").await;

    // The open form takes another file, and keeps what was typed.
    drop(source);
    driven.page.find("#stream-name").await?.type_keys("-of-mine").await?;
    let source = dragged(&rig, &[media::plain(&dir.media("other.mp4"))]).await;
    pointer(&rig, &[(710, 455), (715, 455)], "mouseup").await;
    driven.page.wait_js("document.querySelector('#file-path')?.value.endsWith('other.mp4')").await?;
    driven.page.find("[data-testid=verdict]").await?;
    assert_eq!(driven.page.find("#stream-name").await?.property("value").await?, "drop-me-of-mine");
    // What is typed into a form that wants no file is not thrown away unasked.
    driven.page.click("label:has(#source-network)").await?;
    pointer(&rig, &[(40, 30)], "mousedown").await;
    pointer(&rig, &[(60, 45), (90, 60), (600, 430), (700, 450)], "").await;
    pointer(&rig, &[(710, 455), (715, 455)], "mouseup").await;
    driven.page.click("#confirm-cancel").await?;
    assert_eq!(driven.page.find("#stream-name").await?.property("value").await?, "drop-me-of-mine");
    driven.page.click("[data-act=close]").await?;
    driven.page.click("#confirm-ok").await?;
    driven.page.gone("#stream-name").await?;

    // Several are streamed at once.
    drop(source);
    let two = ["one.mp4", "two.mp4"].map(|name| media::plain(&dir.media(name)));
    let _source = dragged(&rig, &two).await;
    pointer(&rig, &[(710, 455), (715, 455)], "mouseup").await;
    for name in ["one", "two"] {
        driven.page.find(&live(name)).await?;
    }
    Ok(())
}

/// Holds files of another program over the window.
async fn dragged(rig: &Rig, files: &[PathBuf]) -> Fake {
    let source = Fake::start(rig.command("/usr/bin/python3"), "drag_source.py", files).await;
    pointer(rig, &[(40, 30)], "mousedown").await;
    pointer(rig, &[(60, 45), (90, 60), (600, 430), (700, 450)], "").await;
    source.next("begin", 0).await;
    source
}

/// Moves the pointer as a hand would, with pauses in which the drag and drop protocol does its round trips.
async fn pointer(rig: &Rig, places: &[(i32, i32)], then: &str) {
    let mut line = Vec::new();
    for (x, y) in places {
        line.extend([
            "mousemove".to_owned(),
            x.to_string(),
            y.to_string(),
            "sleep".to_owned(),
            "0.15".to_owned(),
        ]);
    }
    if !then.is_empty() {
        line.extend([then.to_owned(), "1".to_owned(), "sleep".to_owned(), "0.1".to_owned()]);
    }
    rig.run("xdotool", &line.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn obs_gets_its_scenes_by_the_save_dialog() -> Result<()> {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let file = media::plain(&dir.media("cam.mp4"));
    let driven = App::driven(&rig, &dir).await?;
    App::start_again(&rig, &dir, &[file.to_str().unwrap()]).await;
    driven.page.find(&live("cam")).await?;

    let saved = dir.path().join("scenes.json");
    rig.lay_down(Some(&saved)).await;
    driven.page.click("#export-obs").await?;
    driven.page.find(".toast.done").await?;
    rig.picture("obs-saved").await;
    let scenes: Value = serde_json::from_slice(&fs::read(&saved)?)?;
    let text = scenes.to_string();
    let stream = driven.app.until_on_air("cam").await;
    assert!(text.contains(stream["urls"]["rtsp"].as_str().unwrap()), "{scenes:#}");

    // A folder that can't be written is said.
    rig.lay_down(Some(&dir.path().join("missing/scenes.json"))).await;
    driven.page.click("#export-obs").await?;
    let said = "document.querySelector('.toast.fail')?.textContent.includes('missing/scenes.json')";
    driven.page.wait_js(said).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_without_file_dialogs_says_so() -> Result<()> {
    let (rig, dir) = (Rig::without_dialogs().await, Dir::new());
    let driven = App::driven(&rig, &dir).await?;
    driven.page.click("#new-stream").await?;
    driven.page.click("#choose-file").await?;
    let said = driven.page.text("[data-testid=save-error]").await?;
    assert!(said.contains("can't show a file dialog") && said.contains("zenity"), "{said}");
    rig.picture("no-dialog").await;

    // The path can be typed all the same.
    let file = media::plain(&dir.media("typed.mp4"));
    driven.page.fill("#file-path", &format!("{}\n", file.display())).await?;
    driven.page.wait_js("document.querySelector('#stream-name').value === 'typed'").await?;

    // Of a file that is to be saved it is said what fits.
    driven.page.click("#save:not([disabled])").await?;
    driven.page.click("#export-obs").await?;
    let said = driven.page.text(".toast.fail").await?;
    assert!(said.contains("zenity") && !said.contains("drop"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_with_a_bad_file_is_told_in_the_window_of_the_first() -> Result<()> {
    let (rig, dir) = (Rig::new().await, Dir::new());
    let driven = App::driven(&rig, &dir).await?;
    let broken = dir.media("notes.mp4");
    fs::write(&broken, "no video")?;
    let (code, _) = App::start_again(&rig, &dir, &[broken.to_str().unwrap()]).await;
    assert_eq!(code, Some(0), "it was handed over");
    // A dialog has words on the page a moment before it shows them.
    let shown = "document.querySelector('[data-testid=refused]')?.innerText";
    driven.page.wait_js(&format!("({shown} ?? '').includes('notes.mp4')")).await?;
    let said = driven.page.text("[data-testid=refused]").await?;
    assert!(said.contains(broken.to_str().unwrap()), "{said}");
    rig.picture("refused").await;
    driven.page.click("#refused-ok").await?;
    driven.page.gone("[data-testid=refused]").await?;
    assert!(driven.app.streams().await.is_empty(), "and no stream was made");
    Ok(())
}
