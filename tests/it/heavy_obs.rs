//! OBS Studio itself loads the exported scene collection and shows the streams.
//!
//! Heavy: it needs `obs-studio`, `xvfb` and `xauth`, which `cargo xtask test --heavy` installs.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::process::Command;

use crate::support::{Dir, Server, media, process, until_within};

/// Scene collection's and its file's name; OBS finds a collection by both.
const COLLECTION: &str = "Exported";

/// A seen first start, and a last version (29.0.2), so that OBS opens neither its wizard nor its news.
const GLOBAL: &str =
    "[General]\nFirstRun=true\nLastVersion=486539266\nEnableAutoUpdates=false\n[BasicWindow]\n";

/// How long OBS runs, in seconds. It loads its plugins in about two.
const SHOWN_FOR: &str = "15";

/// A user's home of its own for OBS, with the collection in its place.
struct Home(PathBuf);

impl Home {
    fn with(path: PathBuf, collection: &Value) -> Home {
        let scenes = path.join(".config/obs-studio/basic/scenes");
        for folder in [&scenes, &path.join(".config/obs-studio/basic/profiles/Untitled"), &path.join("tmp")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::DirBuilder::new().mode(0o700).create(path.join("run")).unwrap();
        fs::write(path.join(".config/obs-studio/global.ini"), GLOBAL).unwrap();
        let mut collection = collection.clone();
        collection["name"] = COLLECTION.into();
        fs::write(scenes.join(format!("{COLLECTION}.json")), collection.to_string()).unwrap();
        Home(path)
    }

    /// Runs OBS on a display of its own, nothing of the person's own session around it.
    #[expect(clippy::disallowed_methods, reason = "OBS on trial, ended by `timeout`, at the latest on drop")]
    async fn run_obs(&self) {
        let home = &self.0;
        let own = |folder: &str| OsString::from(home.join(folder));
        let mut command = Command::new("timeout");
        command
            .args(["-s", "INT", "-k", "5", SHOWN_FOR])
            .args(["xvfb-run", "-a", "-s", "-screen 0 1280x800x24"])
            .args(["obs", "--collection", COLLECTION, "--multi", "--minimize-to-tray", "--disable-updater"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", own(".config"))
            .env("XDG_RUNTIME_DIR", own("run"))
            // Where `xvfb-run` keeps the display's key: its path tells this display from others.
            .env("TMPDIR", own("tmp"))
            .env("LANG", "C.UTF-8")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(30), command.status()).await;
        ended.expect("OBS ends when its time is over").expect("`timeout` is there");
    }

    /// What OBS logged.
    fn log(&self) -> String {
        let logs = fs::read_dir(self.0.join(".config/obs-studio/logs"));
        let logs = logs.expect("OBS started (install obs-studio, xvfb and xauth)").flatten();
        logs.map(|entry| String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned()).collect()
    }
}

fn rtsp_viewers(stream: &Value) -> u64 {
    stream["metrics"]["viewers"]["rtsp"].as_u64().unwrap_or_default()
}

/// Waits until somebody has watched each stream.
async fn all_were_watched(server: &Server, ids: &[String]) {
    let mut waiting = ids.to_vec();
    until_within(Duration::from_secs(25), "OBS reads every stream", async || {
        for stream in server.streams().await {
            if rtsp_viewers(&stream) > 0 {
                waiting.retain(|id| stream["id"] != **id);
            }
        }
        waiting.is_empty().then_some(())
    })
    .await;
}

fn assert_shows(log: &str, scene: &str) {
    for line in [format!("- scene '{scene}':"), format!("source: '{scene} (RTSP)' (ffmpeg_source)")] {
        assert!(log.contains(&line), "OBS lists {line:?}:\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_obs_loads_the_export() {
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let file = media::plain(&dir.media(&format!("{name}.mp4")));
        ids.push(server.create(name, &file, true).await);
    }
    for id in &ids {
        server.until_on_air(id).await;
    }
    let export = server.get("/api/v1/obs-export").await;
    let home = Home::with(dir.path().join("home"), &export["content"]);

    let ((), ()) = tokio::join!(home.run_obs(), all_were_watched(&server, &ids));

    let log = home.log();
    for name in ["one", "two"] {
        assert_shows(&log, name);
    }
    assert!(!log.contains("MP: Failed to open media"), "{log}");
    process::none_left(Path::new(&home.0)).await;
    assert_eq!(server.stop().await, Some(0));
}
