use js_sys::Array;
use leptos::{html, prelude::*};
use stream_api::{Error, Notice, NoticeKind, t};

use crate::{
    app::use_app,
    browser,
    components::{Icon, each, icon},
};

/// A short message at the edge of the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Toast {
    /// Its identity on the page, given when it is shown.
    pub id: u64,
    kind: Kind,
    title: String,
    body: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Done,
    Warning,
    Error,
}

impl Toast {
    /// Something was done that can't be seen otherwise.
    pub(crate) fn done(title: impl Into<String>) -> Self {
        Toast::new(Kind::Done, title.into(), String::new())
    }

    /// Something to know.
    pub(crate) fn warning(title: impl Into<String>, body: impl Into<String>) -> Self {
        Toast::new(Kind::Warning, title.into(), body.into())
    }

    /// What the engine tells by itself.
    pub(crate) fn notice(notice: Notice) -> Self {
        let kind = match notice.kind {
            NoticeKind::StreamBack | NoticeKind::ServerBack => Kind::Done,
            NoticeKind::StreamFailed
            | NoticeKind::StreamFlapping
            | NoticeKind::StreamWarned
            | NoticeKind::ServerFailed
            | NoticeKind::ServerFlapping
            | NoticeKind::ServerWarned => Kind::Warning,
        };
        Toast::new(kind, notice.title, notice.body)
    }

    /// A command failed.
    pub(crate) fn error(error: Error) -> Self {
        Toast::new(Kind::Error, error.message, error.hint)
    }

    /// How long it stays, in milliseconds.
    pub(crate) fn stays_ms(&self) -> i32 {
        if self.kind == Kind::Done && self.body.is_empty() { 2_000 } else { 12_000 }
    }

    /// Whether it says the same.
    pub(crate) fn same_words(&self, other: &Toast) -> bool {
        (self.kind, &self.title, &self.body) == (other.kind, &other.title, &other.body)
    }

    fn new(kind: Kind, title: String, body: String) -> Self {
        Toast { id: 0, kind, title, body }
    }
}

/// The messages, above everything else, dialogs too.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let app = use_app();
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let any = app.toasts.with(|toasts| !toasts.is_empty());
        if let Some(region) = node.get() {
            // Shown anew, it comes to lie above a dialog that was opened since.
            browser::method(&region, "hidePopover", &Array::new());
            if any {
                browser::method(&region, "showPopover", &Array::new());
            }
        }
    });
    let close = move |id| app.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    let draw = move |toast: Toast| {
        let (class, sign) = match toast.kind {
            Kind::Done => ("toast done", Icon::Check),
            Kind::Warning => ("toast warn", Icon::Alert),
            Kind::Error => ("toast fail", Icon::Alert),
        };
        let id = toast.id;
        view! {
            <div class=class>
                {icon(sign)}
                <div class="words">
                    <b>{toast.title}</b>
                    {(!toast.body.is_empty()).then_some(view! { <span>{toast.body}</span> })}
                </div>
                <button
                    type="button"
                    class="btn icon ghost"
                    title=t!("act.close")
                    aria-label=t!("act.close")
                    on:click=move |_| close(id)
                >
                    {icon(Icon::Close)}
                </button>
            </div>
        }
        .into_any()
    };
    view! {
        <div node_ref=node class="toasts" popover="manual" role="log" aria-live="polite">
            {each(move || app.toasts.get(), |toast| toast.id.into(), draw)}
        </div>
    }
}
