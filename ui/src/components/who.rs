//! From where streams may be watched: asked until it is answered.

use leptos::prelude::*;
use stream_api::{Reach, ServerState, ServerStatus, commands, t};

use crate::{
    app::App,
    components::{Act, Icon, icon, only_here::open_up},
    pages::Page,
    store::Filter,
};

fn asks(app: App) -> Memo<bool> {
    Memo::new(move |_| {
        let open = |s: &ServerStatus| !s.reach_chosen && s.state == ServerState::Running;
        app.world.server.with(|s| s.as_ref().is_some_and(open))
    })
}

fn choose(app: App, busy: RwSignal<bool>, reach: Reach) {
    let known = app.world.server.with_untracked(|s| s.as_ref().map(|s| s.settings.clone()));
    if let Some(mut settings) = known {
        settings.reach = reach;
        app.run(busy, commands::ServerSettingsSet { settings }, |_| {});
    }
}

/// On the first page, where nothing is interrupted by the answer.
pub(crate) fn card(app: App) -> impl IntoView {
    let (asks, busy) = (asks(app), RwSignal::new(false));
    move || {
        asks.get().then(|| {
            view! {
                <div class="card who" data-testid="who">
                    <h3>{t!("first.who")}</h3>
                    <p class="muted">{t!("first.who.body")}</p>
                    <div class="card-foot">{buttons(busy, move |reach| choose(app, busy, reach))}</div>
                </div>
            }
        })
    }
}

/// Above the other pages, for whoever began with a file and never saw the first one; not where it is a setting.
pub(crate) fn banner(app: App) -> impl IntoView {
    let (asks, busy) = (asks(app), RwSignal::new(false));
    let shown = Memo::new(move |_| {
        asks.get() && app.page.get() != Page::Server && app.world.tally.get().count(Filter::All) > 0
    });
    let answer = move |reach| match reach {
        Reach::ThisComputer => choose(app, busy, reach),
        Reach::LocalNetwork => open_up(app, busy),
    };
    move || {
        shown.get().then(|| {
            view! {
                <div class="banner note" role="status" data-testid="who-banner">
                    {icon(Icon::Server)}
                    <div class="words"><b>{t!("first.who")}</b><span>{t!("first.who.body")}</span></div>
                    <div class="answers">{buttons(busy, answer)}</div>
                </div>
            }
        })
    }
}

fn buttons(busy: RwSignal<bool>, answer: impl Fn(Reach) + Copy + Send + Sync + 'static) -> impl IntoView {
    view! {
        <Act
            id="who-this-computer"
            label=t!("reach.this_computer")
            busy=busy
            on_press=move |_| answer(Reach::ThisComputer)
        />
        <Act
            id="who-local-network"
            label=t!("reach.local_network")
            busy=busy
            on_press=move |_| answer(Reach::LocalNetwork)
        />
    }
}
