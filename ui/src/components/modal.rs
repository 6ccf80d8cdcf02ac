use leptos::{html, prelude::*};
use stream_api::t;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{
    browser,
    components::{Icon, icon},
};

/// A native modal dialog: focus stays in it, Escape closes it, and focus then goes back to where it was.
#[component]
pub(crate) fn Modal(
    /// Said by a screen reader.
    #[prop(into)]
    label: String,
    /// Beside `sheet`.
    class: &'static str,
    /// Escape, or the browser's own way to close.
    #[prop(into)]
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let focused = browser::document().and_then(|document| document.active_element());
    let focused = focused
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
        .map(send_wrapper::SendWrapper::new);
    Effect::new(move |_| {
        if let Some(dialog) = node.get().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
            focus_first(&dialog);
        }
    });
    on_cleanup(move || {
        // After the dialog is gone: what lies behind it can't be focused before.
        browser::after(0, move || {
            let nothing =
                browser::document().and_then(|d| d.active_element()).is_none_or(|e| e.tag_name() == "BODY");
            if let Some(element) = focused.filter(|element| nothing && element.is_connected()) {
                let _ = element.focus();
            }
        });
    });
    view! {
        <dialog
            node_ref=node
            class=format!("sheet {class}")
            aria-label=label
            // Taken here: the browser closes by the second Escape whatever is asked at the first.
            on:keydown=move |event| {
                if event.key() == "Escape" && !event.default_prevented() {
                    event.prevent_default();
                    on_close.try_run(());
                }
            }
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                on_close.try_run(());
            }
            on:close=move |_| {
                on_close.try_run(());
            }
        >
            {children()}
        </dialog>
    }
}

/// The browser takes what comes first: a cross, or a choice that is not the one made.
fn focus_first(dialog: &web_sys::HtmlDialogElement) {
    const FIELD: &str = ".form input:not([type=radio]),.ask-body input:not([type=radio]:not(:checked))";
    let first = |css| dialog.query_selector(css).ok().flatten();
    let first = first("[autofocus]").or_else(|| first(FIELD));
    if let Some(first) = first.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = first.focus();
    }
}

/// The first line of a form in a [`Modal`]: what it is, and a button that closes it.
pub(crate) fn modal_head(title: String, close: impl Fn() + 'static) -> impl IntoView {
    view! {
        <header>
            <h2>{title}</h2>
            <span class="grow"></span>
            <button
                type="button"
                class="btn icon ghost"
                title=t!("act.close")
                aria-label=t!("act.close")
                data-act="close"
                on:click=move |_| close()
            >
                {icon(Icon::Close)}
            </button>
        </header>
    }
}
