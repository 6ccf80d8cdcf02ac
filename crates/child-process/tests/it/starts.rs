//! How a child is started, and why it may not be.

use std::fs;

use child_process::{SpawnError, Spec};

use crate::spawner;

async fn error_of(spec: Spec) -> SpawnError {
    spawner().spawn(spec).await.expect_err("it can't be started")
}

#[tokio::test]
async fn a_missing_path_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let error = error_of(Spec::new(dir.path().join("none"))).await;
    assert!(matches!(error, SpawnError::NotFound { .. }), "got {error:?}");
}

#[tokio::test]
async fn a_folder_is_not_executable() {
    let dir = tempfile::tempdir().unwrap();
    let error = error_of(Spec::new(dir.path())).await;
    assert!(matches!(error, SpawnError::NotExecutable { .. }), "got {error:?}");
}

#[tokio::test]
async fn a_file_without_the_right_is_not_executable() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("notes.txt");
    fs::write(&file, "words").unwrap();
    let error = error_of(Spec::new(&file)).await;
    assert!(matches!(error, SpawnError::NotExecutable { .. }), "got {error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_script_without_its_interpreter_is_not_executable() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("script");
    fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let error = error_of(Spec::new(&file)).await;
    assert!(matches!(error, SpawnError::NotExecutable { .. }), "got {error:?}");
}

#[tokio::test]
async fn a_missing_folder_to_work_in_is_named() {
    let error = error_of(Spec { dir: Some("/no/such/folder".into()), ..Spec::new("sh") }).await;
    assert!(matches!(error, SpawnError::NoFolder { .. }), "got {error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn environment_and_folder_are_passed_on() {
    let dir = tempfile::tempdir().unwrap();
    let spec = Spec {
        dir: Some(dir.path().to_owned()),
        // CARGO_ variables are there in every test.
        env_clear_prefixes: vec!["CARGO_".into()],
        env: vec![("CARGO_MINE".into(), "kept".into())],
        ..crate::shell("pwd -P; env | grep ^CARGO_")
    };
    let finished = child_process::run(&spawner(), spec, crate::LIMIT, 10_000).await.unwrap();
    let expected = format!("{}\nCARGO_MINE=kept\n", dir.path().canonicalize().unwrap().display());
    assert_eq!(String::from_utf8_lossy(&finished.stdout), expected);
}

#[cfg(unix)]
#[tokio::test]
async fn low_priority_is_nice() {
    let spec = Spec { low_priority: true, ..Spec::new("nice") };
    let finished = child_process::run(&spawner(), spec, crate::LIMIT, 100).await.unwrap();
    let ours = child_process::run(&spawner(), Spec::new("nice"), crate::LIMIT, 100).await.unwrap();
    assert_ne!(finished.stdout, ours.stdout, "it differs from a usual child");
    assert_eq!(finished.stdout, b"10\n");
}
