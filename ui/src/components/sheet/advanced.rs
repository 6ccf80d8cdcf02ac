//! The part of the form that is folded away: how a file is sent where that is not automatic.

use leptos::prelude::*;
use stream_api::{Encoder, Encoding, Playback, PublishBy, Setting, Sound, VideoCodec, t};

use crate::components::{Act, Icon, sheet::form::Form};

const VIDEO: [VideoCodec; 5] =
    [VideoCodec::Automatic, VideoCodec::AsIs, VideoCodec::H264, VideoCodec::H265, VideoCodec::Av1];
const ENCODERS: [Encoder; 7] = [
    Encoder::Automatic,
    Encoder::Software,
    Encoder::Nvenc,
    Encoder::QuickSync,
    Encoder::Vaapi,
    Encoder::VideoToolbox,
    Encoder::Amf,
];
const HEIGHTS: [Option<u32>; 9] =
    [None, Some(2160), Some(1440), Some(1080), Some(720), Some(540), Some(480), Some(360), Some(240)];
const TURNS: [Option<u32>; 4] = [None, Some(90), Some(180), Some(270)];
const FIELDS: [Option<bool>; 3] = [None, Some(true), Some(false)];
const SOUNDS: [Sound; 6] = [Sound::Automatic, Sound::AsIs, Sound::Aac, Sound::Opus, Sound::Both, Sound::None];
const WAYS: [PublishBy; 3] = [PublishBy::Rtsp, PublishBy::Rtmp, PublishBy::Srt];

/// A list of which one is chosen, by its place.
struct List {
    id: &'static str,
    setting: Setting,
    words: Vec<&'static str>,
    get: fn(&Encoding) -> Option<usize>,
    set: fn(&mut Encoding, usize),
}

/// All of it, open where something is chosen.
pub(crate) fn advanced(form: Form) -> impl IntoView {
    let chosen = form.settings.chosen;
    let open = chosen.with_untracked(|encoding| !encoding.is_automatic());
    let automatic = Memo::new(move |_| chosen.with(Encoding::is_automatic));
    let made = Memo::new(move |_| chosen.with(|encoding| encoding.video != VideoCodec::AsIs));
    let heard = Memo::new(move |_| chosen.with(|e| !matches!(e.audio, Sound::None | Sound::AsIs)));
    let state = move || if automatic.get() { t!("settings.automatic") } else { t!("settings.chosen") };
    view! {
        <details class="more" open=open data-testid="advanced">
            <summary>{t!("settings.title")}" · "{state}</summary>
            <div class="more-box">
                <div class="two">
                    {list(form, video())}
                    {move || made.get().then(|| list(form, encoder()))}
                </div>
                {move || made.get().then(|| picture(form))}
                <div class="two">{list(form, sound())} {list(form, way())}</div>
                {move || heard.get().then(|| view! {
                    <div class="two">
                        {number(form, Setting::AudioBitrate, "audio-bitrate", "128")}
                        {number(form, Setting::Volume, "volume", "100")}
                    </div>
                })}
                {move || (form.playback.get() == Playback::Once).then(|| view! {
                    <div class="two">
                        {number(form, Setting::Start, "start", "0:00")}
                        {number(form, Setting::End, "end", t!("settings.end.empty"))}
                    </div>
                })}
                {form.app.is_desktop().then(|| text(form, Setting::Extra, "extra", t!("settings.extra.hint")))}
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
        {move || devices.get().then(|| text(form, Setting::Device, "device", t!("settings.device.hint")))}
        <div class="two">
            {number(form, Setting::Bitrate, "bitrate", t!("settings.automatic"))}
            {number(form, Setting::Quality, "quality", t!("settings.quality.empty"))}
        </div>
        <div class="two">{list(form, height())} {number(form, Setting::Fps, "fps", t!("settings.original"))}</div>
        <div class="two">{number(form, Setting::Keyframes, "keyframes", "1")} {list(form, turn())}</div>
        {list(form, fields())}
    }
}

fn video() -> List {
    List {
        id: "video-codec",
        setting: Setting::Video,
        words: vec![t!("settings.video.automatic"), t!("settings.as_is"), "H.264", "H.265 (HEVC)", "AV1"],
        get: |encoding| VIDEO.iter().position(|one| *one == encoding.video),
        set: |encoding, at| encoding.video = VIDEO[at],
    }
}

fn encoder() -> List {
    List {
        id: "encoder",
        setting: Setting::Encoder,
        words: ENCODERS.iter().map(|encoder| encoder.label()).collect(),
        get: |encoding| ENCODERS.iter().position(|one| *one == encoding.encoder),
        set: |encoding, at| encoding.encoder = ENCODERS[at],
    }
}

fn height() -> List {
    List {
        id: "height",
        setting: Setting::Height,
        words: vec![
            t!("settings.original"),
            "2160p",
            "1440p",
            "1080p",
            "720p",
            "540p",
            "480p",
            "360p",
            "240p",
        ],
        get: |encoding| HEIGHTS.iter().position(|one| *one == encoding.height),
        set: |encoding, at| encoding.height = HEIGHTS[at],
    }
}

fn turn() -> List {
    List {
        id: "rotate",
        setting: Setting::Rotate,
        words: vec![t!("settings.turn.none"), t!("settings.turn.right"), "180°", t!("settings.turn.left")],
        get: |encoding| TURNS.iter().position(|one| *one == encoding.rotate),
        set: |encoding, at| encoding.rotate = TURNS[at],
    }
}

fn fields() -> List {
    List {
        id: "deinterlace",
        setting: Setting::Deinterlace,
        words: vec![t!("settings.deinterlace.automatic"), t!("settings.always"), t!("settings.never")],
        get: |encoding| FIELDS.iter().position(|one| *one == encoding.deinterlace),
        set: |encoding, at| encoding.deinterlace = FIELDS[at],
    }
}

fn sound() -> List {
    List {
        id: "audio",
        setting: Setting::Audio,
        words: vec![
            t!("settings.automatic"),
            t!("settings.as_is"),
            "AAC",
            "Opus",
            t!("settings.sound.both"),
            t!("settings.sound.none"),
        ],
        get: |encoding| SOUNDS.iter().position(|one| *one == encoding.audio),
        set: |encoding, at| encoding.audio = SOUNDS[at],
    }
}

fn way() -> List {
    List {
        id: "publish",
        setting: Setting::Publish,
        words: WAYS.iter().map(|way| way.label()).collect(),
        get: |encoding| WAYS.iter().position(|one| *one == encoding.publish),
        set: |encoding, at| encoding.publish = WAYS[at],
    }
}

fn list(form: Form, of: List) -> AnyView {
    let List { id, setting, words, get, set } = of;
    let chosen = form.settings.chosen;
    let now = Memo::new(move |_| chosen.with(get).unwrap_or_default());
    let options = words.into_iter().enumerate();
    let options = options
        .map(|(at, word)| view! { <option value=at.to_string() selected=move || now.get() == at>{word}</option> })
        .collect_view();
    let choose = move |event| {
        if let Ok(at) = event_target_value(&event).parse::<usize>() {
            chosen.update(|encoding| set(encoding, at));
            form.refresh();
        }
    };
    view! {
        <div class="field">
            <label for=id>{setting.label()}</label>
            <select id=id class="input" on:change=choose>{options}</select>
            {problem(form, setting, "")}
        </div>
    }
    .into_any()
}

/// A number with its unit; empty is automatic.
pub(crate) fn number(form: Form, setting: Setting, id: &'static str, empty: &'static str) -> AnyView {
    let unit = setting.unit();
    let label =
        if unit.is_empty() { setting.label().to_owned() } else { format!("{} ({unit})", setting.label()) };
    let settings = form.settings;
    field(form, setting, id, label, empty, "", Signal::derive(move || settings.text(setting)), move |text| {
        settings.type_in(setting, &text);
    })
}

fn text(form: Form, setting: Setting, id: &'static str, hint: &'static str) -> AnyView {
    let chosen = form.settings.chosen;
    let now = Signal::derive(move || {
        chosen.with(|encoding| match setting {
            Setting::Device => encoding.device.clone().unwrap_or_default(),
            _ => encoding.extra.clone(),
        })
    });
    field(form, setting, id, setting.label().to_owned(), "", hint, now, move |text| {
        let text = text.trim().to_owned();
        chosen.update(|encoding| match setting {
            Setting::Device => encoding.device = Some(text).filter(|text| !text.is_empty()),
            _ => encoding.extra = text,
        });
    })
}

#[expect(clippy::too_many_arguments, reason = "a row of a form")]
fn field(
    form: Form,
    setting: Setting,
    id: &'static str,
    label: String,
    empty: &'static str,
    hint: &'static str,
    now: Signal<String>,
    take: impl Fn(String) + 'static,
) -> AnyView {
    let wrong = move || form.setting_problems().iter().any(|(of, _)| *of == setting);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                class="input"
                class:wrong=wrong
                autocomplete="off"
                spellcheck="false"
                placeholder=empty
                aria-invalid=move || wrong().then_some("true")
                aria-describedby=format!("{id}-hint")
                prop:value=now
                on:change=move |event| {
                    take(event_target_value(&event));
                    form.refresh();
                }
            />
            <div id=format!("{id}-hint")>{problem(form, setting, hint)}</div>
        </div>
    }
    .into_any()
}

/// What is wrong with a setting, else what there is to know of it.
fn problem(form: Form, setting: Setting, hint: &'static str) -> AnyView {
    let wrong = Memo::new(move |_| {
        let problems = form.setting_problems();
        problems.into_iter().find(|(of, _)| *of == setting).map(|(_, error)| error)
    });
    let words = move || {
        match wrong.get() {
        Some(error) => view! {
            <div class="hint">
                <span class="bad" role="alert" data-code=error.code.as_str()>{error.message}" "{error.hint}</span>
            </div>
        }
        .into_any(),
        None if hint.is_empty() => ().into_any(),
        None => view! { <div class="hint">{hint}</div> }.into_any(),
    }
    };
    words.into_any()
}
