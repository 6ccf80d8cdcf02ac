use js_sys::Array;
use leptos::{html, prelude::*};
use stream_api::{t, tn};

use crate::{
    app::use_app,
    browser,
    components::{Icon, icon},
};

/// Says what happens when the held files are let go.
#[component]
pub(crate) fn DropOverlay() -> impl IntoView {
    let app = use_app();
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let shown = app.dragged.get() > 0;
        if let Some(overlay) = node.get() {
            browser::method(&overlay, if shown { "showPopover" } else { "hidePopover" }, &Array::new());
        }
    });
    let hint = move || match app.dragged.get() {
        0 | 1 => t!("drop.one"),
        _ => t!("drop.many"),
    };
    view! {
        <div node_ref=node class="drop" popover="manual">
            <div class="drop-box">
                <span class="mark big">{icon(Icon::Stream)}</span>
                <h2>{move || tn!("drop.title", app.dragged.get().max(1))}</h2>
                <p>{hint}</p>
            </div>
        </div>
    }
}
