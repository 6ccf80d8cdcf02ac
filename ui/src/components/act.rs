use leptos::{ev::MouseEvent, prelude::*};

use crate::components::{Icon, icon};

/// A button that does something. While `busy` it shows that and can't be pressed again.
#[component]
pub(crate) fn Act(
    /// Beside `btn`: `primary`, `ghost`, `danger`, `icon`.
    #[prop(optional)]
    class: &'static str,
    /// Drawn before the words.
    #[prop(optional, into)]
    icon: Option<Icon>,
    /// The words; for an icon button they are its title.
    #[prop(into)]
    label: Signal<String>,
    /// Hook for tests and shortcuts: `data-act`.
    #[prop(optional)]
    act: &'static str,
    /// Element id.
    #[prop(optional)]
    id: &'static str,
    /// A command of this button runs.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// It can't be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What it does.
    #[prop(into)]
    on_press: Callback<MouseEvent>,
) -> impl IntoView {
    let bare = class.contains("icon");
    let drawn = move || match (busy.get(), icon) {
        (true, _) => Some(self::icon(Icon::Spinner)),
        (false, some) => some.map(self::icon),
    };
    view! {
        <button
            type="button"
            class=format!("btn {class}")
            id=(!id.is_empty()).then_some(id)
            data-act=(!act.is_empty()).then_some(act)
            title=move || bare.then(|| label.get())
            aria-label=move || bare.then(|| label.get())
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || busy.get().then_some("true")
            disabled=disabled
            on:click=move |event| {
                // Not `disabled` while it runs: that would take the focus away.
                if !busy.get_untracked() {
                    on_press.run(event);
                }
            }
        >
            {drawn}
            {(!bare).then_some(move || label.get())}
        </button>
    }
}
