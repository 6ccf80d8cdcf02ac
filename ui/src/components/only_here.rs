use leptos::prelude::*;
use stream_api::{Reach, ServerId, commands, t};

use crate::{
    app::App,
    components::{Act, confirm::Question},
};

/// Says that addresses of streams of `server` work on this computer only, while they do, and opens it to others.
pub(crate) fn only_here(app: App, server: Signal<ServerId>) -> AnyView {
    let busy = RwSignal::new(false);
    let closed = Memo::new(move |_| {
        let reach = app.world.server.with(|server| server.as_ref().map(|server| server.settings.reach));
        server.get().is_bundled() && reach == Some(Reach::ThisComputer)
    });
    let shown = move || {
        closed.get().then(|| {
            view! {
                <div class="only-here" data-testid="only-here">
                    <p class="note warns">{t!("open_up.hint")}</p>
                    <Act class="small" label=t!("open_up.open") act="open-up" busy=busy on_press=move |_| open_up(app, busy)/>
                </div>
            }
        })
    };
    shown.into_any()
}

/// Opens the bundled server to the network, once its user has read what that interrupts.
pub(crate) fn open_up(app: App, busy: RwSignal<bool>) {
    let settings = app.world.server.with_untracked(|server| server.as_ref().map(|s| s.settings.clone()));
    let Some(mut settings) = settings else { return };
    settings.reach = Reach::LocalNetwork;
    app.run(busy, commands::ServerSettingsCheck { settings: settings.clone() }, move |effects| {
        app.question.set(Some(Question::open_up(app, busy, settings, &effects)));
    });
}
