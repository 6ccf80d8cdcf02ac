//! A desktop of a test's own: a screen, a window manager, a bus, and stand-ins for tray, notifications and portal.

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::{process::Command, sync::MutexGuard};

use super::background::{Background, Fake, fakes};
use crate::{
    it::{PATIENCE, process, until},
    support::picture::Picture,
};

/// One desktop at a time: two would wait for each other's processor.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The desktop. Everything in it ends with it.
pub struct Rig {
    pub tray: Fake,
    pub notifications: Fake,
    portal: Option<Fake>,
    env: Vec<(&'static str, String)>,
    /// The app's PATH, when it is not that of the test.
    path: Option<String>,
    home: tempfile::TempDir,
    _background: Vec<Background>,
    _turn: MutexGuard<'static, ()>,
}

impl Rig {
    /// A desktop with everything.
    pub async fn new() -> Rig {
        Rig::build(true).await
    }

    /// A desktop that can't show a file dialog: no portal, and no zenity on the PATH.
    pub async fn without_dialogs() -> Rig {
        Rig::build(false).await
    }

    async fn build(dialogs: bool) -> Rig {
        let turn = TURN.lock().await;
        let home = tempfile::Builder::new().prefix("stream-manager-desktop-").tempdir().unwrap();
        let folder = |name: &str, mode: u32| {
            let folder = home.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::set_permissions(&folder, PermissionsExt::from_mode(mode)).unwrap();
            folder.to_str().unwrap().to_owned()
        };
        let mut env = vec![
            ("HOME", home.path().to_str().unwrap().to_owned()),
            ("XDG_CONFIG_HOME", folder("config", 0o755)),
            ("XDG_DATA_HOME", folder("data", 0o755)),
            ("XDG_CACHE_HOME", folder("cache", 0o755)),
            ("XDG_RUNTIME_DIR", folder("run", 0o700)),
            // No accessibility bus: it would be waited for.
            ("NO_AT_BRIDGE", "1".to_owned()),
            // The screen has no graphics card, whatever the computer has, and to do as if takes seconds for the
            // first picture.
            ("WEBKIT_DISABLE_DMABUF_RENDERER", "1".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("TAURI_WEBVIEW_AUTOMATION", "false".to_owned()),
            ("STREAM_MANAGER_MEDIAMTX", testkit::fixtures::mediamtx().to_str().unwrap().to_owned()),
        ];

        let mut dbus = command("dbus-daemon", &env);
        dbus.arg("--config-file").arg(fakes().join("bus.conf")).args(["--nofork", "--print-address=1"]);
        let bus = Background::start(dbus);
        env.push(("DBUS_SESSION_BUS_ADDRESS", bus.first_line().await));
        let mut xvfb = command("Xvfb", &env);
        xvfb.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]);
        let screen = Background::start(xvfb);
        env.push(("DISPLAY", format!(":{}", screen.first_line().await)));
        let manager = Background::start(command("openbox", &env));

        let python = || command("/usr/bin/python3", &env);
        let (tray, notifications) = tokio::join!(
            Fake::start(python(), "tray.py", &[]),
            Fake::start(python(), "notifications.py", &[])
        );
        let portal = match dialogs {
            true => Some(Fake::start(python(), "portal.py", &[]).await),
            false => None,
        };
        let mut rig = Rig {
            tray,
            notifications,
            portal,
            env,
            path: None,
            home,
            _background: vec![manager, screen, bus],
            _turn: turn,
        };
        until("a window manager", async || rig.output("wmctrl", &["-m"]).await).await;
        if !dialogs {
            rig.leave_nothing_on_the_path_but(&[testkit::fixtures::ffmpeg(), testkit::fixtures::ffprobe()]);
        }
        rig
    }

    fn leave_nothing_on_the_path_but(&mut self, programs: &[PathBuf]) {
        let folder = self.home.path().join("bin");
        std::fs::create_dir(&folder).unwrap();
        for program in programs {
            let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .map(|folder| folder.join(program))
                .find(|path| path.is_file());
            symlink(found.unwrap(), folder.join(program.file_name().unwrap())).unwrap();
        }
        self.path = Some(folder.to_str().unwrap().to_owned());
    }

    /// Puts a program before all others that the app finds; it writes its arguments into a file, whose path comes
    /// back.
    pub fn stand_in_for(&mut self, program: &str) -> PathBuf {
        let (folder, told) =
            (self.home.path().join("first"), self.home.path().join(format!("{program}.told")));
        std::fs::create_dir(&folder).unwrap();
        let script = folder.join(program);
        process::put(&script, format!("#!/bin/sh\necho \"$@\" >'{}'\n", told.display()).as_bytes());
        let path = std::env::var("PATH").unwrap_or_default();
        self.path = Some(format!("{}:{path}", folder.display()));
        told
    }

    /// The environment of the app in it.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let path = self.path.iter().map(|path| ("PATH", path.clone()));
        self.env.iter().cloned().chain(path).collect()
    }

    /// A folder that ends with the desktop.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A tool of the test in it.
    pub fn command(&self, program: &str) -> Command {
        command(program, &self.env)
    }

    /// What a small tool prints; nothing when it fails, or hangs.
    #[expect(clippy::disallowed_methods, reason = "a small tool, killed when it takes too long")]
    pub async fn output(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// The same for a tool that must not fail.
    pub async fn run(&self, program: &str, arguments: &[&str]) -> String {
        self.output(program, arguments).await.unwrap_or_else(|| panic!("{program} {arguments:?} failed"))
    }

    /// The ids of the app's windows.
    pub async fn windows(&self) -> Vec<String> {
        let list = self.output("wmctrl", &["-l"]).await.unwrap_or_default();
        let ours = list.lines().filter(|line| line.ends_with(" Stream Manager"));
        ours.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    }

    /// Waits until there are this many windows of the app.
    pub async fn until_windows(&self, count: usize) -> Vec<String> {
        until(&format!("{count} windows"), async || {
            Some(self.windows().await).filter(|ids| ids.len() == count)
        })
        .await
    }

    /// What the next file dialog will answer; none for Cancel.
    pub async fn lay_down(&mut self, file: Option<&Path>) {
        let answer = match file {
            Some(file) => json!({ "code": 0, "uris": [format!("file://{}", file.display())] }),
            None => json!({ "code": 1 }),
        };
        let portal = self.portal.as_mut().expect("a desktop with dialogs");
        portal.order(&format!("answer {answer}"), "laid down").await.unwrap();
    }

    /// The dialogs of one kind (`open` or `save`) that were shown.
    pub fn dialogs(&self, kind: &str) -> Vec<Value> {
        self.portal.as_ref().map(|portal| portal.heard(kind)).unwrap_or_default()
    }

    /// The labels in the tray's menu, top down.
    pub async fn menu(&mut self) -> Vec<String> {
        let told = self.tray.order("menu", "menu").await.unwrap_or_default();
        let entries = told["entries"].as_array().cloned().unwrap_or_default();
        entries.iter().filter_map(|entry| entry["label"].as_str().map(str::to_owned)).collect()
    }

    /// Waits until the menu has this entry.
    pub async fn until_entry(&mut self, label: &str) {
        until(&format!("“{label}” in the tray"), async || {
            self.menu().await.iter().any(|entry| entry == label).then_some(())
        })
        .await;
    }

    /// Waits until the menu begins with these entries.
    pub async fn until_menu(&mut self, labels: &[&str]) {
        until(&format!("{labels:?} in the tray"), async || {
            let menu = self.menu().await;
            (menu.len() >= labels.len() && menu.iter().zip(labels).all(|(is, wanted)| is == wanted))
                .then_some(())
        })
        .await;
    }

    /// Waits until the tray shows `icons/tray-NAME.png`.
    pub async fn until_icon(&mut self, name: &str) {
        let icons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../icons");
        let read = |path: &Path| Picture::read(&std::fs::read(path).ok()?).ok();
        let wanted = read(&icons.join(format!("tray-{name}.png"))).unwrap();
        until(&format!("the tray's icon says {name}"), async || {
            let told = self.tray.order("menu", "menu").await.ok()?;
            (read(Path::new(told["icon"].as_str()?))? == wanted).then_some(())
        })
        .await;
    }

    /// Ends the tray, as on a desktop that has none.
    pub async fn lose_tray(&mut self) {
        self.tray.end();
        let name = "string:org.kde.StatusNotifierWatcher";
        let ask = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
        until("there is no tray", async || {
            let ask = [&ask[..], &["org.freedesktop.DBus.NameHasOwner", name]].concat();
            self.output("dbus-send", &ask).await.filter(|told| told.contains("false"))
        })
        .await;
    }

    /// Clicks an entry of the tray's menu, as soon as it is there.
    pub async fn click(&mut self, label: &str) {
        self.until_entry(label).await;
        self.tray.order(&format!("click {label}"), "clicked").await.unwrap();
    }

    /// Keeps a picture of the screen among the test's results, for a person to look at.
    pub async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("desktop");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        self.run("import", &["-window", "root", file.to_str().unwrap()]).await;
    }
}

fn command(program: &str, env: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(program);
    command.envs(env.iter().map(|(key, value)| (key, value)));
    command
}
