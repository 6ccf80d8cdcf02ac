//! Second starts, and starts side by side.

use std::{fs, path::Path};

use serde_json::Value;

use super::{App, Rig, app::program};
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
        media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    }
    assert_ne!(one["urls"], two["urls"]);
}

/// As a package would install it: the app is what opens files of the types that it names.
fn install(rig: &Rig, dir: &Dir) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src-tauri/tauri.bundle.conf.json");
    let given: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let all = given["bundle"]["fileAssociations"].as_array().unwrap();
    let types: Vec<String> =
        all.iter().map(|association| association["mimeType"].as_str().unwrap().to_owned()).collect();
    let (program, data) = (program(), dir.data());
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Stream Manager\nMimeType={};\n\
         Exec=\"{}\" --data-dir \"{}\" %F\n",
        types.join(";"),
        program.display(),
        data.display()
    );
    let chosen: String = types.iter().map(|name| format!("{name}=stream-manager.desktop\n")).collect();
    let applications = rig.home().join("data/applications");
    fs::create_dir_all(&applications).unwrap();
    fs::write(applications.join("stream-manager.desktop"), entry).unwrap();
    fs::write(rig.home().join("config/mimeapps.list"), format!("[Default Applications]\n{chosen}")).unwrap();
    types
}

#[tokio::test(flavor = "multi_thread")]
async fn videos_open_with_it_from_the_file_manager() {
    let (mut rig, dir) = (Rig::new().await, Dir::new());
    let types = install(&rig, &dir);
    let app = App::start(&rig, &dir, &["--minimized"]).await;
    rig.until_entry("0 of 0 live").await;
    let plain = media::plain(&dir.media("film.mp4"));
    for ending in ["mp4", "m4v", "mov", "mkv", "webm", "avi", "flv", "ts"] {
        let to = dir.media(&format!("{ending}.{ending}"));
        let file = match ending {
            "mp4" | "m4v" => media::plain(&to),
            "webm" => media::made(&plain, "-c:v libvpx -deadline realtime -an -t 1", &to),
            _ => media::made(&plain, "-c copy", &to),
        };
        let told = rig.run("gio", &["info", "-a", "standard::content-type", file.to_str().unwrap()]).await;
        let kind = told.lines().find_map(|line| line.trim().strip_prefix("standard::content-type: "));
        assert!(types.iter().any(|known| Some(known.as_str()) == kind), "{ending}: {told}");
    }
    rig.run("gio", &["open", dir.media("mkv.mkv").to_str().unwrap()]).await;
    app.until_on_air("mkv").await;
}
