//! What encodes on the computer of the engine, and why the rest does not.

use leptos::prelude::*;
use stream_api::{Encoder, EncoderTried, EncodersTried, codec_name, commands::EncodersTry, t};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{Act, Icon},
};

/// Tried when the page opens for the first time, and on demand.
pub(crate) fn encoders_card(app: App) -> impl IntoView {
    let first = app.client().call(EncodersTry { again: false });
    spawn_local(async move {
        // Where there is no FFmpeg the page says so beside it.
        drop(first.await);
    });
    let asked = RwSignal::new(false);
    let seen = Memo::new(move |_| {
        app.world.host.with(|host| host.as_ref().map(|host| host.encoders.clone()).unwrap_or_default())
    });
    let busy = Signal::derive(move || asked.get() || seen.with(|seen| seen.trying));
    view! {
        <section class="card" data-testid="encoders">
            <h3>{t!("encoders.title")}</h3>
            {move || seen.with(list)}
            {move || busy.get().then(|| view! { <p class="muted" role="status">{t!("encoders.trying")}</p> })}
            <div class="card-foot">
                <Act
                    act="try-encoders"
                    icon=Icon::Retry
                    label=t!("encoders.again")
                    busy=busy
                    on_press=move |_| app.run(asked, EncodersTry { again: true }, |_| {})
                />
            </div>
        </section>
    }
}

/// A line for each encoder on each device: what it makes, or the reason why it makes nothing.
fn list(EncodersTried { tried, .. }: &EncodersTried) -> AnyView {
    let lines = lines(tried).into_iter().map(|Line { label, works, words }| {
        let class = if works { "good" } else { "faint" };
        view! { <dt>{label}</dt><dd class=class>{words}</dd> }
    });
    let lines = lines.collect_view();
    view! { <dl class="kv">{lines}</dl> }.into_any()
}

#[derive(Debug, PartialEq)]
struct Line {
    label: String,
    works: bool,
    words: String,
}

fn lines(tried: &[EncoderTried]) -> Vec<Line> {
    let mut all = Vec::new();
    for encoder in Encoder::ALL {
        let of = || tried.iter().filter(move |one| one.encoder == encoder);
        for device in devices(tried, encoder) {
            let on = || of().filter(|one| one.device == device);
            let fine = on().filter(|one| one.failure.is_none());
            let makes: Vec<String> = fine.map(|one| codec_name(one.codec.codec())).collect();
            let label = match &device {
                Some(device) => format!("{} · {device}", encoder.label()),
                None => encoder.label().to_owned(),
            };
            let failure = || on().find_map(|one| one.failure.clone()).unwrap_or_default();
            let works = !makes.is_empty();
            all.push(Line { label, works, words: if works { makes.join(" · ") } else { failure() } });
        }
    }
    all
}

/// The devices on which an encoder was tried, each once; none where it has no names of them.
pub(crate) fn devices(tried: &[EncoderTried], encoder: Encoder) -> Vec<Option<String>> {
    let mut devices: Vec<Option<String>> = Vec::new();
    for one in tried.iter().filter(|one| one.encoder == encoder) {
        if !devices.contains(&one.device) {
            devices.push(one.device.clone());
        }
    }
    devices
}

#[cfg(test)]
mod tests {
    use stream_api::VideoCodec;

    use super::*;

    #[test]
    fn a_second_card_that_fails_is_seen() {
        let of = |encoder, codec, device: Option<&str>, failure: Option<&str>| EncoderTried {
            encoder,
            codec,
            device: device.map(str::to_owned),
            failure: failure.map(str::to_owned),
        };
        let (first, second) = (Some("/dev/dri/renderD128"), Some("/dev/dri/renderD129"));
        let found = lines(&[
            of(Encoder::Software, VideoCodec::H264, None, None),
            of(Encoder::Vaapi, VideoCodec::H264, first, None),
            of(Encoder::Vaapi, VideoCodec::H264, second, Some("no driver")),
            of(Encoder::Vaapi, VideoCodec::H265, first, None),
            of(Encoder::Vaapi, VideoCodec::H265, second, Some("none either")),
        ]);
        let found: Vec<(&str, bool, &str)> =
            found.iter().map(|line| (line.label.as_str(), line.works, line.words.as_str())).collect();
        assert_eq!(
            found,
            [
                ("VA-API · /dev/dri/renderD128", true, "H.264 · H.265"),
                ("VA-API · /dev/dri/renderD129", false, "no driver"),
                (Encoder::Software.label(), true, "H.264"),
            ]
        );
    }
}
