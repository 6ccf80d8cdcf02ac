//! A server that was added: how it is, what it can't do, what others changed there.

mod drift;
mod remove;

use leptos::prelude::*;
use stream_api::{OtherServer, OtherState, ServerId, ServerKind, commands::ServerRetry, t, tn};

use crate::{
    app::App,
    components::{Act, FaultCard, FaultOf, Icon, icon, row::NOTHING, server_sheet::lacks},
    format,
    pages::Page,
};

/// The page of an added server.
pub(crate) fn other_page(app: App, id: ServerId) -> AnyView {
    let seen = Memo::new(move |_| app.world.other(id));
    let there = Memo::new(move |_| seen.with(Option::is_some));
    let shown = move || match there.get() {
        true => page(app, id, seen).into_any(),
        false => view! {
            <div class="none">
                <p>{t!("server.gone")}</p>
                <a class="btn" href=Page::Server.hash()>{icon(Icon::Back)}{t!("server.back")}</a>
            </div>
        }
        .into_any(),
    };
    shown.into_any()
}

/// Its state in one word, and the colour of its dot.
pub(crate) fn other_state(state: OtherState) -> (&'static str, &'static str) {
    match state {
        OtherState::Connecting => ("prep", t!("other.connecting")),
        OtherState::Running => ("live", t!("server.running")),
        OtherState::Unreachable => ("retry", t!("other.unreachable")),
        OtherState::Failed => ("fail", t!("other.failed")),
    }
}

/// Its kind in a few words.
pub(crate) fn kind(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Bundled => t!("server.bundled"),
        ServerKind::SharedFolder => t!("server.kind.shared"),
        ServerKind::Remote => t!("server.kind.remote"),
    }
}

fn page(app: App, id: ServerId, seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let of = move |of: fn(&OtherServer) -> String| seen.with(|s| s.as_ref().map(of).unwrap_or_default());
    let name = Memo::new(move |_| of(|s| s.spec.name.clone()));
    let state = Memo::new(move |_| seen.with(|s| s.as_ref().map(|s| s.state)));
    let faults = Memo::new(move |_| {
        seen.with(|s| {
            let Some(s) = s else { return Vec::new() };
            let fault = s.fault.clone().map(|fault| (fault, s.state != OtherState::Failed));
            fault.into_iter().chain(s.warnings.iter().map(|fault| (fault.clone(), true))).collect::<Vec<_>>()
        })
    });
    let (busy, removing) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <div class="head" data-testid="other-page" data-name=name>
            <a class="btn icon ghost" href=Page::Server.hash() title=t!("server.back") aria-label=t!("server.back")>
                {icon(Icon::Back)}
            </a>
            <h1 title=name>{name}</h1>
            {move || state.get().map(|state| {
                let (class, word) = other_state(state);
                view! { <span class=format!("state {class}") data-server-state=class role="status">{word}</span> }
            })}
            <div class="grow"></div>
            {move || (state.get() != Some(OtherState::Running)).then(|| view! {
                <Act
                    id="retry-server"
                    icon=Icon::Retry
                    label=t!("fault.retry")
                    busy=busy
                    on_press=move |_| app.run(busy, ServerRetry { id }, |_| {})
                />
            })}
            <Act id="edit-server" icon=Icon::Pen label=t!("row.edit") on_press=move |_| app.server_sheet.set(Some(Some(id)))/>
            <Act id="remove-server" icon=Icon::Trash label=t!("server.remove") on_press=move |_| removing.set(true)/>
        </div>
        <div class="body">
            {move || {
                let cards = faults.get().into_iter();
                cards
                    .map(|(fault, mild)| view! { <FaultCard fault=fault mild=mild of=FaultOf::Other(id)/> })
                    .collect_view()
            }}
            <div class="detail">
                <div class="column">{drift::users(app, id, seen)} {drift::drift(app, id, seen)} {streams(app, id)} {foreign(app, id, seen)}</div>
                <div class="column">{about(app, seen)} {cannot(seen)}</div>
            </div>
        </div>
        {move || removing.get().then(|| remove::dialog(app, id, name.get_untracked(), state, removing))}
    }
}

fn about(app: App, seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let rows = move || {
        seen.get().map(|s| {
            let up = s.started.filter(|_| s.state == OtherState::Running);
            let up = up.map(|started| format::span(app.world.now.get() - started.0));
            let host = s.addresses.first().map(|address| address.host.clone());
            let doors = s.doors.iter().map(|door| format!("{} {}", door.protocol.label(), door.port));
            let doors = doors.collect::<Vec<_>>().join(" · ");
            view! {
                <dt>{t!("server.version")}</dt>
                <dd data-testid="server-version">{s.version.clone().unwrap_or(NOTHING.to_owned())}</dd>
                <dt>{t!("server.uptime")}</dt>
                <dd>{up.unwrap_or(NOTHING.to_owned())}</dd>
                <dt>{t!("server.sending")}</dt>
                <dd>{format::rate(s.outbound_bps)}</dd>
                <dt>{t!("server.field.api")}</dt>
                <dd class="mono">{s.spec.api.clone()}</dd>
                {host.map(|host| view! { <dt>{t!("server.field.host")}</dt><dd class="mono">{host}</dd> })}
                {(!doors.is_empty()).then(|| view! { <dt>{t!("server.doors")}</dt><dd>{doors}</dd> })}
            }
        })
    };
    let kind = move || seen.with(|s| s.as_ref().map(|s| kind(s.spec.kind)));
    view! {
        <section class="card">
            <h3>{t!("server.name")}<span class="muted right">{kind}</span></h3>
            <dl class="kv num">{rows}</dl>
        </section>
    }
}

fn cannot(seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let all = Memo::new(move |_| seen.with(|s| s.as_ref().map(|s| s.lacks.clone()).unwrap_or_default()));
    move || {
        (!all.with(Vec::is_empty))
            .then(|| view! { <section class="card">{all.with(|all| lacks(all))}</section> })
    }
}

/// The streams that belong to it.
fn streams(app: App, id: ServerId) -> impl IntoView {
    let ours = Memo::new(move |_| {
        app.world.lines.with(|lines| {
            lines
                .iter()
                .filter(|line| line.server == id)
                .map(|line| (line.id, line.name.clone()))
                .collect::<Vec<_>>()
        })
    });
    let rows = move || {
        let row = |(id, name): (_, String)| view! { <li><a href=Page::Stream(id).hash()>{name}</a></li> };
        ours.get().into_iter().map(row).collect_view()
    };
    let none =
        move || ours.with(Vec::is_empty).then(|| view! { <p class="muted">{t!("server.streams.none")}</p> });
    view! {
        <section class="card" data-testid="server-streams">
            <h3>{t!("nav.streams")}<b class="right num figure">{move || ours.with(Vec::len)}</b></h3>
            {none}
            <ul class="paths">{rows}</ul>
        </section>
    }
}

/// Paths that others made there: shown, and left alone.
fn foreign(app: App, id: ServerId, seen: Memo<Option<OtherServer>>) -> impl IntoView {
    let all = Memo::new(move |_| {
        seen.with(|s| s.as_ref().map(|s| (s.foreign, s.foreign_paths.clone())).unwrap_or_default())
    });
    move || {
        let (count, paths) = all.get();
        (count > 0).then(|| {
            let more = count.saturating_sub(u32::try_from(paths.len()).unwrap_or(u32::MAX));
            let rows = paths.into_iter().map(|path| view! { <li class="mono">{path}</li> }).collect_view();
            view! {
                <section class="card" data-testid="foreign">
                    <h3>{t!("server.foreign.title")}<b class="right num figure">{count}</b></h3>
                    <p class="muted small-print">{t!("server.foreign.hint")}</p>
                    <ul class="paths">{rows}</ul>
                    {(more > 0).then(|| view! { <p class="faint small-print">{tn!("server.foreign.more", more)}</p> })}
                    {drift::alike(app, id, seen)}
                </section>
            }
        })
    }
}
