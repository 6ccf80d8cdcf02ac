//! The part of the form that is folded away: how a file is sent where that is not automatic.

use leptos::prelude::*;
use stream_api::{Encoder, Encoding, Error, PublishBy, Setting, Sound, VideoCodec, codec_name, t};

use crate::components::{
    Act, Checked, Icon, below, choice,
    sheet::{form::Form, network::Kind, presets::presets},
};

/// What a choice does to the settings.
type Set = fn(&mut Encoding);
/// What can be chosen of a setting: how it is called, and what choosing it does.
type Choice = (String, Set);

/// Those that count only where the picture, or the sound, is encoded.
const OF_PICTURE: [Setting; 7] = [
    Setting::Device,
    Setting::Bitrate,
    Setting::Quality,
    Setting::Height,
    Setting::Fps,
    Setting::Keyframes,
    Setting::Rotate,
];
const OF_SOUND: [Setting; 2] = [Setting::AudioBitrate, Setting::Volume];

/// All of it, open where something is chosen.
pub(crate) fn advanced(form: Form) -> impl IntoView {
    let chosen = form.settings.chosen;
    let open = chosen.with_untracked(|encoding| !encoding.is_automatic());
    let automatic = Memo::new(move |_| chosen.with(Encoding::is_automatic));
    let is_file = Memo::new(move |_| form.net.kind.get() == Kind::File);
    // What is wrong stays in sight: nothing can be saved before it is put right.
    let any_wrong =
        move |of: &[Setting]| form.setting_problems().iter().any(|(setting, _)| of.contains(setting));
    let made = Memo::new(move |_| chosen.with(|e| e.video != VideoCodec::AsIs) || any_wrong(&OF_PICTURE));
    let heard = Memo::new(move |_| {
        chosen.with(|e| !matches!(e.audio, Sound::None | Sound::AsIs)) || any_wrong(&OF_SOUND)
    });
    let state = move || if automatic.get() { t!("settings.automatic") } else { t!("settings.chosen") };
    view! {
        <details class="more" open=open data-testid="advanced">
            <summary>{t!("settings.title")}" · "{state}</summary>
            <div class="more-box">
                {presets(form)}
                <div class="two">
                    {list(form, Setting::Video, "video-codec", video().into())}
                    {move || made.get().then(|| list(form, Setting::Encoder, "encoder", encoders(form)))}
                </div>
                {move || made.get().then(|| picture(form))}
                <div class="two">
                    {list(form, Setting::Audio, "audio", sounds().into())}
                    {move || is_file.get().then(|| list(form, Setting::Publish, "publish", ways().into()))}
                </div>
                {move || heard.get().then(|| view! {
                    <div class="two">
                        {number(form, Setting::AudioBitrate, "audio-bitrate", "128")}
                        {number(form, Setting::Volume, "volume", "100")}
                    </div>
                })}
                {move || is_file.get().then(|| view! {
                    <div class="two">
                        {number(form, Setting::Start, "start", "0:00")}
                        {number(form, Setting::End, "end", t!("settings.end.empty"))}
                    </div>
                })}
                {extra(form)}
                {move || (!automatic.get()).then(|| view! {
                    <div class="card-foot">
                        <Act
                            id="settings-reset"
                            icon=Icon::Retry
                            label=t!("settings.reset")
                            on_press=move |_| {
                                form.settings.reset();
                                form.refresh();
                            }
                        />
                    </div>
                })}
            </div>
        </details>
    }
}

/// Of a picture that may be encoded.
fn picture(form: Form) -> impl IntoView {
    let chosen = form.settings.chosen;
    let devices = Memo::new(move |_| {
        let many = |e: &Encoding| matches!(e.encoder, Encoder::Nvenc | Encoder::QuickSync | Encoder::Vaapi);
        chosen.with(|encoding| many(encoding) || encoding.device.is_some())
    });
    view! {
        {move || devices.get().then(|| text(
            form,
            Setting::Device,
            "device",
            t!("settings.device.hint"),
            |encoding| encoding.device.clone().unwrap_or_default(),
            |encoding, text| encoding.device = Some(text).filter(|text| !text.is_empty()),
        ))}
        <div class="two">
            {number(form, Setting::Bitrate, "bitrate", t!("settings.automatic"))}
            {number(form, Setting::Quality, "quality", t!("settings.quality.empty"))}
        </div>
        <div class="two">
            {list(form, Setting::Height, "height", heights().into())}
            {number(form, Setting::Fps, "fps", t!("settings.original"))}
        </div>
        <div class="two">
            {number(form, Setting::Keyframes, "keyframes", "1")}
            {list(form, Setting::Rotate, "rotate", turns().into())}
        </div>
        {list(form, Setting::Deinterlace, "deinterlace", fields().into())}
    }
}

/// FFmpeg's own arguments: set at the desktop, and removed by anybody.
fn extra(form: Form) -> impl IntoView {
    let chosen = form.settings.chosen;
    let any = chosen.with_untracked(|encoding| !encoding.extra.is_empty());
    let hint = if form.app.is_desktop() { t!("settings.extra.hint") } else { t!("settings.extra.elsewhere") };
    (any || form.app.is_desktop()).then(|| {
        let (get, set) = (|e: &Encoding| e.extra.clone(), |e: &mut Encoding, text: String| e.extra = text);
        text(form, Setting::Extra, "extra", hint, get, set)
    })
}

fn video() -> [Choice; 5] {
    [
        (t!("settings.video.automatic").to_owned(), |e| e.video = VideoCodec::Automatic),
        (t!("settings.as_is").to_owned(), |e| e.video = VideoCodec::AsIs),
        (codec_name("h264"), |e| e.video = VideoCodec::H264),
        (codec_name("hevc"), |e| e.video = VideoCodec::H265),
        (codec_name("av1"), |e| e.video = VideoCodec::Av1),
    ]
}

/// Those that were tried and do not work say so.
fn encoders(form: Form) -> Vec<Choice> {
    let host = form.app.world.host.get_untracked();
    let tried = host.map(|host| host.encoders.tried).unwrap_or_default();
    let word = |encoder: Encoder| {
        let mut of = tried.iter().filter(|one| one.encoder == encoder).peekable();
        let fails = of.peek().is_some() && of.all(|one| one.failure.is_some());
        match fails {
            true => t!("settings.encoder.fails", encoder = encoder.label()),
            false => encoder.label().to_owned(),
        }
    };
    let all: [(Encoder, Set); 7] = [
        (Encoder::Automatic, |e| e.encoder = Encoder::Automatic),
        (Encoder::Software, |e| e.encoder = Encoder::Software),
        (Encoder::Nvenc, |e| e.encoder = Encoder::Nvenc),
        (Encoder::QuickSync, |e| e.encoder = Encoder::QuickSync),
        (Encoder::Vaapi, |e| e.encoder = Encoder::Vaapi),
        (Encoder::VideoToolbox, |e| e.encoder = Encoder::VideoToolbox),
        (Encoder::Amf, |e| e.encoder = Encoder::Amf),
    ];
    all.into_iter().map(|(encoder, set)| (word(encoder), set)).collect()
}

fn heights() -> [Choice; 9] {
    [
        (t!("settings.original").to_owned(), |e| e.height = None),
        ("2160p".to_owned(), |e| e.height = Some(2160)),
        ("1440p".to_owned(), |e| e.height = Some(1440)),
        ("1080p".to_owned(), |e| e.height = Some(1080)),
        ("720p".to_owned(), |e| e.height = Some(720)),
        ("540p".to_owned(), |e| e.height = Some(540)),
        ("480p".to_owned(), |e| e.height = Some(480)),
        ("360p".to_owned(), |e| e.height = Some(360)),
        ("240p".to_owned(), |e| e.height = Some(240)),
    ]
}

fn turns() -> [Choice; 4] {
    [
        (t!("settings.turn.none").to_owned(), |e| e.rotate = None),
        (t!("settings.turn.right").to_owned(), |e| e.rotate = Some(90)),
        ("180°".to_owned(), |e| e.rotate = Some(180)),
        (t!("settings.turn.left").to_owned(), |e| e.rotate = Some(270)),
    ]
}

fn fields() -> [Choice; 3] {
    [
        (t!("settings.deinterlace.automatic").to_owned(), |e| e.deinterlace = None),
        (t!("settings.always").to_owned(), |e| e.deinterlace = Some(true)),
        (t!("settings.never").to_owned(), |e| e.deinterlace = Some(false)),
    ]
}

fn sounds() -> [Choice; 6] {
    [
        (t!("settings.automatic").to_owned(), |e| e.audio = Sound::Automatic),
        (t!("settings.as_is").to_owned(), |e| e.audio = Sound::AsIs),
        (codec_name("aac"), |e| e.audio = Sound::Aac),
        (codec_name("opus"), |e| e.audio = Sound::Opus),
        (t!("settings.sound.both").to_owned(), |e| e.audio = Sound::Both),
        (t!("settings.sound.none").to_owned(), |e| e.audio = Sound::None),
    ]
}

fn ways() -> [Choice; 3] {
    [
        (PublishBy::Rtsp.label().to_owned(), |e| e.publish = PublishBy::Rtsp),
        (PublishBy::Rtmp.label().to_owned(), |e| e.publish = PublishBy::Rtmp),
        (PublishBy::Srt.label().to_owned(), |e| e.publish = PublishBy::Srt),
    ]
}

/// Where choosing it changes nothing, it is chosen.
fn is_chosen(set: Set, encoding: &Encoding) -> bool {
    let mut after = encoding.clone();
    set(&mut after);
    after == *encoding
}

fn list(form: Form, setting: Setting, id: &'static str, mut all: Vec<Choice>) -> AnyView {
    let chosen = form.settings.chosen;
    if chosen.with_untracked(|encoding| all.iter().all(|(_, set)| !is_chosen(*set, encoding))) {
        // What a program has set and no person can choose here.
        all.push((t!("settings.other").to_owned(), |_| {}));
    }
    let (words, set): (Vec<String>, Vec<Set>) = all.into_iter().unzip();
    let sets = set.clone();
    let now = Signal::derive(move || {
        chosen.with(|encoding| sets.iter().position(|set| is_chosen(*set, encoding)).unwrap_or_default())
    });
    let choose = Callback::new(move |at: usize| {
        if let Some(set) = set.get(at) {
            chosen.update(*set);
            form.refresh();
        }
    });
    choice(id, setting.label(), words, now, choose, below(wrong(form, setting), ""))
}

/// A number with its unit; empty is automatic.
fn number(form: Form, setting: Setting, id: &'static str, empty: &'static str) -> AnyView {
    let settings = form.settings;
    let now = Signal::derive(move || settings.text(setting));
    let take = Callback::new(move |text: String| settings.type_in(setting, &text));
    line(form, setting, id, empty, "", now, take)
}

fn text(
    form: Form,
    setting: Setting,
    id: &'static str,
    hint: &'static str,
    get: fn(&Encoding) -> String,
    set: fn(&mut Encoding, String),
) -> AnyView {
    let chosen = form.settings.chosen;
    let now = Signal::derive(move || chosen.with(get));
    let take = move |text: String| chosen.update(|encoding| set(encoding, text.trim().to_owned()));
    line(form, setting, id, "", hint, now, Callback::new(take))
}

fn line(
    form: Form,
    setting: Setting,
    id: &'static str,
    placeholder: &'static str,
    hint: &'static str,
    now: Signal<String>,
    take: Callback<String>,
) -> AnyView {
    let label = match setting.unit() {
        "" => setting.label().to_owned(),
        unit => format!("{} ({unit})", setting.label()),
    };
    let take = Callback::new(move |text: String| {
        take.run(text);
        form.refresh();
    });
    Checked { id, label, placeholder, hint, now, wrong: wrong(form, setting), take }.draw()
}

/// What is wrong with a setting.
pub(crate) fn wrong(form: Form, setting: Setting) -> Memo<Option<Error>> {
    Memo::new(move |_| {
        form.setting_problems().into_iter().find(|(of, _)| *of == setting).map(|(_, error)| error)
    })
}
