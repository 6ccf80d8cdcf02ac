//! What each version of MediaMTX can do, as a page for people: `docs/servers.md` is made from what real servers of
//! three versions answer, and from the shapes of 1.9 in its source.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod support;

use std::{env, fmt::Write as _, fs, path::Path, sync::Arc};

use mediamtx_client::{Api, Features};
use support::{Server, fake::Fake, shapes::as_1_9};

const VERSIONS: [&str; 3] = ["1.12.3", "1.20.1", "1.21.0"];

const HEAD: &str = "\
# Servers

What Stream Manager finds at a MediaMTX of which version, and what is missing where it finds it not. It looks at what
a server answers, not at the version that it names: one built from source may name none. What is not listed works with
all of them alike.

Made from the answers of real servers of 1.12.3, 1.20.1 (the bundled one) and 1.21.0. The column of 1.9 is *from
source*: from the shapes of its answers as v1.9.0's source has them, without a running server. Versions before 1.9 have
no list of users and are refused.

This page is made from the code (`UPDATE_DOCS=1 cargo test -p mediamtx-client --test matrix`, which needs all three
versions from `cargo xtask sidecars`); do not edit it.

";

/// A line of the page: what it is about, what a server with these features does, and what is without it.
struct Line {
    about: &'static str,
    cell: fn(&Features) -> &'static str,
    without: &'static str,
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "–" }
}

const LINES: [Line; 18] = [
    Line {
        about: "Control API under the names of",
        cell: |features| if features.new_routes { "1.21" } else { "1.20 and older" },
        without: "",
    },
    Line {
        about: "Says its version",
        cell: |features| yes(features.version.is_some()),
        without: "The version is shown as “at least”, by what the server knows.",
    },
    Line {
        about: "Users with passwords, and IP ranges",
        cell: |features| yes(features.internal_users),
        without: "Another program decides who may watch; access can't be changed here.",
    },
    Line {
        about: "Passwords of viewers by RTSP",
        cell: |features| yes(features.rtsp_hashes),
        without: "A password lets nobody in by RTSP (1.12 to 1.13.0); by HLS, WebRTC, RTMP and SRT it does.",
    },
    Line {
        about: "Passwords of viewers by RTMP, SRT, HLS and WebRTC",
        cell: |features| yes(features.internal_users),
        without: "Another program decides who may watch.",
    },
    Line {
        about: "Its users can be read back",
        cell: |features| yes(!features.redacted_passwords),
        without: "The owner must give the complete list once before access is managed here.",
    },
    Line {
        about: "Viewers stay while a stream starts anew",
        cell: |features| yes(features.always_available),
        without: "Viewers are disconnected at each restart and connect again.",
    },
    Line {
        about: "HLS viewers one by one, disconnected at once",
        cell: |features| yes(features.hls_sessions),
        without: "HLS counts as one viewer a stream; who lost the right is refused at the next segment.",
    },
    Line {
        about: "Where it sends paths on to, as its owner set it",
        cell: |features| yes(features.forward),
        without: "Not offered with any version.",
    },
    Line {
        about: "Recording, its list, deleting segments",
        cell: |features| {
            yes(features.knows_path_key("record") && features.knows_path_key("recordDeleteAfter"))
        },
        without: "Not offered.",
    },
    Line {
        about: "Cameras fetched by the server",
        cell: |features| yes(features.knows_path_key("sourceOnDemand")),
        without: "",
    },
    Line {
        about: "RTSP transport of a camera",
        cell: |features| yes(features.knows_path_key("rtspTransport")),
        without: "",
    },
    Line {
        about: "Trusted certificate of a camera, by fingerprint",
        cell: |features| yes(features.knows_path_key("sourceFingerprint")),
        without: "",
    },
    Line {
        about: "MPEG-TS by UDP as a source",
        cell: |features| if features.udp_sources { "`udp+mpegts://`" } else { "`udp://`" },
        without: "",
    },
    Line {
        about: "RTSP transports are set as",
        cell: |features| if features.rtsp_names { "`rtspTransports`" } else { "`protocols`" },
        without: "",
    },
    Line {
        about: "Web pages that may ask it, as a list",
        cell: |features| yes(features.allow_origins),
        without: "One page, or all.",
    },
    Line {
        about: "Log as JSON",
        cell: |features| yes(features.structured_log),
        without: "Lines of text, which are read as well.",
    },
    Line { about: "Media over QUIC", cell: |features| yes(features.moq), without: "Not used." },
];

fn page(columns: &[(String, Arc<Features>)]) -> String {
    let mut page = HEAD.to_owned();
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let _ = writeln!(page, "| | {} | Without it |", names.join(" | "));
    let _ = writeln!(page, "|---|{}---|", "---|".repeat(columns.len()));
    for Line { about, cell, without } in LINES {
        let cells: Vec<&str> = columns.iter().map(|(_, features)| cell(features)).collect();
        let _ = writeln!(page, "| {about} | {} | {without} |", cells.join(" | "));
    }
    page
}

/// The page with these columns alone.
fn with_columns(page: &str, columns: &[(String, Arc<Features>)]) -> String {
    let head = page.lines().find(|line| line.starts_with("| |")).unwrap_or_default();
    let is_kept = |at: usize, name: &str| {
        at < 2 || name == " Without it " || name.is_empty() || columns.iter().any(|(of, _)| name.trim() == of)
    };
    let kept: Vec<bool> = head.split('|').enumerate().map(|(at, name)| is_kept(at, name)).collect();
    let lines = page.lines().map(|line| match line.starts_with('|') {
        false => line.to_owned(),
        true => {
            let cells = line.split('|').zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell);
            cells.collect::<Vec<_>>().join("|")
        }
    });
    lines.map(|line| line + "\n").collect()
}

#[tokio::test]
async fn the_page_of_servers_is_current() {
    let fake = Fake::routes(as_1_9).await;
    let mut columns =
        vec![("1.9 (from source)".to_owned(), Api::new(fake.address()).features().await.unwrap())];
    for version in VERSIONS {
        // It says itself that this one is missing.
        let Some(server) = Server::of_version(version).await else { continue };
        columns.push((version.to_owned(), server.api().features().await.unwrap()));
    }
    let update = env::var_os("UPDATE_DOCS").is_some();
    let whole = columns.len() > VERSIONS.len();
    assert!(whole || !update, "the page needs all versions: run `cargo xtask sidecars`");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/servers.md");
    if update {
        fs::write(&file, page(&columns)).unwrap();
    }
    // Git may give a checkout on Windows other line ends.
    let stored = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    // Of a version that is missing here its column is taken for true.
    let stored = if whole { stored } else { with_columns(&stored, &columns) };
    assert!(stored == page(&columns), "docs/servers.md is not current: run this test with UPDATE_DOCS=1");
}
