//! The part of the form that is folded away: how a file is sent where that is not automatic.

use leptos::prelude::*;
use stream_api::{
    Encoder, EncoderTried, EncodersTried, Encoding, Error, PublishBy, Setting, Sound, VideoCodec, codec_name,
    t,
};

use crate::components::{
    Act, Checked, Icon, below, choice, encoders,
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
                    {move || made.get().then(|| list(form, Setting::Encoder, "encoder", encoders_here(form)))}
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
        let tried = form.app.world.host.with(|host| host.as_ref().map(|host| host.encoders.tried.clone()));
        chosen.with(|encoding| devices(&tried.unwrap_or_default(), encoding))
    });
    view! {
        {move || devices.get().map(|devices| device(form, devices))}
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

/// What can be chosen as the device: none where there is no choice, and nothing to choose from where none is known.
fn devices(tried: &[EncoderTried], encoding: &Encoding) -> Option<Vec<(String, String)>> {
    let many = matches!(encoding.encoder, Encoder::Nvenc | Encoder::QuickSync | Encoder::Vaapi);
    if !many && encoding.device.is_none() {
        return None;
    }
    let mut all: Vec<(String, String)> = Vec::new();
    for device in encoders::devices(tried, encoding.encoder).into_iter().flatten() {
        let mut of = tried
            .iter()
            .filter(|one| one.encoder == encoding.encoder && one.device.as_deref() == Some(device.as_str()));
        let words = match of.all(|one| one.failure.is_some()) {
            true => t!("settings.encoder.fails", encoder = device),
            false => device.clone(),
        };
        all.push((device, words));
    }
    if let Some(device) = encoding.device.as_ref().filter(|device| {
        // One that was typed, or is gone.
        !all.is_empty() && !all.iter().any(|(known, _)| known == *device)
    }) {
        all.push((device.clone(), device.clone()));
    }
    Some(all)
}

/// A list of those that were tried; where none is known by name, a field.
fn device(form: Form, all: Vec<(String, String)>) -> AnyView {
    let chosen = form.settings.chosen;
    let set = |encoding: &mut Encoding, text: String| {
        encoding.device = Some(text).filter(|text| !text.is_empty());
    };
    if all.is_empty() {
        let get = |encoding: &Encoding| encoding.device.clone().unwrap_or_default();
        return text(form, Setting::Device, "device", t!("settings.device.hint"), get, set);
    }
    let first = (String::new(), t!("settings.device.first").to_owned());
    let (devices, words): (Vec<String>, Vec<String>) = std::iter::once(first).chain(all).unzip();
    let known = devices.clone();
    let now = Signal::derive(move || {
        let device = chosen.with(|encoding| encoding.device.clone().unwrap_or_default());
        known.iter().position(|known| *known == device).unwrap_or_default()
    });
    let choose = Callback::new(move |at: usize| {
        if let Some(device) = devices.get(at) {
            chosen.update(|encoding| set(encoding, device.clone()));
            form.refresh();
        }
    });
    choice("device", Setting::Device.label(), words, now, choose, below(wrong(form, Setting::Device), ""))
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

/// Those that were tried and do not work say so; those that another system has, or that need a card which is not there,
/// were not tried and are left out.
fn encoders_here(form: Form) -> Vec<Choice> {
    let host = form.app.world.host.get_untracked();
    let EncodersTried { tried, trying } = host.map(|host| host.encoders).unwrap_or_default();
    let now = form.settings.chosen.with_untracked(|encoding| encoding.encoder);
    let known = !trying && !tried.is_empty();
    let is_here = |encoder: Encoder| {
        !known
            || tried.iter().any(|one| one.encoder == encoder)
            || [Encoder::Automatic, now].contains(&encoder)
    };
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
    let here = all.into_iter().filter(|(encoder, _)| is_here(*encoder));
    here.map(|(encoder, set)| (word(encoder), set)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_chosen_of_those_that_were_tried() {
        let of = |device: &str, failure: Option<&str>| EncoderTried {
            encoder: Encoder::Vaapi,
            codec: VideoCodec::H264,
            device: Some(device.into()),
            failure: failure.map(str::to_owned),
        };
        let tried = [of("/dev/dri/renderD128", None), of("/dev/dri/renderD129", Some("no driver"))];
        let by = |encoder, device: Option<&str>| Encoding {
            encoder,
            device: device.map(str::to_owned),
            ..Encoding::default()
        };
        assert_eq!(devices(&tried, &Encoding::default()), None);
        let found = devices(&tried, &by(Encoder::Vaapi, None)).expect("there is a choice");
        assert_eq!(found[0], ("/dev/dri/renderD128".to_owned(), "/dev/dri/renderD128".to_owned()));
        assert!(found.len() == 2 && found[1].1.len() > found[1].0.len(), "{found:?}");
        let gone = devices(&tried, &by(Encoder::Vaapi, Some("/dev/dri/renderD130"))).expect("there is one");
        assert_eq!(gone.len(), 3);
        assert_eq!(devices(&tried, &by(Encoder::Nvenc, None)), Some(Vec::new()), "it is typed");
    }
}
