//! A real Secret Service: GNOME's keyring, in a session bus and folders of its own.

use std::process::{Command, Stdio};

use stream_api::{Secret, SourceSecrets, StreamId};
use uuid::Uuid;

use super::super::*;

/// Set where the session is.
const INSIDE: &str = "STREAM_MANAGER_TEST_SESSION";

/// Runs `"$0" "$@"` beside a keyring that is unlocked whenever it comes up, and comes up whenever it ended.
const SESSION: &str = r#"
(while :; do printf x | gnome-keyring-daemon --unlock --foreground --components=secrets; done > /dev/null 2>&1) &
loop=$!
asked='--session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner'
until dbus-send $asked string:org.freedesktop.secrets | grep -q true; do sleep 0.05; done
"$0" "$@"; code=$?
kill $loop $(pgrep -P $loop)
exit $code
"#;

#[expect(clippy::disallowed_methods, reason = "programs of the test's own session, which ends with them")]
fn in_a_session(test: &str) {
    let there =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success());
    if !there("gnome-keyring-daemon") || !there("dbus-run-session") {
        eprintln!("skipped: no gnome-keyring-daemon or no dbus-run-session");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut session = Command::new("dbus-run-session");
    session.args(["--", "sh", "-c", SESSION]).arg(std::env::current_exe().unwrap());
    session.args(["--exact", test, "--ignored", "--nocapture"]);
    session.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    for name in ["HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", INSIDE] {
        session.env(name, home.path());
    }
    let status = session.stdin(Stdio::null()).status().unwrap();
    assert!(status.success(), "{status}");
}

#[expect(clippy::disallowed_methods, reason = "ends by itself")]
fn lock() {
    let mut command = Command::new("dbus-send");
    command.args([
        "--session",
        "--print-reply",
        "--dest=org.freedesktop.secrets",
        "/org/freedesktop/secrets",
    ]);
    command.arg("org.freedesktop.Secret.Service.Lock");
    command.arg("array:objpath:/org/freedesktop/secrets/collection/login");
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
}

/// Ends the keyring, so that an unlocked one comes.
#[expect(clippy::disallowed_methods, reason = "ends by itself")]
fn restart() {
    let mut command = Command::new("sh");
    let asked = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
                 org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets";
    command.args(["-c", &format!("kill $({asked} | grep -o '[0-9]*$' | tail -n 1)")]);
    assert!(command.status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_a_secret_service_keeps_secrets_and_one_that_is_locked_stops_nobody() {
    if std::env::var_os(INSIDE).is_none() {
        let test =
            "secrets::tests::real::heavy_a_secret_service_keeps_secrets_and_one_that_is_locked_stops_nobody";
        return tokio::task::spawn_blocking(move || in_a_session(test)).await.unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secrets.json");
    let password =
        |text: &str| SourceSecrets { password: Some(Secret::new(text)), ..SourceSecrets::default() };
    let (old, id) = (StreamId(Uuid::now_v7()), StreamId(Uuid::now_v7()));
    // From before there was a keychain.
    Secrets::new(file.clone(), false, Drives::default())
        .set(old, SOURCE, Some(&password("old")))
        .await
        .unwrap();
    let secrets = Secrets::new(file.clone(), true, Drives::default());
    secrets.settle().await.unwrap();
    secrets.set(id, SOURCE, Some(&password("one"))).await.unwrap();
    assert_eq!((read(&file).unwrap(), *secrets.place().borrow()), (Kept::new(), SecretsPlace::Keychain));
    let again = Secrets::new(file.clone(), true, Drives::default());
    for (id, text) in [(old, "old"), (id, "one")] {
        assert_eq!(again.find::<SourceSecrets>(id, SOURCE).await.unwrap(), Some(password(text)));
    }

    lock();
    let locked = again.find::<SourceSecrets>(id, SOURCE).await.unwrap_err();
    assert_eq!((locked.code, *again.place().borrow()), (Code::KeychainLocked, SecretsPlace::KeychainLocked));
    again.set(id, SOURCE, Some(&password("two"))).await.unwrap();
    assert_eq!(
        again.find::<SourceSecrets>(id, SOURCE).await.unwrap(),
        Some(password("two")),
        "from the file"
    );

    restart();
    let settled = async {
        while again.settle().await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(30), settled).await.expect("it is unlocked");
    assert_eq!(read(&file).unwrap(), Kept::new());
    let fresh = Secrets::new(file.clone(), true, Drives::default());
    assert_eq!(fresh.find::<SourceSecrets>(id, SOURCE).await.unwrap(), Some(password("two")));
    fresh.forget(id).await;
    assert_eq!(fresh.find::<SourceSecrets>(id, SOURCE).await.unwrap(), None);
}
