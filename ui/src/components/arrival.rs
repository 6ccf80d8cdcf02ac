//! How media arrives at a stream that somebody else feeds: who publishes, how to, and what is fetched.

use leptos::prelude::*;
use stream_api::{
    Fetch, Ingest, Lack, Mode, Source,
    commands::{PublishKeyRenew, PublishKeyRevoke},
    t,
};

use crate::{
    app::App,
    components::{Act, CopyButton, Icon, access::unset, confirm::Question, icon, only_here},
    format,
    store::live::Row,
};

/// Of an incoming stream: who publishes, and what others need to.
pub(crate) fn incoming(app: App, row: RwSignal<Row>) -> impl IntoView {
    let is_incoming = Memo::new(move |_| row.with(|row| row.stream.spec.source == Source::Incoming));
    move || is_incoming.get().then(|| view! { {publisher(app, row)} {recipes(app, row)} })
}

fn publisher(app: App, row: RwSignal<Row>) -> impl IntoView {
    let seen = Memo::new(move |_| row.with(|row| row.stream.publisher.clone()));
    let lost = Memo::new(move |_| row.with(|row| row.stream.wait.as_ref().is_some_and(|wait| wait.lost)));
    view! {
        <section class="card" data-testid="publisher">
            <h3>{t!("publisher.title")}</h3>
            {move || match seen.get() {
                Some(publisher) => {
                    let since = publisher.since.map(|since| {
                        let time = move || format::uptime(app.world.now.get() - since.0);
                        view! { <dt>{t!("publisher.since")}</dt><dd>{time}</dd> }
                    });
                    let user = publisher.user.map(|user| view! { <dt>{t!("sheet.user")}</dt><dd>{user}</dd> });
                    view! {
                        <dl class="kv num">
                            <dt>{t!("publisher.protocol")}</dt><dd>{publisher.protocol}</dd>
                            <dt>{t!("publisher.address")}</dt><dd>{publisher.address}</dd>
                            {user}
                            {since}
                        </dl>
                    }
                    .into_any()
                }
                None if lost.get() => view! {
                    <div class="verdict warns" data-testid="publisher-left">
                        {icon(Icon::Alert)}
                        <div><b>{t!("state.publisher_left")}</b><span>{t!("publisher.left.hint")}</span></div>
                    </div>
                }
                .into_any(),
                None => view! { <p class="muted">{t!("publisher.none")}</p> }.into_any(),
            }}
        </section>
    }
}

fn recipes(app: App, row: RwSignal<Row>) -> impl IntoView {
    let id = row.with_untracked(|row| row.stream.id);
    let urls = Memo::new(move |_| app.urls(row));
    let user = Memo::new(move |_| row.with(|row| row.stream.access.publisher.clone()));
    // Who may publish is not ours to say there.
    let unset = Memo::new(move |_| {
        let lacks = app.world.lacks(row.with(|row| row.stream.spec.server));
        let digest = lacks.contains(&Lack::Digest).then(|| Lack::Digest.words());
        unset(&lacks).or(digest)
    });
    // Told once, when it is made.
    let told = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let renew = move || {
        app.run(busy, PublishKeyRenew { id }, move |made| {
            told.try_set(Some(made.key.reveal().to_owned()));
        });
    };
    let make = move |_| match user.get_untracked() {
        None => renew(),
        Some(_) => app.question.set(Some(Question::key(true, renew))),
    };
    let revoke = move |_| {
        let revoke = move || {
            app.run(busy, PublishKeyRevoke { id }, move |_| {
                told.try_set(None);
            });
        };
        app.question.set(Some(Question::key(false, revoke)));
    };
    let hint = move || match (user.get().is_some(), told.get().is_some()) {
        (false, _) if unset.get().is_some() => t!("publish.elsewhere"),
        (false, _) => t!("publish.no_key"),
        (true, true) => t!("publish.key.once"),
        (true, false) => t!("publish.key.hint"),
    };
    let rows = move || {
        let (user, key) = (user.get(), told.get());
        let user = user.as_deref().unwrap_or(t!("publish.user"));
        let ingest = Ingest::of(&urls.get(), user, key.as_deref().unwrap_or(t!("publish.key")));
        [
            (t!("publish.obs"), ingest.rtmp.clone()),
            (t!("publish.ffmpeg"), ingest.ffmpeg()),
            (t!("publish.larix"), ingest.srt.clone()),
            (t!("publish.larix.id"), ingest.srt_id.clone()),
            (t!("publish.whip"), ingest.whip.clone()),
            (t!("publish.whip.token"), ingest.bearer.clone()),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(title, text)| {
            view! {
                <div class="url recipe">
                    <span class="p">{title}</span>
                    <code title=text.clone()>{text.clone()}</code>
                    <CopyButton text=Signal::stored(text) title=t!("publish.copy", what = title) wide=true act="copy-recipe"/>
                </div>
            }
        })
        .collect_view()
    };
    view! {
        <section class="card" data-testid="recipes">
            <h3>{t!("publish.title")}</h3>
            {rows}
            {only_here(app, Signal::derive(move || row.with(|row| row.stream.spec.server)))}
            <p class="faint small-print">{t!("publish.obs.hint")}</p>
            <p class="faint small-print" data-testid="key-hint">{hint}</p>
            {move || unset.get().map(|why| view! { <p class="faint small-print">{why}</p> })}
            <div class="card-foot">
                <Act
                    icon=Icon::Lock
                    label=Signal::derive(move || match user.get() {
                        None => t!("publish.make_key").to_owned(),
                        Some(_) => t!("publish.new_key").to_owned(),
                    })
                    act="publish-key"
                    busy=busy
                    disabled=Signal::derive(move || unset.get().is_some())
                    on_press=make
                />
                {move || user.get().is_some().then(|| view! {
                    <Act class="ghost" label=t!("publish.revoke") act="revoke-key" busy=busy on_press=revoke/>
                })}
            </div>
        </section>
    }
}

/// Of a network source: how it is fetched, and what the last try gave.
pub(crate) fn fetched(app: App, row: RwSignal<Row>) -> impl IntoView {
    let seen = Memo::new(move |_| {
        row.with(|row| {
            let plan = row.stream.plan.as_ref();
            let encodes = plan.is_some_and(|plan| plan.mode == Mode::Transcode);
            let network = row.stream.spec.source.network().cloned();
            network.map(|network| (network, row.stream.wait.clone(), encodes))
        })
    });
    move || {
        let (network, wait, encodes) = seen.get()?;
        let sent = if encodes { t!("fetch.sent.converted") } else { t!("fetch.sent.as_it_comes") };
        let when = match network.when {
            Fetch::Always => t!("fetch.always"),
            Fetch::OnDemand => t!("fetch.on_demand"),
        };
        let user = network.user.map(|user| view! { <dt>{t!("sheet.user")}</dt><dd>{user}</dd> });
        let error = wait.and_then(|wait| Some((wait.error?, wait.tried?)));
        let error = error.map(|(error, tried)| {
            let ago = move || t!("fetch.tried", time = format::span((app.world.now.get() - tried.0).max(0)));
            view! {
                <div class="verdict warns" data-testid="fetch-error" data-code=error.code.as_str()>
                    {icon(Icon::Alert)}
                    <div><b>{error.message}</b><span>{error.hint}</span><span>{ago}</span></div>
                </div>
            }
        });
        Some(view! {
            <dl class="kv num">
                <dt>{t!("fetch.when")}</dt><dd>{when}</dd>
                <dt>{t!("fetch.sent")}</dt><dd>{sent}</dd>
                {user}
            </dl>
            {error}
        })
    }
}
