use leptos::prelude::*;

/// One of several filters of which one holds. `key` is how tests find it.
pub(crate) fn tab<T: Copy + PartialEq + Send + Sync + 'static>(
    key: &'static str,
    words: impl IntoView,
    chosen: RwSignal<T>,
    of: T,
) -> impl IntoView {
    let on = move || chosen.get() == of;
    view! {
        <button
            type="button"
            class="tab"
            class:on=on
            aria-pressed=move || on().to_string()
            data-filter=key
            on:click=move |_| chosen.set(of)
        >
            {words}
        </button>
    }
}
