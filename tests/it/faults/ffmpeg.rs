//! What FFmpeg itself prints, from the installed version and from those of the sidecars.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use ffmpeg_cli::faults::{Context, Exit, classify};
use stream_api::{Code, Program};

use super::{
    Made,
    Made::{Fake, Real},
    bench::{self, Ended, shell},
};
use crate::support::{Dir, Server, until};

/// A fault of FFmpeg.
pub struct FfmpegRow {
    pub code: Code,
    pub made: Made,
    /// The line by which it is recognised: one of the code's signs.
    line: &'static str,
    /// The file in question, in the folder of media.
    source: &'static str,
    /// A line of shell; `$FF` is FFmpeg.
    run: &'static str,
    /// The versions that say it so: all, or the installed one alone.
    which: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Installed,
    /// FFmpeg 7.0 and newer.
    Newer,
}

const fn row(code: Code, line: &'static str, source: &'static str, run: &'static str) -> FfmpegRow {
    FfmpegRow { code, made: Real, line, source, run, which: Which::All }
}

const fn only(which: Which, row: FfmpegRow) -> FfmpegRow {
    FfmpegRow { which, ..row }
}

pub const ROWS: &[FfmpegRow] = &[
    row(Code::SourceMissing, "No such file or directory", "gone.mp4", "$FF -i file:gone.mp4 -f null -"),
    row(Code::SourceDenied, "Permission denied", "denied.mp4", "$NOBODY $FF -i file:denied.mp4 -f null -"),
    row(Code::SourceIsFolder, "Is a directory", "folder.mp4", "$FF -i file:folder.mp4 -f null -"),
    only(
        Which::Installed,
        row(
            Code::SourceIsPlaylist,
            "Format not on whitelist",
            "list.mp4",
            "$FF -format_whitelist mov,mp4 -i file:list.mp4 -f null -",
        ),
    ),
    row(Code::SourceIncomplete, "moov atom not found", "cut.mp4", "$FF -i file:cut.mp4 -f null -"),
    row(
        Code::SourceDamaged,
        "Invalid data found when processing input",
        "noise.mkv",
        "$FF -i file:noise.mkv -f null -",
    ),
    // The memory of a process can't be read from its start: a file that exists and fails as a bad disk does.
    row(
        Code::SourceUnreadable,
        "Input/output error",
        "/proc/self/mem",
        "$FF -i file:/proc/self/mem -f null -",
    ),
    only(
        Which::Installed,
        row(
            Code::SourceCodecUnknown,
            "Decoder (codec none) not found",
            "unknown.mkv",
            "$FF -i file:unknown.mkv -c:v libx264 -f null -",
        ),
    ),
    only(
        Which::Newer,
        row(
            Code::SourceCodecUnknown,
            "Decoding requested, but no decoder found",
            "unknown.mkv",
            "$FF -i file:unknown.mkv -c:v libx264 -f null -",
        ),
    ),
    only(
        Which::Installed,
        row(
            Code::SourceSoundUnsendable,
            "AAC with no global headers",
            "raw.ts",
            "$FF -i file:raw.ts -c copy $OUT $RTSP/free",
        ),
    ),
    row(
        Code::FfmpegNoEncoder,
        "Unknown encoder '…'",
        "good.mp4",
        "$FF -i file:good.mp4 -c:a libfdk_aac -f null -",
    ),
    row(
        Code::FfmpegNoEncoder,
        "Automatic encoder selection failed",
        "good.mp4",
        "$FF -i file:good.mp4 -f vc1 -",
    ),
    only(
        Which::Newer,
        row(
            Code::FfmpegNoEncoder,
            "Encoder not found",
            "good.mp4",
            "$FF -i file:good.mp4 -c:a libnosuch -f null -",
        ),
    ),
    row(
        Code::FfmpegNoDecoder,
        "Unknown decoder '…'",
        "good.mp4",
        "$FF -c:v libnosuch -i file:good.mp4 -f null -",
    ),
    only(
        Which::Newer,
        row(
            Code::FfmpegNoDecoder,
            "Decoder not found",
            "good.mp4",
            "$FF -c:v libnosuch -i file:good.mp4 -f null -",
        ),
    ),
    row(Code::FfmpegNoFilter, "No such filter: '…'", "good.mp4", "$FF -i file:good.mp4 -vf nosuch -f null -"),
    only(
        Which::Newer,
        row(
            Code::FfmpegNoFilter,
            "Filter not found",
            "good.mp4",
            "$FF -i file:good.mp4 -vf nosuch -f null -",
        ),
    ),
    row(
        Code::FfmpegNoOption,
        "Option not found",
        "good.mp4",
        "$FF -i file:good.mp4 -vf scale=nosuch=1 -f null -",
    ),
    only(
        Which::Installed,
        row(
            Code::FfmpegNoOption,
            "Failed to set value '…' for option",
            "good.mp4",
            "$PROBE -show_entries nosuch -i file:good.mp4",
        ),
    ),
    row(
        Code::FfmpegNoOption,
        "Unrecognized option '…'",
        "good.mp4",
        "$FF -nosuch 1 -i file:good.mp4 -f null -",
    ),
    row(
        Code::FfmpegNoFormat,
        "Requested output format '…' is not",
        "good.mp4",
        "$FF -i file:good.mp4 -f nosuch -",
    ),
    row(Code::FfmpegNoFormat, "Unknown input format", "good.mp4", "$FF -f nosuch -i file:good.mp4 -f null -"),
    row(Code::FfmpegNoProtocol, "Protocol not found", "good.mp4", "$FF -i nosuch:good.mp4 -f null -"),
    only(
        Which::Installed,
        row(
            Code::EncoderRefused,
            "Error while opening encoder",
            "good.mp4",
            "$FF -i file:good.mp4 -c:v libx264 -preset nope -f null -",
        ),
    ),
    only(
        Which::Newer,
        row(
            Code::EncoderRefused,
            "Could not open encoder",
            "good.mp4",
            "$FF -i file:good.mp4 -c:v libx264 -preset nope -f null -",
        ),
    ),
    only(
        Which::Installed,
        row(
            Code::OutOfMemory,
            "failed to map segment from shared object",
            "good.mp4",
            "ulimit -v 60000; $FF -i file:good.mp4 -f null -",
        ),
    ),
    only(
        Which::Installed,
        row(
            Code::TooManyFiles,
            "cannot open shared object file: Error 24",
            "good.mp4",
            "ulimit -n 3; $FF -i file:good.mp4 -f null -",
        ),
    ),
    row(
        Code::TooManyFiles,
        "Too many open files",
        "good.mp4",
        "ulimit -n 20; $FF $(seq 40 | sed 's/.*/-i file:good.mp4/') -f null -",
    ),
    // The installed version says so too, and then ends as if all were well.
    only(
        Which::Newer,
        row(
            Code::DiskFull,
            "No space left on device",
            "good.mp4",
            "$FF -i file:good.mp4 -c copy -f mpegts -y /dev/full",
        ),
    ),
    row(Code::FfmpegCrashed, "At least one output file", "good.mp4", "$FF -i file:good.mp4"),
    row(
        Code::PublishDenied,
        "401 Unauthorized",
        "good.mp4",
        "$FF -re -i file:good.mp4 -c copy $OUT $WRONG/free",
    ),
    row(
        Code::PublishNoPath,
        "400 Bad Request",
        "good.mp4",
        "$FF -re -i file:good.mp4 -c copy $OUT $RTSP/nosuch",
    ),
    row(
        Code::PublishTracks,
        "Invalid data found when processing input",
        "good.mp4",
        "$FF -re -i file:good.mp4 -c copy $OUT $RTSP/taken",
    ),
    row(
        Code::PublishUnreachable,
        "Connection refused",
        "good.mp4",
        "$FF -re -i file:good.mp4 -c copy $OUT rtsp://127.0.0.1:1/x",
    ),
    FfmpegRow {
        made: Fake("no server at hand is so overloaded"),
        ..row(
            Code::PublishRefused,
            "Server returned 5XX Server Error reply",
            "good.mp4",
            "$FF -re -i file:good.mp4 -c copy $OUT $BUSY/x",
        )
    },
    // By their own tests below.
    only(Which::Installed, row(Code::PublishClosed, "Broken pipe", "good.mp4", "")),
    only(Which::Installed, row(Code::FfmpegKilled, "ended by signal 9", "good.mp4", "")),
    only(Which::Installed, row(Code::FfmpegSignal, "ended by signal 11", "good.mp4", "")),
];

/// Lines of these codes that no row makes FFmpeg say, and why.
const UNSAID: &[(&str, &str)] = &[
    ("encoder found for codec", "of versions that are not fetched"),
    ("Cannot allocate memory", "how little memory is too little is another amount for each version"),
    ("authentication failed", "of a publisher by RTMP, where the server here takes any"),
    ("Connection reset by peer", "as the system says it now and then instead of \"Broken pipe\""),
];

#[test]
fn every_line_of_ffmpeg_is_said() {
    for code in ROWS.iter().map(|row| row.code) {
        for sign in code.signs().iter().filter(|sign| sign.program == Program::Ffmpeg) {
            let is_said = ROWS.iter().any(|row| row.code == code && row.line == sign.line);
            let is_known = UNSAID.iter().any(|(line, _)| *line == sign.line);
            assert!(is_said != is_known, "{code:?}: {sign:?} is said by a row, or stands among the unsaid");
        }
    }
}

const OUT: &str = "-f rtsp -rtsp_transport tcp";
const LOUD: &str = "-hide_banner -nostdin -loglevel repeat+level+warning";

/// The passwords that our program gave to its MediaMTX: of the publisher, and of the Control API.
fn passwords(dir: &Dir) -> (String, String) {
    let text = std::fs::read_to_string(dir.data().join("run/mediamtx.yml")).unwrap();
    let is_secret = |word: &&str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut secrets = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_secret);
    (secrets.next().unwrap().to_owned(), secrets.next().unwrap().to_owned())
}

/// Configures a path of the running MediaMTX, as somebody else might.
pub async fn configure(dir: &Dir, ports: &serde_json::Value, call: &str, body: serde_json::Value) {
    let url = format!("http://127.0.0.1:{}/v3/config/paths/{call}", ports["api"]);
    let (_, pass) = passwords(dir);
    let http = reqwest::Client::new();
    let request = match call.starts_with("delete") {
        true => http.delete(url),
        false => http.post(url).json(&body),
    };
    let answer = request.basic_auth("manager", Some(pass)).send().await.unwrap();
    assert!(answer.status().is_success(), "{call}: {}", answer.text().await.unwrap());
}

/// Takes RTSP requests and has no time for them.
pub fn busy_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(b"RTSP/1.0 503 Service Unavailable\r\nCSeq: 1\r\n\r\n");
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ffmpeg_says() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let ports = server.get("/api/v1/server").await["ports"].clone();
    let (pass, _) = passwords(&dir);
    let rtsp = format!("rtsp://publisher:{pass}@127.0.0.1:{}", ports["rtsp"]);
    for (name, other) in [("free", true), ("taken", false), ("closing", true)] {
        let body = serde_json::json!({ "overridePublisher": other });
        configure(&dir, &ports, &format!("add/{name}"), body).await;
    }
    let holder = publisher(&dir, &format!("{rtsp}/taken"));
    online(&dir, &ports, "taken").await;

    let nobody = if nix::unistd::geteuid().is_root() { "setpriv --reuid=65534 --clear-groups" } else { "" };
    let variables = |program: &Path| {
        vec![
            ("FF", format!("{} {LOUD}", program.display())),
            (
                "PROBE",
                format!("{} {}", testkit::fixtures::ffprobe().display(), LOUD.replace("-nostdin ", "")),
            ),
            ("NOBODY", nobody.to_owned()),
            ("OUT", OUT.to_owned()),
            ("RTSP", rtsp.clone()),
            ("WRONG", format!("rtsp://publisher:wr0ng@127.0.0.1:{}", ports["rtsp"])),
            ("BUSY", format!("rtsp://127.0.0.1:{}", busy_server())),
        ]
    };
    let mut versions = vec![(Which::Installed, testkit::fixtures::ffmpeg())];
    for version in ["7.0.2", "9.0.2"] {
        versions.extend(testkit::fixtures::ffmpeg_version(version).map(|path| (Which::Newer, path)));
    }
    let media = dir.media("");
    let pass = pass.as_str();
    std::thread::scope(|scope| {
        for (which, program) in &versions {
            let (variables, media) = (variables(program), &media);
            scope.spawn(move || {
                for row in ROWS.iter().filter(|row| !row.run.is_empty()) {
                    if row.which == Which::All || row.which == *which {
                        let ended = shell(media, row.run, &variables);
                        check(row, &ended, media, pass);
                    }
                }
            });
        }
    });

    // The server lets go of one that publishes.
    let mut closing = publisher(&dir, &format!("{rtsp}/closing"));
    online(&dir, &ports, "closing").await;
    configure(&dir, &ports, "delete/closing", serde_json::Value::Null).await;
    let (closed, ended) = (find(Code::PublishClosed), closing.ended());
    // The system says the one or the other, by what was under way.
    let is_reset = !ended.said.iter().any(|line| line.contains(closed.line));
    let line = if is_reset { "Connection reset by peer" } else { closed.line };
    check(&FfmpegRow { line, ..*closed }, &ended, &media, pass);
    for (code, signal) in
        [(Code::FfmpegKilled, nix::sys::signal::SIGKILL), (Code::FfmpegSignal, nix::sys::signal::SIGSEGV)]
    {
        let mut running = publisher(&dir, &format!("{rtsp}/free"));
        online(&dir, &ports, "free").await;
        crate::support::process::signal(running.0.id().cast_signed(), signal);
        let mut ended = running.ended();
        ended.said.push(format!("ended by signal {}", ended.exit.signal.unwrap()));
        check(find(code), &ended, &media, pass);
    }
    drop(holder);
    assert_eq!(server.stop().await, Some(0));
}

fn find(code: Code) -> &'static FfmpegRow {
    ROWS.iter().find(|row| row.code == code).unwrap()
}

fn check(row: &FfmpegRow, ended: &Ended, media: &Path, secret: &str) {
    let Exit { code, signal } = ended.exit;
    assert!(code != Some(0) || signal.is_some(), "{:?}: FFmpeg is content: {ended:?}", row.code);
    let path = format!("file:{}", row.source).replace("file:", "");
    let found = classify(ended.exit, &ended.said, &Context { path });
    assert_eq!(found.error.code, row.code, "of {} in {}: {:#?}", row.run, media.display(), ended.said);
    let sign = row.code.signs().iter().find(|sign| sign.line == row.line);
    let sign = sign.unwrap_or_else(|| panic!("{:?} has no sign {:?}", row.code, row.line));
    assert!(matches!(sign.program, Program::Ffmpeg | Program::Ffprobe | Program::System), "{sign:?}");
    assert!(ended.said.iter().any(|line| sign.is_in(line)), "{sign:?} is in {:#?}", ended.said);
    let told = format!("{} {}", found.error.message, found.error.hint);
    assert!(!told.contains('{') && !told.contains(secret) && !told.contains("wr0ng"), "{told}");
}

/// FFmpeg that publishes until it is stopped.
struct Publisher(std::process::Child);

impl Publisher {
    fn ended(&mut self) -> Ended {
        use std::os::unix::process::ExitStatusExt as _;
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = self.0.wait().unwrap();
        let exit = Exit { code: status.code(), signal: status.signal() };
        Ended { exit, said: said.lines().map(str::to_owned).collect() }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn publisher(dir: &Dir, url: &str) -> Publisher {
    let mut command = Command::new(testkit::fixtures::ffmpeg());
    command.args(LOUD.split(' ')).args("-re -stream_loop -1 -i file:good.mp4 -c copy".split(' '));
    command.args(OUT.split(' ')).arg(url).current_dir(dir.media(""));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    #[expect(clippy::disallowed_methods, reason = "a publisher of the test, killed on drop")]
    let child = command.spawn().unwrap();
    Publisher(child)
}

async fn online(dir: &Dir, ports: &serde_json::Value, name: &str) {
    let url = format!("http://127.0.0.1:{}/v3/paths/get/{name}", ports["api"]);
    let (_, pass) = passwords(dir);
    until(&format!("{name} is online"), async || {
        let answer = reqwest::Client::new().get(&url).basic_auth("manager", Some(&pass)).send().await.ok()?;
        let path: serde_json::Value = answer.json().await.ok()?;
        (path["ready"] == true).then_some(())
    })
    .await;
}
