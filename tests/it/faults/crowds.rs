//! More to send than is good.

use serde_json::{Value, json};
use stream_api::Code;

use super::{Made::Real, Row, bench, troubles::told};
use crate::support::{Dir, Server, crowd::Crowd, until};

pub const ROWS: &[Row] = &[(Code::ManyViewers, Real), (Code::UplinkBusy, Real)];

async fn until_warned(server: &Server, codes: &[Code]) -> Value {
    let wanted: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    until(&format!("warned of {wanted:?}"), async || {
        let warnings = server.get("/api/v1/server").await["warnings"].clone();
        let all = warnings.as_array().unwrap();
        let told: Vec<&str> = all.iter().map(|warning| warning["code"].as_str().unwrap()).collect();
        (told == wanted).then_some(warnings)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn more_viewers_than_the_computer_and_its_connection_can_serve() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let id = server.create("crowded", &dir.media("good.mp4"), true).await;
    let stream = server.until_on_air(&id).await;
    let url = stream["urls"]["rtsp"].as_str().unwrap();
    let mut crowd = Crowd::of(url, 100).await;
    server.until(&id, "watched by 100", |stream| stream["metrics"]["viewers"]["rtsp"] == 100).await;
    until_warned(&server, &[]).await;
    let one_more = Crowd::of(url, 1).await;
    let warnings = until_warned(&server, &[Code::ManyViewers]).await;
    let words = format!("{} {}", warnings[0]["message"], warnings[0]["hint"]);
    assert!(words.contains("101") && words.contains("100") && !words.contains('{'), "{words}");

    server.post("/api/v1/server/uplink", json!({ "mbps": 1 })).await.ok();
    let warnings = until_warned(&server, &[Code::ManyViewers, Code::UplinkBusy]).await;
    let percent: u32 = warnings[1]["args"]["percent"].as_str().unwrap().parse().unwrap();
    let words = format!("{} {}", warnings[1]["message"], warnings[1]["hint"]);
    assert!(percent >= 80 && words.contains(&percent.to_string()) && !words.contains('{'), "{words}");
    eprintln!("{words}");
    // It was a faster one.
    server.post("/api/v1/server/uplink", json!({ "mbps": 1000 })).await.ok();
    until_warned(&server, &[Code::ManyViewers]).await;
    drop(one_more);
    crowd.shrink_to(85);
    until_warned(&server, &[]).await;
    for code in [Code::ManyViewers, Code::UplinkBusy] {
        assert_eq!(told(&server, code).await, ["warned", "eased"]);
    }
    assert_eq!(server.stop().await, Some(0));
}
