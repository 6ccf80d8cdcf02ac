use leptos::prelude::*;
use stream_api::t;

use crate::{
    components::{Icon, icon},
    pages::Page,
};

/// What is shown at an address that leads nowhere.
#[component]
pub(crate) fn LostPage() -> impl IntoView {
    view! {
        <div class="none" data-testid="lost-page">
            <h1>{t!("lost.title")}</h1>
            <p>{t!("lost.body")}</p>
            <a class="btn" href=Page::Streams.hash()>{icon(Icon::Back)}{t!("stream.back")}</a>
        </div>
    }
}
