use leptos::prelude::*;
use stream_api::{Activity, ActivityKind, Level, t};

use crate::{
    app::App,
    browser,
    components::{Act, Icon, each, icon},
    pages::{Page, activity::model::Model},
};

/// The days with what happened on each, or why there are none.
pub(crate) fn list(app: App, model: Model) -> impl IntoView {
    let days = Memo::new(move |_| {
        model.timeline.with(|known| known.as_ref().map(|known| known.days(browser::day)).unwrap_or_default())
    });
    let keys = move || days.with(|days| days.iter().map(|(day, _)| *day).collect::<Vec<_>>());
    let today = Memo::new(move |_| browser::day(app.world.now.get()));
    let nothing = Memo::new(move |_| days.with(Vec::is_empty));
    let known = Memo::new(move |_| model.timeline.with(Option::is_some));
    let more = Memo::new(move |_| {
        model.timeline.with(|known| known.as_ref().is_some_and(|known| known.next.is_some()))
    });
    let draw = move |day: i64| {
        let of = move || {
            days.with(|days| {
                days.iter().find(|(known, _)| *known == day).map(|(_, of)| of.clone()).unwrap_or_default()
            })
        };
        let entries = each(of, |activity| activity.id.into(), move |activity| entry(app, activity));
        view! {
            <section class="day">
                <h2>{move || browser::day_name(day, today.get())}</h2>
                <ul class="list happened">{entries}</ul>
            </section>
        }
        .into_any()
    };
    view! {
        {each(keys, |day| *day as u128, draw)}
        {move || (known.get() && nothing.get() && !more.get()).then(|| none(model))}
        {move || (!known.get() && model.asking.get()).then(|| view! {
            <p class="opening muted" role="status">{t!("app.opening")}</p>
        })}
        {move || more.get().then(|| view! {
            <div class="more">
                <Act id="more-activity" label=t!("activity.more") busy=model.extending on_press=move |_| model.extend()/>
            </div>
        })}
        {move || (known.get() && !nothing.get() && !more.get()).then(|| view! {
            <p class="faint small-print kept">{t!("activity.kept")}</p>
        })}
    }
}

fn none(model: Model) -> impl IntoView {
    let all = model.asked.with(|asked| asked.is_all());
    let words = if all { t!("activity.empty") } else { t!("activity.none_match") };
    view! {
        <div class="none" data-testid="no-activity">
            {all.then(|| view! { <span class="tile">{icon(Icon::Activity)}</span> })}
            <p>{words}</p>
            {all.then(|| view! { <p class="muted">{t!("activity.empty.hint")}</p> })}
            {(!all).then(|| view! { <Act label=t!("streams.show_all") on_press=move |_| model.ask_for_all()/> })}
        </div>
    }
}

fn sign(level: Level) -> (Icon, &'static str) {
    match level {
        Level::Info => (Icon::Dot, t!("level.info")),
        Level::Good => (Icon::Check, t!("level.good")),
        Level::Warning => (Icon::Alert, t!("level.warning")),
        Level::Error => (Icon::Close, t!("level.error")),
    }
}

/// What it is about: a stream that can be gone to, one that is gone, a server or the app.
fn subject(app: App, activity: &Activity) -> AnyView {
    let name = activity.name.clone();
    let Some(id) = activity.stream else {
        let about = match activity.kind {
            ActivityKind::AppStarted { .. } | ActivityKind::AppStopped | ActivityKind::AppLost { .. } => {
                t!("app.name")
            }
            _ if name.is_empty() => t!("server.name"),
            _ => {
                return view! { <span class="who muted" title=name.clone()>{name.clone()}</span> }.into_any();
            }
        };
        return view! { <span class="who muted">{about}</span> }.into_any();
    };
    let there = Memo::new(move |_| app.world.lines.with(|lines| lines.iter().any(|line| line.id == id)));
    let shown = move || match there.get() {
        true => view! { <a class="name" href=Page::Stream(id).hash() title=name.clone()>{name.clone()}</a> }
            .into_any(),
        false => view! { <span class="name muted" title=t!("stream.gone")>{name.clone()}</span> }.into_any(),
    };
    view! { <span class="who">{shown}</span> }.into_any()
}

fn entry(app: App, activity: Activity) -> AnyView {
    let level = activity.kind.level();
    let (drawn, word) = sign(level);
    view! {
        <li class=format!("happening l-{level}") data-kind=activity.kind.as_str() data-level=level.as_str()>
            <time class="num faint">{browser::time_of_day(activity.at.0)}</time>
            <span class="sign" title=word>{icon(drawn)}<span class="spoken">{word}</span></span>
            {subject(app, &activity)}
            <span class="sentence">{activity.sentence()}</span>
        </li>
    }
    .into_any()
}
