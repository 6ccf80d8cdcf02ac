use leptos::prelude::*;
use stream_api::{OtherServer, ServerState, t, tn};

use crate::{
    app::App,
    components::{Act, Icon, sidebar::server_state},
    pages::{
        Page,
        other::{kind, other_state},
    },
};

/// The servers that streams can belong to: the bundled one and those that were added.
pub(super) fn servers(app: App) -> impl IntoView {
    // What they send changes all the time, and is not shown here.
    let still = |other: &OtherServer| OtherServer { outbound_bps: 0, ..other.clone() };
    let seen = Memo::new(move |_| {
        app.world.others.with(|others| others.iter().map(still).collect::<Vec<OtherServer>>())
    });
    let others = move || seen.get().into_iter().map(other).collect_view();
    let none = move || {
        let none = seen.with(Vec::is_empty);
        none.then(|| view! { <p class="muted small-print" data-testid="no-others">{t!("servers.none")}</p> })
    };
    view! {
        <section class="card" data-testid="servers">
            <h3>{t!("servers.title")}</h3>
            <div class="servers" role="list">{bundled(app)} {others}</div>
            {none}
            <div class="card-foot">
                <Act
                    id="add-server"
                    icon=Icon::Plus
                    label=t!("server.add.open")
                    on_press=move |_| app.server_sheet.set(Some(None))
                />
            </div>
        </section>
    }
}

fn bundled(app: App) -> impl IntoView {
    let seen = Memo::new(move |_| {
        app.world.server.with(|s| s.as_ref().map(|s| (s.state, s.version.clone().unwrap_or_default())))
    });
    move || {
        let (state, version) = seen.get().unwrap_or((ServerState::Starting, String::new()));
        let (class, word) = server_state(state);
        let about = [t!("server.bundled"), &version].into_iter().filter(|part| !part.is_empty());
        let about = about.collect::<Vec<_>>().join(" · ");
        view! {
            <div class="srv" role="listitem">
                <i class=format!("dot {class}")></i>
                <div class="what"><b class="name">{t!("server.here")}</b><span class="sub">{about}</span></div>
                <span class=format!("state {class}") data-server-state=class role="status">{word}</span>
            </div>
        }
    }
}

fn other(server: OtherServer) -> impl IntoView {
    let (class, word) = other_state(server.state);
    let version = server.version.clone().unwrap_or_default();
    let parts = [kind(server.spec.kind), &version, &server.spec.api];
    let about = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let drift = (!server.drift.is_empty()).then(|| tn!("drift.title", server.drift.len()));
    let lacks = (!server.lacks.is_empty()).then(|| {
        let each: Vec<&str> = server.lacks.iter().map(|lack| lack.words()).collect();
        (tn!("servers.lacks", each.len()), each.join("\n"))
    });
    let fault = server.fault.as_ref().map(|fault| fault.error.message.clone());
    view! {
        <div class="srv" role="listitem" data-testid="server-row" data-name=server.spec.name.clone()>
            <i class=format!("dot {class}")></i>
            <div class="what">
                <a class="name" href=Page::Other(server.id).hash()>{server.spec.name.clone()}</a>
                <span class="sub" title=about.clone()>{about.clone()}</span>
                {fault.map(|fault| view! { <span class="sub bad-text">{fault}</span> })}
                <div class="chips">
                    {drift.map(|words| view! { <span class="chip warn">{words}</span> })}
                    {lacks.map(|(words, each)| view! { <span class="chip" title=each>{words}</span> })}
                </div>
            </div>
            <span class=format!("state {class}")>{word}</span>
        </div>
    }
}
