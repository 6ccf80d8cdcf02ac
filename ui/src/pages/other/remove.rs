use leptos::prelude::*;
use stream_api::{
    Error, OtherState, ServerId,
    commands::{LeftStreams, ServerRemove},
    t, tn,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    browser,
    components::{Act, Modal, one_of, refusal},
    pages::Page,
};

/// Asks before a server is removed, and what becomes of its streams.
pub(super) fn dialog(
    app: App,
    id: ServerId,
    name: String,
    state: Memo<Option<OtherState>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let count = app.world.lines.with_untracked(|lines| lines.iter().filter(|line| line.server == id).count());
    let left = RwSignal::new(if count == 0 { LeftStreams::Refuse } else { LeftStreams::Move });
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Error>));
    let remove = move |_| {
        busy.set(true);
        let reply = app.client().call(ServerRemove { id, streams: left.get_untracked() });
        spawn_local(async move {
            let reply = reply.await;
            busy.try_set(false);
            match reply {
                Ok(_) => {
                    open.try_set(false);
                    browser::go(&Page::Server.hash());
                }
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    let title = t!("server.remove.title", name = name);
    let choice = move |value: LeftStreams, id: &'static str, word: &'static str| {
        one_of("left-streams", left, value, id, word)
    };
    view! {
        <Modal label=title.clone() class="ask wide" on_close=move |()| open.set(false)>
            <div class="ask-body" data-testid="remove-dialog">
                <h2>{title}</h2>
                <p>
                    {move || match state.get() {
                        Some(OtherState::Running) => t!("server.remove.body"),
                        _ => t!("server.remove.away"),
                    }}
                </p>
                {(count > 0).then(|| view! {
                    <fieldset class="field">
                        <legend>{tn!("server.remove.streams", count)}</legend>
                        <div class="seg">
                            {choice(LeftStreams::Move, "left-move", t!("server.remove.move"))}
                            {choice(LeftStreams::Delete, "left-delete", t!("server.remove.delete"))}
                        </div>
                        <div class="hint">
                            {move || match left.get() {
                                LeftStreams::Delete => t!("delete.body"),
                                _ => t!("server.remove.move.hint"),
                            }}
                        </div>
                    </fieldset>
                })}
                {move || failure.get().map(|error| refusal(error, "remove-error"))}
            </div>
            <footer>
                <span class="grow"></span>
                <Act id="remove-cancel" label=t!("act.cancel") on_press=move |_| open.set(false)/>
                <Act id="remove-ok" class="primary bad" label=t!("server.remove.ok") busy=busy on_press=remove/>
            </footer>
        </Modal>
    }
}
