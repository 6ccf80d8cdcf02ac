//! What happened, newest first, by day.

mod filters;
mod list;
mod model;

use leptos::prelude::*;
use stream_api::{StreamId, commands, t};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::{App, use_app},
    browser,
    components::{Act, Icon, icon},
    pages::activity::model::Model,
};

/// What happened, of one stream or of all.
#[component]
pub(crate) fn ActivityPage(stream: Option<StreamId>) -> impl IntoView {
    let app = use_app();
    let model = Model::open(app, stream);
    see(app);
    view! {
        <div class="head" data-testid="activity-page">
            <h1>{t!("activity.title")}</h1>
            <div class="grow"></div>
            {filters::search(model)}
            {export(app, model)}
        </div>
        <div class="body" aria-busy=move || model.asking.get().then_some("true")>
            {filters::filters(app, model)}
            {move || model.failure.get().map(|error| view! {
                <div class="fault" role="alert" data-testid="activity-error">
                    {icon(Icon::Alert)}
                    <div class="words"><b>{error.message}</b><span>{error.hint}</span></div>
                    <Act icon=Icon::Retry label=t!("fault.retry") busy=model.asking on_press=move |_| model.load()/>
                </div>
            })}
            {list::list(app, model)}
        </div>
    }
}

/// As long as somebody looks at the page, no fault stays unseen.
fn see(app: App) {
    let (shown, busy) = (RwSignal::new(browser::is_shown()), RwSignal::new(false));
    let look = window_event_listener(leptos::ev::visibilitychange, move |_| shown.set(browser::is_shown()));
    on_cleanup(move || look.remove());
    Effect::new(move |_| {
        if app.world.unseen.get() > 0 && shown.get() && !busy.get_untracked() {
            busy.set(true);
            let reply = app.client().call(commands::ActivitySeen {});
            spawn_local(async move {
                // A failure shows as a badge that stays.
                drop(reply.await);
                busy.try_set(false);
            });
        }
    });
}

fn export(app: App, model: Model) -> impl IntoView {
    let busy = RwSignal::new(false);
    let press = move |_| {
        let filter = model.asked.get_untracked().filter(app.world.now.get_untracked());
        app.run(busy, commands::ActivityExport { filter }, move |file| {
            app.save_text(busy, t!("dialog.save_activity"), &file.file_name, &file.content);
        });
    };
    view! {
        <Act id="export-activity" class="collapses" icon=Icon::Download label=t!("activity.export") busy=busy on_press=press/>
    }
}
