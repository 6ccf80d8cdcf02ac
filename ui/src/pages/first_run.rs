use leptos::{ev::MouseEvent, prelude::*};
use stream_api::{HostKind, HostStatus, ServerState, Tool, ToolState, t};

use crate::{
    app::{App, use_app},
    components::{
        Act, FaultCard, FaultOf, Icon,
        banners::unusable,
        icon,
        sheet::{Kind, SheetFor},
        sidebar::server_state,
        who,
    },
};

/// What is shown while there is no stream: where to begin, and whether everything needed is there.
#[component]
pub(crate) fn FirstRun() -> impl IntoView {
    let app = use_app();
    let choosing = RwSignal::new(false);
    let choose = move |_| match app.client().desktop() {
        None => {
            let offers = |host: &HostStatus| !host.media_roots.is_empty();
            let choose = app.world.host.with_untracked(|host| host.as_ref().is_some_and(offers));
            app.sheet.set(Some(SheetFor::New { kind: Kind::File, path: None, choose }));
        }
        Some(desktop) => {
            choosing.set(true);
            let picked = desktop.pick_files();
            wasm_bindgen_futures::spawn_local(async move {
                let picked = picked.await;
                choosing.try_set(false);
                match picked {
                    Ok(paths) => app.take_files(paths),
                    Err(error) => app.tell(crate::components::Toast::error(error)),
                }
            });
        }
    };
    let open = move |kind: Kind| move |_: MouseEvent| app.sheet.set(Some(SheetFor::kind(kind)));
    let title = if app.is_desktop() { t!("first.title") } else { t!("first.title.browser") };
    view! {
        <div class="first">
            <div class="zone" class:solid=!app.is_desktop()>
                <span class="mark big">{icon(Icon::Stream)}</span>
                <h2>{title}</h2>
                <p class="muted">{t!("first.body")}</p>
                <div class="begin">
                    <Act id="first-choose" class="primary" icon=Icon::File label=t!("first.choose") busy=choosing on_press=choose/>
                    <Act id="first-camera" icon=Icon::Camera label=t!("first.camera") on_press=open(Kind::Network)/>
                    <Act id="first-test-pattern" icon=Icon::Pattern label=t!("source.test_pattern") on_press=open(Kind::TestPattern)/>
                </div>
            </div>
            {who::card(app)}
            <div class="checks">{server_check(app)} {ffmpeg_check(app)}</div>
            {tools_fault(app)}
        </div>
    }
}

fn check(class: &'static str, name: &'static str, text: String) -> impl IntoView {
    let sign = match class {
        "live" => Icon::Check,
        "fail" => Icon::Alert,
        _ => Icon::Spinner,
    };
    view! {
        <div class=format!("card check {class}") data-check=class>
            <h3>{icon(sign)}{name}</h3>
            <p class="muted">{text}</p>
        </div>
    }
}

fn server_check(app: App) -> impl IntoView {
    let seen = Memo::new(move |_| {
        app.world.server.with(|server| {
            let server = server.as_ref()?;
            let (class, state) = server_state(server.state);
            let failed = server.state == ServerState::Failed;
            let fault = server.fault.as_ref().filter(|_| failed).map(|fault| fault.error.message.clone());
            let version = server.version.clone().unwrap_or_default();
            let words = t!("first.server", version = version, state = state.to_lowercase());
            Some((class, fault.unwrap_or(if version.is_empty() { state.to_owned() } else { words })))
        })
    });
    move || seen.get().map(|(class, words)| check(class, t!("server.name"), words))
}

fn ffmpeg_check(app: App) -> impl IntoView {
    let seen = Memo::new(move |_| {
        app.world.host.with(|host| host.as_ref().map(|host| (tools_class(host), tool_words(host))))
    });
    move || seen.get().map(|(class, words)| check(class, t!("tool.ffmpeg"), words))
}

fn tools_class(host: &HostStatus) -> &'static str {
    let of = |tool: &Tool| match tool.state {
        ToolState::Checking => "prep",
        ToolState::Ready => "live",
        ToolState::Unusable => "fail",
    };
    match (of(&host.ffmpeg), of(&host.ffprobe)) {
        ("fail", _) | (_, "fail") => "fail",
        ("prep", _) | (_, "prep") => "prep",
        _ => "live",
    }
}

fn tool_words(host: &HostStatus) -> String {
    if let Some(fault) = unusable([&host.ffmpeg, &host.ffprobe]) {
        return fault.error.message;
    }
    if host.ffmpeg.state == ToolState::Checking {
        return t!("tool.checking").to_owned();
    }
    let version = host.ffmpeg.version.clone().unwrap_or_default();
    match host.kind {
        HostKind::Desktop => t!("first.ffmpeg", version = version),
        HostKind::Headless => t!("first.ffmpeg.server", version = version),
    }
}

fn tools_fault(app: App) -> impl IntoView {
    let fault = Memo::new(move |_| {
        app.world.host.with(|host| host.as_ref().and_then(|host| unusable([&host.ffmpeg, &host.ffprobe])))
    });
    move || fault.get().map(|fault| view! { <FaultCard fault=fault of=FaultOf::Tools/> })
}
