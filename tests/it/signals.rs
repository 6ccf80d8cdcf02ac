//! However the program is asked to end, nothing is lost and nothing is left.

use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::support::{
    Dir, Server, media, process,
    server::{command, heedful},
};

#[tokio::test(flavor = "multi_thread")]
async fn logout_ctrl_c_and_a_service_manager_end_it_in_order() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::run(heedful(&dir)).await;
    server.until_server("running").await;
    let id = server.create("kept", &file, true).await;
    server.until_on_air(&id).await;
    let mut server = Some(server);
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        let running = server.take().unwrap();
        assert_eq!(running.stop_by(signal).await, Some(0), "{signal} ends it in order");
        process::none_left(dir.path()).await;
        let again = Server::run(heedful(&dir)).await;
        assert_eq!(again.stream(&id).await["order"], "run", "{signal} changes no order");
        again.until_on_air(&id).await;
        server = Some(again);
    }
    assert_eq!(server.unwrap().stop().await, Some(0));
}

/// `stream-manager-server 2>&1 | less`, and nobody presses a key.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_what_it_says() {
    let dir = Dir::new();
    let (unread, stderr) = std::io::pipe().unwrap();
    let mut command = command(&dir);
    command.env("RUST_LOG", "trace");
    let nothing = tempfile::NamedTempFile::new().unwrap();
    let server = Server::run_saying(command, Stdio::from(stderr), nothing).await;
    server.until_server("running").await;
    // Far more than a pipe holds.
    for _ in 0..300 {
        server.get("/api/v1/streams").await;
    }
    let file = media::plain(&dir.media("a.mp4"));
    let id = server.create("a", &file, true).await;
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
    drop(unread);
}
