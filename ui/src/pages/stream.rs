use leptos::prelude::*;
use stream_api::{Address, Health, Reach, Recording, StreamId, commands, t};

use crate::{
    app::{App, use_app},
    components::{
        Act, CopyButton, FaultCard, FaultOf, Icon, LogCard, LogOf, MenuKind, RowMenu, StateBadge,
        access::access_card,
        arrival,
        everywhere::{curing, everywhere},
        icon,
        orders::OrderButton,
        past::{Past, figures, runs},
        prepare::preparation,
        row::NOTHING,
        row_menu::copy_act,
        sheet::{SheetFor, aside_facts},
        shown,
        snippets::players,
        spark,
        watching::watching_card,
    },
    format,
    pages::Page,
    store::live::Row,
};

/// One stream: everything there is to know about it.
#[component]
pub(crate) fn StreamPage(id: StreamId) -> impl IntoView {
    let app = use_app();
    let there = Memo::new(move |_| app.world.lines.with(|lines| lines.iter().any(|line| line.id == id)));
    move || match there.get().then(|| app.world.row(id)).flatten() {
        Some(row) => page(app, id, row).into_any(),
        None => view! {
            <div class="none">
                <p>{t!("stream.gone")}</p>
                <a class="btn" href=Page::Streams.hash()>{icon(Icon::Back)}{t!("stream.back")}</a>
            </div>
        }
        .into_any(),
    }
}

fn page(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let past = Past::of(id, row);
    let name = Memo::new(move |_| row.with(|row| row.stream.spec.name.clone()));
    let why = Memo::new(move |_| {
        let now = app.world.now.get();
        row.with(|row| match row.stream.fault.is_some() || !row.stream.warnings.is_empty() {
            // The card below says it in full.
            true => String::new(),
            false => shown(&row.stream, now).why,
        })
    });
    let uptime = move || {
        let since = row.with(|row| row.stream.on_air_since.filter(|_| row.stream.on_air))?;
        let text = move || format::uptime(app.world.now.get() - since.0);
        Some(view! { <span class="chip num" title=t!("column.uptime")>{text}</span> })
    };
    view! {
        <div class="head" data-testid="stream-page" data-name=name>
            <a class="btn icon ghost" href=Page::Streams.hash() title=t!("stream.back") aria-label=t!("stream.back")>
                {icon(Icon::Back)}
            </a>
            <h1 title=name>{name}</h1>
            <StateBadge row=row/>
            {uptime}
            {server(app, row)}
            <span class="muted why-head">{why}</span>
            <div class="grow"></div>
            <Act
                icon=Icon::Pen
                label=t!("row.edit")
                act="edit"
                on_press=move |_| app.sheet.set(Some(SheetFor::Edit { id, locate: false }))
            />
            <OrderButton row=row words=true/>
            <RowMenu row=row kind=MenuKind::All/>
        </div>
        <div class="body">
            {fault(id, row)}
            <div class="detail">
                <div class="column">
                    {arrival::incoming(app, row)}
                    {rate(row)}
                    {watching_card(app, id, row)}
                    {sending(app, id, row)}
                    {runs(past)}
                    <LogCard of=LogOf::Stream(id)/>
                </div>
                <div class="column">{watch(app, row)} {access_card(app, id, row)} {health(row, past)} {recording(app, id, row)}</div>
            </div>
        </div>
    }
}

/// What keeps it off air, and what is wrong although it is on air.
fn fault(id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let seen = Memo::new(move |_| {
        row.with(|row| {
            let fault = row.stream.fault.clone().map(|fault| (fault, !row.stream.has_failed()));
            let warnings = row.stream.warnings.iter().cloned().map(|fault| (fault, true));
            fault.into_iter().chain(warnings).collect::<Vec<_>>()
        })
    });
    move || {
        let cards = seen.get().into_iter();
        cards
            .map(|(fault, mild)| view! { <FaultCard fault=fault mild=mild of=FaultOf::Stream(id)/> })
            .collect_view()
    }
}

fn rate(row: RwSignal<Row>) -> impl IntoView {
    let metrics =
        Memo::new(move |_| row.with(|row| row.stream.metrics.clone().filter(|_| row.stream.on_air)));
    let now = move || metrics.get().map_or(NOTHING.to_owned(), |metrics| format::rate(metrics.inbound_bps));
    let serving = move || metrics.get().map(|m| t!("stream.serving", rate = format::rate(m.outbound_bps)));
    let on_air = Memo::new(move |_| row.with(|row| row.stream.on_air));
    let ends = Memo::new(move |_| {
        row.with(|row| row.samples.iter().min().copied().zip(row.samples.iter().max().copied()))
    });
    let scale = move || {
        let rate = format::rate;
        ends.get().map(|(low, high)| t!("stream.scale", low = rate(low), high = rate(high)))
    };
    move || {
        on_air.get().then(|| view! {
        <section class="card">
            <h3>{t!("column.bitrate")}<b class="num figure">{now}</b><span class="muted right num">{serving}</span></h3>
            <div class="chart">{spark(row, 640.0, 90.0)}</div>
            <p class="faint small-print chart-foot num"><span>{t!("stream.last_samples")}</span><span>{scale}</span></p>
        </section>
    })
    }
}

fn sending(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let choose = curing(app, row);
    let on = Memo::new(move |_| app.world.protocols(row.with(|row| row.stream.spec.server)));
    let seen = Memo::new(move |_| {
        row.with(|row| {
            let stream = &row.stream;
            let known = stream.media.clone().zip(stream.plan.clone());
            (stream.spec.source.place().to_owned(), known, stream.spec.takes_settings())
        })
    });
    move || {
        let (path, known, takes_settings) = seen.get();
        // Of another source the server sends what comes.
        let cure = takes_settings.then_some(choose);
        let known = known.map(|(media, plan)| {
            // What a protocol does not carry stands in the table below.
            let warnings = plan.warnings.iter().filter(|remark| !remark.code.is_of_a_protocol());
            let lines = plan.reasons.iter().chain(warnings).map(|remark| remark.message.clone());
            let lines = lines.map(|line| view! { <li>{line}</li> }).collect_view();
            view! { {aside_facts(&media, &plan)} <ul class="reasons">{lines}</ul> {everywhere(&on.get(), &media, &plan, cure)} }
        });
        view! {
            <section class="card source">
                <h3>{t!("stream.source")}</h3>
                <p class="mono path" title=path.clone()>{path.clone()}</p>
                {arrival::fetched(app, row)}
                {known}
                {preparation(app, id, row)}
            </section>
        }
    }
}

fn watch(app: App, row: RwSignal<Row>) -> impl IntoView {
    let urls = Memo::new(move |_| app.addresses(row));
    let on_air = Memo::new(move |_| row.with(|row| row.stream.on_air));
    let rows = move || {
        urls.get()
            .into_iter()
            .map(|(protocol, url)| {
                let title = t!("row.copy_protocol", protocol = protocol.label());
                view! {
                    <div class="url">
                        <span class="p">{protocol.label()}</span>
                        <code title=url.clone()>{url.clone()}</code>
                        <CopyButton text=Signal::stored(url) title=title act=copy_act(protocol)/>
                    </div>
                }
            })
            .collect_view()
    };
    let web = Memo::new(move |_| app.urls(row).webrtc);
    let open = move |_| app.open_url(&web.get_untracked());
    let login = move || {
        let user =
            row.with(|row| row.stream.access.asks_password().then(|| row.stream.access.user.clone()))?;
        let words = t!("access.login", user = user, placeholder = t!("access.placeholder"));
        Some(view! { <p class="faint small-print" data-testid="login">{words}</p> })
    };
    view! {
        <section class="card" data-testid="watch">
            <h3>{t!("stream.watch")}{addresses(app, row)}</h3>
            {rows}
            {login}
            {players(app, row)}
            {move || reach(app, row).map(|words| view! { <p class="faint small-print">{words}</p> })}
            <div class="card-foot">
                <Act
                    icon=Icon::Open
                    label=t!("stream.open")
                    act="open"
                    disabled=Signal::derive(move || !on_air.get() || web.with(String::is_empty))
                    on_press=open
                />
            </div>
        </section>
    }
}

/// Which of the server's addresses is shown, where it has several.
fn addresses(app: App, row: RwSignal<Row>) -> impl IntoView {
    let of = Memo::new(move |_| row.with(|row| row.stream.spec.server));
    let all = Memo::new(move |_| app.world.addresses(of.get()));
    move || {
        (all.with(Vec::len) > 1).then(|| {
            let option = |address: Address| {
                let (host, value) = (address.host.clone(), address.host.clone());
                let chosen = move || app.host.get().as_ref() == Some(&host);
                view! { <option value=value selected=chosen>{format!("{} · {}", address.host, address.label)}</option> }
            };
            view! {
                <select
                    id="address"
                    class="input right address"
                    aria-label=t!("watch.address")
                    on:change=move |event| app.host.set(Some(event_target_value(&event)))
                >
                    {all.get().into_iter().map(option).collect_view()}
                </select>
            }
        })
    }
}

/// From where it can be watched, where that is not everywhere.
fn reach(app: App, row: RwSignal<Row>) -> Option<&'static str> {
    let reach = app.world.server.with(|s| s.as_ref().map(|s| s.settings.reach));
    let here = row.with(|row| row.stream.spec.server.is_bundled());
    (here && reach == Some(Reach::ThisComputer)).then_some(t!("watch.here"))
}

/// Which server it belongs to, where there are several.
fn server(app: App, row: RwSignal<Row>) -> impl IntoView {
    let of = Memo::new(move |_| row.with(|row| row.stream.spec.server));
    let name = Memo::new(move |_| app.world.server_name(of.get()));
    move || {
        let page = if of.get().is_bundled() { Page::Server } else { Page::Other(of.get()) };
        name.get().map(|name| view! {
            <a class="chip" href=page.hash() title=t!("sheet.server") data-testid="on-server">{icon(Icon::Server)}{name}</a>
        })
    }
}

fn health(row: RwSignal<Row>, past: Past) -> impl IntoView {
    let seen = Memo::new(move |_| {
        row.with(|row| {
            let stream = &row.stream;
            let speed = stream.metrics.as_ref().filter(|_| stream.on_air).and_then(|metrics| metrics.speed);
            (stream.health, stream.on_air, speed, stream.attempt)
        })
    });
    let verdict = move || match seen.get() {
        (Health::Good, true, ..) => ("good", t!("health.good")),
        (Health::Slow, true, ..) => ("warn", t!("health.slow")),
        _ => ("faint", NOTHING),
    };
    let speed = move || seen.get().2.map_or(NOTHING.to_owned(), |speed| format!("{speed:.2}×"));
    view! {
        <section class="card">
            <h3>{t!("stream.health")}</h3>
            <dl class="kv num">
                <dt>{t!("health.verdict")}</dt>
                <dd class=move || verdict().0>{move || verdict().1}</dd>
                <dt title=t!("health.speed.title")>{t!("health.speed")}</dt>
                <dd>{speed}</dd>
                <dt title=t!("health.attempt.title")>{t!("health.attempt")}</dt>
                <dd>{move || seen.get().3.saturating_sub(1)}</dd>
            </dl>
            {figures(past)}
        </section>
    }
}

fn recording(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let seen = Memo::new(move |_| row.with(|row| (row.stream.spec.record, row.stream.recording)));
    let truth = move || match seen.get() {
        (false, Recording::Off) => ("muted", "off", t!("recording.off")),
        (true, Recording::Off) => ("muted", "off", t!("recording.later")),
        (_, Recording::Waiting) => ("muted", "waiting", t!("recording.waiting")),
        (_, Recording::Writing) => ("rec", "writing", t!("recording.writing")),
        (_, Recording::Stuck) => ("bad", "stuck", t!("recording.stuck")),
        // Red is what is seen to be written.
        (_, Recording::Elsewhere) => ("muted", "elsewhere", t!("recording.there")),
    };
    let turn = move |event: web_sys::Event| {
        let record = Some(event_target_checked(&event));
        app.run(busy, commands::StreamUpdate { record, ..commands::StreamUpdate::of(id) }, |_| {});
    };
    let here = Memo::new(move |_| row.with(|row| row.stream.spec.server.is_bundled()));
    let folder = move || match here.get() {
        true => {
            app.world.host.with(|host| host.as_ref().map(|h| h.recordings_dir.clone()).unwrap_or_default())
        }
        false => t!("recording.elsewhere").to_owned(),
    };
    view! {
        <section class="card">
            <h3>
                {t!("recording.title")}
                <span class=move || format!("right rec-state {}", truth().0) data-testid="recording" data-recording=move || truth().1>
                    {move || truth().2}
                </span>
            </h3>
            <label class="switch" class:busy=busy>
                <input
                    type="checkbox"
                    role="switch"
                    id="record-switch"
                    prop:checked=move || { busy.track(); seen.get().0 }
                    disabled=busy
                    on:change=turn
                />
                <i aria-hidden="true"></i>
                <span><b>{t!("sheet.record")}</b><small class="path" title=folder>{folder}</small></span>
            </label>
            {move || (here.get() && app.is_desktop()).then(|| view! {
                <div class="card-foot">
                    <Act icon=Icon::Folder label=t!("recording.reveal") on_press=move |_| app.reveal(&folder())/>
                </div>
            })}
        </section>
    }
}
