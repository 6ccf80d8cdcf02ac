use leptos::prelude::*;
use stream_api::{OtherServer, OtherState, Reach, ServerState, t, tn};

use crate::{
    app::use_app,
    components::{Icon, icon},
    format,
    pages::Page,
    store::{Filter, Link},
};

/// A full “Out” bar, in bits per second: a gigabit network.
const OUT_FULL: f64 = 1e9;

/// Where to go, and how the server is.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let app = use_app();
    let count = move || app.world.tally.get().count(Filter::All);
    let sick = move || {
        let failed = |other: &OtherServer| other.state == OtherState::Failed;
        app.world.server.with(|s| s.as_ref().is_some_and(|s| s.state == ServerState::Failed))
            || app.world.others.with(|others| others.iter().any(failed))
    };
    let on_server = move || matches!(app.page.get(), Page::Server | Page::Other(_));
    let on_streams = move || matches!(app.page.get(), Page::Streams | Page::Stream(_));
    let on_activity = move || matches!(app.page.get(), Page::Activity(_));
    let unseen = app.world.unseen;
    let current = |on: bool| on.then_some("page");
    view! {
        <aside class="side">
            <div class="brand">
                <span class="mark">{icon(Icon::Stream)}</span>
                <span class="word">{t!("app.name")}</span>
            </div>
            <nav class="nav" aria-label=t!("nav.label")>
                <a
                    href=Page::Streams.hash()
                    title=t!("nav.streams")
                    class:on=on_streams
                    aria-current=move || current(on_streams())
                >
                    {icon(Icon::Stream)}
                    <span class="word">{t!("nav.streams")}</span>
                    {move || (count() > 0).then(|| view! { <span class="count num">{count()}</span> })}
                </a>
                <a
                    href=Page::Activity(None).hash()
                    title=t!("nav.activity")
                    class:on=on_activity
                    aria-current=move || current(on_activity())
                >
                    {icon(Icon::Activity)}
                    <span class="word">{t!("nav.activity")}</span>
                    {move || (unseen.get() > 0).then(|| view! {
                        <span class="count alert num" data-testid="unseen" title=move || tn!("nav.unseen", unseen.get())>
                            {move || format::badge(unseen.get())}
                        </span>
                    })}
                </a>
                <a
                    href=Page::Server.hash()
                    title=t!("nav.server")
                    class:on=on_server
                    aria-current=move || current(on_server())
                >
                    {icon(Icon::Server)}
                    <span class="word">{t!("nav.server")}</span>
                    {move || sick().then(|| view! { <span class="count alert" title=t!("server.failed")>"!"</span> })}
                </a>
            </nav>
            {server_foot()}
        </aside>
    }
}

/// The server's state in one word, and the colour of its dot.
pub(crate) fn server_state(state: ServerState) -> (&'static str, &'static str) {
    match state {
        ServerState::Starting => ("prep", t!("server.starting")),
        ServerState::Running => ("live", t!("server.running")),
        ServerState::Restarting => ("retry", t!("server.restarting")),
        ServerState::Failed => ("fail", t!("server.failed")),
        ServerState::Stopped => ("stop", t!("server.stopped")),
    }
}

fn server_foot() -> impl IntoView {
    let app = use_app();
    let world = app.world;
    let lost = move || world.link.get() == Link::Down;
    let dot = Memo::new(move |_| match lost() {
        true => "fail",
        false => world.server.with(|s| s.as_ref().map_or("stop", |s| server_state(s.state).0)),
    });
    let name = Memo::new(move |_| {
        let version = world.server.with(|s| s.as_ref().and_then(|s| s.version.clone())).unwrap_or_default();
        format!("{} {version}", t!("server.name"))
    });
    let about = Memo::new(move |_| {
        let reach = world.server.with(|s| s.as_ref().map(|s| s.settings.reach));
        let place = match reach {
            Some(Reach::LocalNetwork) => t!("server.bundled_network"),
            _ => t!("server.bundled_here"),
        };
        if lost() {
            return t!("link.lost").to_owned();
        }
        world.server.with(|server| match server {
            Some(server) if server.state == ServerState::Running => match server.started {
                Some(started) => {
                    // One piece, where the line is broken.
                    let up = format::span(world.now.get() - started.0).replace(' ', "\u{a0}");
                    t!("server.up", place = place, up = up)
                }
                None => place.to_owned(),
            },
            Some(server) => format!("{place} · {}", server_state(server.state).1),
            None => String::new(),
        })
    });
    view! {
        <div class="foot">
            <a class="server" href=Page::Server.hash() title=about>
                <i class=move || format!("dot {}", dot.get())></i>
                <div class="word">
                    <b>{name}</b>
                    <span>{about}</span>
                </div>
            </a>
            {meters()}
            // Not every desktop shows a tray icon, whose menu has it too.
            {app.is_desktop().then(|| view! {
                <button type="button" class="quit" id="quit" title=t!("quit.app") on:click=move |_| app.ask_quit()>
                    {icon(Icon::Power)}
                    <span class="word">{t!("quit.app")}</span>
                </button>
            })}
        </div>
    }
}

fn meters() -> impl IntoView {
    let world = use_app().world;
    let out = Memo::new(move |_| world.tally.get().outbound_bps);
    let disk = Memo::new(move |_| {
        world.server.with(|s| s.as_ref().and_then(|s| Some((s.disk_free?, s.disk_total?))))
    });
    // The bar is for a look, not for reading: by the logarithm, so that one viewer already shows.
    let out_part = move || match out.get() {
        0 => 0.0,
        bps => ((bps as f64).log10() - 5.0).max(0.2) / (OUT_FULL.log10() - 5.0),
    };
    let used = |(free, total): (u64, u64)| 1.0 - free as f64 / total.max(1) as f64;
    view! {
        <div class="meters num word">
            <span>{t!("meter.out")}</span>
            {bar(Signal::derive(out_part))}
            <span>{move || format::rate(out.get())}</span>
            {move || disk.get().map(|disk| view! {
                <span title=t!("meter.disk.title")>{t!("meter.disk")}</span>
                {bar(Signal::stored(used(disk)))}
                <span title=t!("meter.disk.title")>{t!("meter.free", bytes = format::bytes(disk.0))}</span>
            })}
        </div>
    }
}

fn bar(part: Signal<f64>) -> impl IntoView {
    let width = move || format!("{:.0}%", part.get().clamp(0.0, 1.0) * 100.0);
    view! { <div class="bar"><i class:full={move || part.get() > 0.92} style:width=width></i></div> }
}
