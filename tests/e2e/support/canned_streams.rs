//! The streams of the canned world.

use ffmpeg_cli::{
    Version,
    plan::{Wanted, as_received, plan},
    publish::{self, By, Input, Publish, Target},
};
use stream_api::{
    Access, AudioTrack, Code, Encoding, Error, Fault, GuestLink, Health, Kept, LinkLasts, Metrics, Mode,
    NetworkSource, Order, Plan, Playback, Preparation, Publisher, Recording, SentAudio, Source, SourceMedia,
    State, Stream, StreamSpec, Tracks, UnixMillis, Unkept, Urls, VideoTrack, ViewerAccess, Viewers,
};

use super::{COMPUTER, NOW, Scene, at, id, ports, servers};

/// The container that MP4 and MOV files are.
const MP4: &str = "mov,mp4,m4a,3gp,3g2,mj2";
/// The container that MKV and WebM files are.
const MATROSKA: &str = "matroska,webm";
const AAC: Option<(&str, Option<&str>)> = Some(("aac", Some("LC")));

/// All of them, sorted by name.
pub fn all(scene: Scene) -> Vec<Stream> {
    let all = vec![
        church(scene),
        courtyard(),
        entrance(),
        evening(),
        gym(),
        lobby(),
        menu_board(),
        reception(),
        stage(),
    ];
    match scene {
        Scene::Failed => all.into_iter().map(at_rest).collect(),
        _ => all,
    }
}

fn church(scene: Scene) -> Stream {
    let away = scene == Scene::Several;
    let viewers = Viewers { hls: if away { 2 } else { 0 }, ..Viewers::default() };
    let stream = live(2, "church/main", file("Sunday service.mkv"), 6_320_000, at(0, 9, 13, 1), viewers);
    let spec = StreamSpec { record: true, ..stream.spec.clone() };
    if !away {
        return Stream { spec, recording: Recording::Writing, ..stream };
    }
    Stream {
        spec: StreamSpec { server: servers::church(), ..spec },
        recording: Recording::Elsewhere,
        kept: Kept::Unable { reason: Unkept::Remote },
        urls: servers::church_urls("church/main"),
        ..stream
    }
}

/// A camera that not everybody may watch.
fn courtyard() -> Stream {
    let camera = NetworkSource {
        url: "rtsp://192.168.1.21/stream1".to_owned(),
        user: Some("viewer".to_owned()),
        has_secret: true,
        ..NetworkSource::default()
    };
    let viewers = Viewers { webrtc: 2, ..Viewers::default() };
    let made = at(1, 17, 5, 0);
    let link = GuestLink {
        id: "guest-7".to_owned(),
        label: "Caretaker".to_owned(),
        created: made,
        expires: UnixMillis(made.0 + LinkLasts::Month.millis()),
    };
    let access = Access {
        viewers: ViewerAccess::Restricted,
        has_password: true,
        links: vec![link],
        ..Access::default()
    };
    let stream = live(9, "courtyard", Source::Network(camera), 3_120_000, at(1, 6, 12, 4), viewers);
    Stream { access, ..of_what_comes_in(received(("High", 1920, 1080, 25.0), None), stream) }
}

fn entrance() -> Stream {
    let gone = Error::new(Code::SourceMissing).with("path", "/srv/media/Winter promo.mp4");
    Stream {
        order: Order::Run,
        state: State::Failed,
        since: at(0, 9, 47, 26),
        attempt: 1,
        fault: Some(Fault::new(gone)),
        ..stopped(4, "entrance", file("Winter promo.mp4"))
    }
}

fn evening() -> Stream {
    let stream = stopped(5, "evening", file("Evening concert.mp4"));
    let sound = |codec: &str| SentAudio { codec: codec.to_owned(), sample_rate: 48_000, channels: 2 };
    let prepared = stream.plan.clone().map(|plan| {
        let sent =
            Tracks { audio: Some(sound("aac")), second_audio: Some(sound("opus")), ..plan.sent.clone() };
        Plan { mode: Mode::Prepared, warnings: Vec::new(), gains: Vec::new(), sent, ..plan }
    });
    Stream {
        spec: StreamSpec { prepare: true, ..stream.spec.clone() },
        plan: prepared,
        preparation: Some(Preparation::Ready),
        ..stream
    }
}

fn gym() -> Stream {
    Stream {
        order: Order::Run,
        state: State::Backoff,
        since: UnixMillis(NOW - 200),
        attempt: 3,
        retry_at: Some(UnixMillis(NOW + 600)),
        fault: Some(Fault::new(Error::new(Code::FfmpegKilled))),
        kept: Kept::On,
        ..stopped(6, "gym", file("Gym classes.avi"))
    }
}

fn lobby() -> Stream {
    let viewers = Viewers { rtsp: 3, hls: 14, webrtc: 2, ..Viewers::default() };
    let stream = live(1, "lobby", file("Lobby loop 2026.mp4"), 4_180_000, at(0, 7, 49, 1), viewers);
    Stream {
        spec: StreamSpec { record: true, ..stream.spec.clone() },
        recording: Recording::Writing,
        ..stream
    }
}

/// One that is too much for the computer.
fn menu_board() -> Stream {
    let viewers = Viewers { rtsp: 1, ..Viewers::default() };
    let stream = live(3, "menu-board", file("Menu board.mov"), 14_600_000, at(0, 9, 51, 0), viewers);
    Stream {
        health: Health::Slow,
        warnings: vec![Fault::new(Error::new(Code::Overloaded))],
        metrics: stream.metrics.clone().map(|metrics| Metrics { speed: Some(0.82), ..metrics }),
        ..stream
    }
}

fn reception() -> Stream {
    Stream {
        order: Order::Run,
        state: State::Starting,
        since: UnixMillis(NOW - 1_000),
        attempt: 1,
        kept: Kept::On,
        ..stopped(7, "reception", file("Welcome.webm"))
    }
}

/// One that OBS sends.
fn stage() -> Stream {
    let viewers = Viewers { hls: 4, srt: 1, ..Viewers::default() };
    let stream = live(8, "stage", Source::Incoming, 4_510_000, at(0, 9, 20, 14), viewers);
    Stream {
        access: Access { publisher: Some("stage-obs".to_owned()), ..Access::default() },
        publisher: Some(Publisher {
            protocol: "RTMP".to_owned(),
            address: "192.168.1.30:52114".to_owned(),
            user: Some("stage-obs".to_owned()),
            since: Some(at(0, 9, 20, 14)),
        }),
        ..of_what_comes_in(received(("High", 1920, 1080, 30.0), AAC), stream)
    }
}

fn file(name: &str) -> Source {
    Source::File { path: format!("/srv/media/{name}") }
}

fn stopped(n: u64, name: &str, source: Source) -> Stream {
    let media = source.file().map(of_file);
    Stream {
        rev: 1,
        since: at(1, 22, 4, 30),
        plan: media.as_ref().map(planned),
        media,
        urls: urls(COMPUTER, name),
        ..Stream::new(id(n), StreamSpec::new(name, source))
    }
}

fn live(n: u64, name: &str, source: Source, bps: u64, since: UnixMillis, viewers: Viewers) -> Stream {
    // Without an FFmpeg there is no speed to judge.
    let sent = source.file().is_some();
    Stream {
        order: Order::Run,
        state: State::Running,
        since,
        on_air: true,
        on_air_since: Some(since),
        health: if sent { Health::Good } else { Health::Unknown },
        attempt: 1,
        kept: Kept::On,
        metrics: Some(Metrics {
            inbound_bps: bps,
            outbound_bps: bps * u64::from(viewers.total()),
            speed: sent.then_some(1.0),
            viewers,
        }),
        ..stopped(n, name, source)
    }
}

/// A stream that its server fetches or takes in: of what comes nothing is known in advance.
fn of_what_comes_in(media: SourceMedia, stream: Stream) -> Stream {
    Stream {
        plan: Some(as_received(&media)),
        media: Some(media),
        kept: Kept::Unable { reason: Unkept::Unknown },
        ..stream
    }
}

/// What is left of a stream that nobody wants to run.
fn at_rest(stream: Stream) -> Stream {
    let Stream { id, spec, media, plan, urls, preparation, access, .. } = stream;
    Stream {
        rev: 2,
        since: at(1, 22, 4, 30),
        media,
        plan,
        urls,
        preparation,
        access,
        ..Stream::new(id, spec)
    }
}

/// Where a stream of the computer's own server is watched.
pub fn urls(host: &str, name: &str) -> Urls {
    let ports = ports();
    Urls {
        rtsp: format!("rtsp://{host}:{}/{name}", ports.rtsp),
        rtmp: format!("rtmp://{host}:{}/{name}", ports.rtmp),
        hls: format!("http://{host}:{}/{name}/index.m3u8", ports.hls),
        webrtc: format!("http://{host}:{}/{name}/", ports.webrtc),
        srt: format!("srt://{host}:{}?streamid=read:{name}", ports.srt),
    }
}

/// What a file of this path holds.
pub fn of_file(path: &str) -> SourceMedia {
    match path.rsplit('/').next().unwrap_or_default() {
        "Sunday service.mkv" => {
            let media = media(MATROSKA, ("h264", "High", 1920, 1080, 25.0), AAC, 74.0, 6_900_000);
            let video = media.video.clone().map(|video| VideoTrack { b_frames: true, ..video });
            SourceMedia { video, ..media }
        }
        "Gym classes.avi" => {
            let video = ("mpeg4", "Advanced Simple Profile", 1280, 720, 25.0);
            media("avi", video, Some(("mp3", None)), 45.0, 2_900_000)
        }
        "Menu board.mov" => media(MP4, ("hevc", "Main", 3840, 2160, 50.0), AAC, 2.0, 24_000_000),
        "Welcome.webm" => {
            media(MATROSKA, ("vp9", "Profile 0", 1920, 1080, 30.0), Some(("opus", None)), 1.5, 2_600_000)
        }
        "New year concert.mp4" => media(MP4, ("h264", "High", 1920, 1080, 50.0), AAC, 94.0, 5_600_000),
        _ => media(MP4, ("h264", "High", 1920, 1080, 25.0), AAC, 12.0, 4_180_000),
    }
}

/// Codec, profile, size and frames per second of a picture; codec and profile of the sound; minutes; bits per second.
fn media(
    container: &str,
    (codec, profile, width, height, fps): (&str, &str, u32, u32, f64),
    sound: Option<(&str, Option<&str>)>,
    minutes: f64,
    bps: u64,
) -> SourceMedia {
    let audio = sound.map(|(codec, profile)| AudioTrack {
        codec: codec.to_owned(),
        profile: profile.map(str::to_owned),
        sample_rate: 48_000,
        channels: 2,
    });
    SourceMedia {
        container: container.to_owned(),
        duration: Some(minutes * 60.0),
        size: (minutes * 60.0 * bps as f64 / 8.0) as u64,
        bitrate_bps: Some(bps),
        video: Some(VideoTrack {
            codec: codec.to_owned(),
            profile: Some(profile.to_owned()),
            width,
            height,
            fps,
            pixel_format: "yuv420p".to_owned(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(2.0),
            variable_fps: false,
            hdr: false,
        }),
        audio_tracks: audio.is_some().into(),
        audio,
        sound_later_by: None,
        sound_longer_by: None,
        begins: 0.0,
    }
}

/// What a server tells of H.264 that it fetches or takes in: neither a file nor its length.
fn received(
    (profile, width, height, fps): (&str, u32, u32, f64),
    sound: Option<(&str, Option<&str>)>,
) -> SourceMedia {
    SourceMedia {
        duration: None,
        size: 0,
        bitrate_bps: None,
        ..media("", ("h264", profile, width, height, fps), sound, 0.0, 0)
    }
}

fn planned(media: &SourceMedia) -> Plan {
    plan(media, &Wanted::default()).expect("a file that can be sent")
}

/// What is known of a file before a stream of it is made, and the command that would send it as `name`.
pub fn probed(path: &str, name: &str, playback: Playback, encoding: Encoding) -> (SourceMedia, Plan, String) {
    let media = of_file(path);
    let wanted = Wanted { playback, ..Wanted::by(encoding) };
    let plan = plan(&media, &wanted).expect("a file that can be sent");
    let target = Target {
        host: "127.0.0.1".to_owned(),
        by: By::Rtsp,
        port: ports().rtsp,
        name: name.to_owned(),
        user: String::new(),
        pass: String::new(),
    };
    let command = publish::shown(
        "ffmpeg",
        &Publish {
            input: Input::File { path, playback },
            media: &media,
            plan: &plan,
            encoding: &wanted.encoding,
            target: &target,
            version: Version { major: 7, minor: 1, patch: 1 },
        },
    );
    (media, plan, command)
}
