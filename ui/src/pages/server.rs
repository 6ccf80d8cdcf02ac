pub(crate) mod draft;
mod files;
mod list;
mod settings;

use leptos::prelude::*;
use stream_api::{HostStatus, ServerState, ServerStatus, Tool, ToolState, commands, t};

use crate::{
    app::{App, use_app},
    components::{
        Act, BundleCard, FaultCard, FaultOf, Icon, LogCard, LogOf,
        encoders::encoders_card,
        log::ltr,
        outbound::{outbound_card, server_warnings},
        prepare::prepared_card,
        room::left,
        row::NOTHING,
    },
    format,
};

/// The server: its state, its ports, what it runs on and its log.
#[component]
pub(crate) fn ServerPage() -> impl IntoView {
    let app = use_app();
    let busy = RwSignal::new(false);
    let draft = draft::Draft::new(app);
    let seen = app.world.server;
    let state = Memo::new(move |_| seen.with(|s| s.as_ref().map(|s| s.state)));
    let fault = Memo::new(move |_| seen.with(|s| s.as_ref().and_then(|s| Some((s.fault.clone()?, s.state)))));
    let label = move || match state.get() {
        Some(ServerState::Failed | ServerState::Stopped) => t!("server.start").to_owned(),
        _ => t!("server.restart").to_owned(),
    };
    view! {
        <div class="head" data-testid="server-page">
            <h1>{t!("server.title")}</h1>
            <div class="grow"></div>
            <Act
                id="restart-server"
                icon=Icon::Retry
                label=Signal::derive(label)
                busy=Signal::derive(move || busy.get() || state.get() == Some(ServerState::Starting))
                on_press=move |_| app.restart_server(busy)
            />
        </div>
        <div class="body">
            {move || fault.get().map(|(fault, state)| {
                let mild = state != ServerState::Failed;
                view! { <FaultCard fault=fault mild=mild of=FaultOf::Server/> }
            })}
            {server_warnings(app)}
            <div class="detail">
                <div class="column">
                    {list::servers(app)}
                    {draft::bar(draft)}
                    {settings::reach(app, draft)}
                    {settings::ports(draft)}
                    <LogCard of=LogOf::Server/>
                </div>
                <div class="column">{about(app)} {outbound_card(app)} {settings::more(app, draft)} {computer(app)} {prepared_card(app)} {encoders_card(app)} {files::files(app, draft)} <BundleCard/></div>
            </div>
        </div>
    }
}

fn about(app: App) -> impl IntoView {
    let up = move |s: &ServerStatus| match s.started.filter(|_| s.state == ServerState::Running) {
        Some(started) => format::span(app.world.now.get() - started.0),
        None => NOTHING.to_owned(),
    };
    let rows = move || {
        app.world.server.with(|server| {
            server.as_ref().map(|s| {
                view! {
                    <dt>{t!("server.version")}</dt>
                    <dd data-testid="server-version">{s.version.clone().unwrap_or(NOTHING.to_owned())}</dd>
                    <dt>{t!("server.uptime")}</dt>
                    <dd>{up(s)}</dd>
                    <dt title=t!("server.restarts.title")>{t!("server.restarts")}</dt>
                    <dd>{s.restarts}</dd>
                    <dt>{t!("server.sending")}</dt>
                    <dd>{format::rate(s.outbound_bps)}</dd>
                    {s.disk_free.map(|free| view! { <dt>{t!("meter.disk.title")}</dt><dd>{format::bytes(free)}</dd> })}
                }
            })
        })
    };
    view! {
        <section class="card">
            <h3>{t!("server.name")}<span class="muted right">{t!("server.bundled")}</span></h3>
            <dl class="kv num">{rows}</dl>
        </section>
    }
}

fn computer(app: App) -> impl IntoView {
    let busy = RwSignal::new(false);
    let tool = |tool: &Tool| match (tool.state, &tool.version) {
        (ToolState::Checking, _) => t!("tool.checking").to_owned(),
        (ToolState::Ready, Some(version)) => version.clone(),
        (ToolState::Ready, None) => t!("tool.ready").to_owned(),
        (ToolState::Unusable, _) => tool.fault.as_ref().map(|f| f.error.message.clone()).unwrap_or_default(),
    };
    let place = move |word: &'static str, path: String| {
        let shown = path.clone();
        let open = app.is_desktop().then(|| {
            view! { <Act class="icon ghost" icon=Icon::Folder label=t!("log.reveal") on_press=move |_| app.reveal(&path)/> }
        });
        view! { <dt>{word}</dt><dd class="place"><span class="path mono" title=shown.clone()>{ltr(shown.clone())}</span>{open}</dd> }
    };
    let rows = move || {
        app.world.host.get().map(|host: HostStatus| {
            let from = |tool: &Tool| tool.path.clone().unwrap_or_default();
            view! {
                <dt>{t!("app.name")}</dt>
                <dd>{host.version.clone()}</dd>
                <dt>{t!("tool.ffmpeg")}</dt>
                <dd title=from(&host.ffmpeg)>{tool(&host.ffmpeg)}</dd>
                <dt>{t!("tool.ffprobe")}</dt>
                <dd title=from(&host.ffprobe)>{tool(&host.ffprobe)}</dd>
                {place(t!("host.data_dir"), host.data_dir.clone())}
                {place(t!("host.recordings_dir"), host.recordings_dir.clone())}
                <dt>{t!("host.secrets")}</dt>
                <dd data-testid="secrets-place">{host.secrets.words()}</dd>
            }
        })
    };
    view! {
        <section class="card">
            <h3>{t!("host.title")}</h3>
            <dl class="kv num">{rows} {left(app)}</dl>
            <div class="card-foot">
                <Act
                    icon=Icon::Retry
                    label=t!("tool.check_again")
                    busy=busy
                    on_press=move |_| app.run(busy, commands::ToolsCheck {}, |_| {})
                />
                {app.is_desktop().then(|| view! {
                    <Act
                        icon=Icon::Folder
                        label=t!("install.locate")
                        act="open-install"
                        on_press=move |_| app.installing.set(true)
                    />
                })}
            </div>
        </section>
    }
}
