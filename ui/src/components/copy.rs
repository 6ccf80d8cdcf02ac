use leptos::prelude::*;
use stream_api::t;

use crate::{
    app::use_app,
    browser,
    components::{Icon, icon},
};

/// How long “Copied” stands, in milliseconds.
const COPIED_MS: i32 = 1600;

/// A fingerprint, which breaks between its pairs alone.
pub(crate) fn pairs(fingerprint: &str) -> AnyView {
    let pairs = fingerprint.split_inclusive(':').map(|pair| view! { {pair.to_owned()}<wbr/> });
    pairs.collect_view().into_any()
}

/// Copies a text and says so in its own place.
#[component]
pub(crate) fn CopyButton(
    /// What is copied, at the time of the click.
    #[prop(into)]
    text: Signal<String>,
    /// Names the thing: “Copy the RTSP address”.
    #[prop(into)]
    title: String,
    /// With words beside the icon.
    #[prop(optional)]
    wide: bool,
    /// Hook for tests: `data-act`.
    #[prop(optional, into)]
    act: String,
) -> impl IntoView {
    let app = use_app();
    let copied = RwSignal::new(false);
    let press = move |_| {
        app.copy(text.get_untracked(), move || {
            copied.try_set(true);
            browser::after(COPIED_MS, move || {
                let _ = copied.try_set(false);
            });
        });
    };
    let word = move || if copied.get() { t!("copy.copied") } else { t!("copy.copy") };
    view! {
        <button
            type="button"
            class=if wide { "btn small copy" } else { "btn icon ghost copy" }
            class:copied=move || copied.get()
            title=title.clone()
            aria-label=title
            disabled=move || text.with(String::is_empty)
            data-act=(!act.is_empty()).then_some(act)
            on:click=press
        >
            {move || icon(if copied.get() { Icon::Check } else { Icon::Copy })}
            {wide.then_some(word)}
            <span class="spoken" role="status">{move || copied.get().then(|| t!("copy.copied"))}</span>
        </button>
    }
}
