use leptos::prelude::*;
use stream_api::{Fault, ServerState, ToolState, t};

use crate::{
    app::use_app,
    components::{FaultCard, FaultOf, Icon, icon, who},
    pages::Page,
    store::{Filter, Link},
};

/// What concerns every page: a lost connection, a server or FFmpeg that can't be used, notes of this start.
#[component]
pub(crate) fn Banners() -> impl IntoView {
    let app = use_app();
    let hidden = RwSignal::new(false);
    let notes =
        Memo::new(move |_| app.world.host.with(|h| h.as_ref().map(|h| h.notes.clone()).unwrap_or_default()));
    let lost = move || {
        (app.world.link.get() == Link::Down).then(|| {
            view! {
                <div class="banner" role="alert" data-testid="link-lost">
                    {icon(Icon::Spinner)}
                    <div class="words">
                        <b>{t!("link.lost")}</b>
                        <span>{t!("link.lost.hint")}</span>
                    </div>
                </div>
            }
        })
    };
    let told = move || {
        let notes = notes.get();
        (!hidden.get() && !notes.is_empty()).then(|| {
            view! {
                <div class="banner note" role="status">
                    {icon(Icon::Alert)}
                    <div class="words">{notes.into_iter().map(|note| view! { <span>{note}</span> }).collect_view()}</div>
                    <button
                        type="button"
                        class="btn icon ghost"
                        title=t!("act.close")
                        aria-label=t!("act.close")
                        on:click=move |_| hidden.set(true)
                    >
                        {icon(Icon::Close)}
                    </button>
                </div>
            }
        })
    };
    view! {
        <div class="banners">
            {lost}
            {told}
            {server_fault()}
            {tool_fault()}
            {who::banner(app)}
        </div>
    }
}

fn server_fault() -> impl IntoView {
    let app = use_app();
    let fault = Memo::new(move |_| {
        let failed = |s: &stream_api::ServerStatus| {
            (s.state == ServerState::Failed).then(|| s.fault.clone()).flatten()
        };
        app.world.server.with(|server| server.as_ref().and_then(failed))
    });
    move || {
        fault
            .get()
            .filter(|_| app.page.get() != Page::Server)
            .map(|fault| view! { <FaultCard fault=fault of=FaultOf::Server/> })
    }
}

/// FFmpeg or ffprobe can't be used. The first-run page has a card of its own for it.
fn tool_fault() -> impl IntoView {
    let app = use_app();
    let fault = Memo::new(move |_| {
        app.world.host.with(|host| host.as_ref().and_then(|host| unusable([&host.ffmpeg, &host.ffprobe])))
    });
    move || {
        let first_run = app.page.get() == Page::Streams && app.world.tally.get().count(Filter::All) == 0;
        fault.get().filter(|_| !first_run).map(|fault| view! { <FaultCard fault=fault of=FaultOf::Tools/> })
    }
}

/// The first fault of programs that can't be used.
pub(crate) fn unusable<const N: usize>(tools: [&stream_api::Tool; N]) -> Option<Fault> {
    tools.into_iter().filter(|tool| tool.state == ToolState::Unusable).find_map(|tool| tool.fault.clone())
}
