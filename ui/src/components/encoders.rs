//! What encodes on the computer of the engine, and why the rest does not.

use leptos::prelude::*;
use stream_api::{Encoder, EncoderTried, Error, VideoCodec, commands::EncodersTry, t};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{Act, Icon, refusal},
};

/// Asked for when the page opens, and on demand.
pub(crate) fn encoders_card(app: App) -> impl IntoView {
    let (busy, found) = (RwSignal::new(false), RwSignal::new(None::<Result<Vec<EncoderTried>, Error>>));
    let ask = move |again: bool| {
        busy.set(true);
        let reply = app.client().call(EncodersTry { again });
        spawn_local(async move {
            let reply = reply.await.map(|reply| reply.tried);
            // The page may have been left meanwhile.
            if busy.try_set(false).is_none() {
                found.set(Some(reply));
            }
        });
    };
    ask(false);
    view! {
        <section class="card" data-testid="encoders">
            <h3>{t!("encoders.title")}</h3>
            {move || match found.get() {
                None => view! { <p class="muted" role="status">{t!("encoders.trying")}</p> }.into_any(),
                Some(Err(error)) => refusal(error, "encoders-error").into_any(),
                Some(Ok(tried)) => list(&tried),
            }}
            <div class="card-foot">
                <Act act="try-encoders" icon=Icon::Retry label=t!("encoders.again") busy=busy on_press=move |_| ask(true)/>
            </div>
        </section>
    }
}

/// A line for each encoder: what it makes, or the reason why it makes nothing.
fn list(tried: &[EncoderTried]) -> AnyView {
    let lines = Encoder::ALL.into_iter().filter_map(|encoder| {
        let of: Vec<&EncoderTried> = tried.iter().filter(|one| one.encoder == encoder).collect();
        let first = of.first()?;
        let works: Vec<&str> =
            of.iter().filter(|one| one.failure.is_none()).map(|one| name(one.codec)).collect();
        let (class, words) = match works.is_empty() {
            false => ("good", works.join(" · ")),
            true => ("faint", first.failure.clone().unwrap_or_default()),
        };
        Some(view! { <dt>{encoder.label()}</dt><dd class=class>{words}</dd> })
    });
    let lines = lines.collect_view();
    view! { <dl class="kv">{lines}</dl> }.into_any()
}

fn name(codec: VideoCodec) -> &'static str {
    match codec {
        VideoCodec::H265 => "H.265",
        VideoCodec::Av1 => "AV1",
        _ => "H.264",
    }
}
