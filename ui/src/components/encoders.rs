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

/// A line for each encoder: what it makes, or the reason why it makes nothing.
fn list(EncodersTried { tried, .. }: &EncodersTried) -> AnyView {
    let lines = Encoder::ALL.into_iter().filter_map(|encoder| {
        let of: Vec<&EncoderTried> = tried.iter().filter(|one| one.encoder == encoder).collect();
        let first = of.first()?;
        let mut works: Vec<String> = Vec::new();
        for name in of.iter().filter(|one| one.failure.is_none()).map(|one| codec_name(one.codec.codec())) {
            // Once, on however many devices.
            if !works.contains(&name) {
                works.push(name);
            }
        }
        let (class, words) = match works.is_empty() {
            false => ("good", works.join(" · ")),
            true => ("faint", first.failure.clone().unwrap_or_default()),
        };
        Some(view! { <dt>{encoder.label()}</dt><dd class=class>{words}</dd> })
    });
    let lines = lines.collect_view();
    view! { <dl class="kv">{lines}</dl> }.into_any()
}
