use leptos::prelude::*;
use stream_api::{Order, State, Stream, commands, t};

use crate::{
    app::use_app,
    components::{Act, Icon},
    store::live::Row,
};

/// Whether the button of a stream offers to stop it, else to start it.
pub(crate) fn offers_stop(stream: &Stream) -> bool {
    match stream.state {
        State::Starting | State::Running | State::Backoff => true,
        // On its way to another start it can still be told to stay stopped.
        State::Stopping => stream.order == Order::Run,
        State::Stopped | State::Failed => false,
    }
}

/// Starts or stops a stream, whichever makes sense now.
#[component]
pub(crate) fn OrderButton(
    row: RwSignal<Row>,
    /// With words, else the icon alone.
    #[prop(optional)]
    words: bool,
) -> impl IntoView {
    let app = use_app();
    let busy = RwSignal::new(false);
    let id = row.with_untracked(|row| row.stream.id);
    let stop = Memo::new(move |_| row.with(|row| offers_stop(&row.stream)));
    let ending =
        Memo::new(move |_| row.with(|row| row.stream.state == State::Stopping && !offers_stop(&row.stream)));
    move || match stop.get() || ending.get() {
        true => view! {
            <Act
                class=if words { "danger" } else { "icon" }
                icon=Icon::Stop
                label=t!("act.stop")
                act="stop"
                busy=Signal::derive(move || busy.get() || ending.get())
                on_press=move |_| app.run(busy, commands::StreamStop { id }, |_| {})
            />
        }
        .into_any(),
        false => view! {
            <Act
                class=if words { "primary" } else { "icon" }
                icon=Icon::Start
                label=t!("act.start")
                act="start"
                busy=busy
                on_press=move |_| app.start(busy, id)
            />
        }
        .into_any(),
    }
}
