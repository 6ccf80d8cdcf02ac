//! Who may watch a stream: shown on its page, changed in dialogs.

mod link;
mod viewers;

pub(crate) use viewers::Form as Viewers;

use leptos::prelude::*;
use stream_api::{Access, GuestLink, Lack, ServerId, StreamId, t};

use crate::{
    app::App,
    components::{Act, Icon, confirm::Question, icon, refusal},
    format,
    store::live::Row,
};

/// What is open above the page.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    /// Who may watch.
    Viewers,
    /// A new guest link, in the place of another one if there is one.
    Link(Option<GuestLink>),
}

/// Who may watch, and the guest links.
pub(crate) fn access_card(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let access = Memo::new(move |_| row.with(|row| row.stream.access.clone()));
    let restricted = Memo::new(move |_| access.with(Access::is_restricted));
    let open = RwSignal::new(None);
    let close = Callback::new(move |()| open.set(None));
    let server = Memo::new(move |_| row.with(|row| row.stream.spec.server));
    let unset = Memo::new(move |_| unset(&app.world.lacks(server.get())));
    let no_links = Memo::new(move |_| app.world.lacks(server.get()).contains(&Lack::GuestLinks));
    let why = move || {
        let guests = no_links.get().then(|| Lack::GuestLinks.words());
        let lines = unset.get().into_iter().chain(guests);
        lines.map(|words| view! { <p class="faint small-print">{words}</p> }).collect_view()
    };
    let links = move || {
        let links = access.with(|access| access.links.clone());
        let hint =
            (!links.is_empty()).then(|| view! { <p class="faint small-print">{t!("access.links.hint")}</p> });
        view! { {links.into_iter().map(|link| guest_link(app, id, link, open)).collect_view()} {hint} }
    };
    view! {
        <section class="card" data-testid="access">
            <h3>
                {t!("access.title")}
                {move || restricted.get().then(|| view! { <span class="right">{icon(Icon::Lock)}</span> })}
            </h3>
            <p data-testid="access-summary">{move || access.with(summary)}</p>
            {links}
            {why}
            <div class="card-foot">
                <Act
                    icon=Icon::Lock
                    label=t!("access.change")
                    act="access"
                    disabled=Signal::derive(move || unset.get().is_some())
                    on_press=move |_| open.set(Some(Open::Viewers))
                />
                <Act
                    icon=Icon::Link
                    label=t!("access.new_link")
                    act="new-link"
                    disabled=no_links
                    on_press=move |_| open.set(Some(Open::Link(None)))
                />
            </div>
        </section>
        {move || open.get().map(|open| match open {
            Open::Viewers => viewers::dialog(app, id, access.get_untracked(), close).into_any(),
            Open::Link(instead) => link::dialog(app, id, instead, close).into_any(),
        })}
    }
}

/// Who may watch, in the form of a stream that is there already.
pub(crate) fn access_line(app: App, id: StreamId, row: RwSignal<Row>) -> impl IntoView {
    let access = Memo::new(move |_| row.with(|row| row.stream.access.clone()));
    let open = RwSignal::new(false);
    let close = Callback::new(move |()| open.set(false));
    view! {
        <div class="field" data-testid="access-line">
            <b class="label">{t!("access.title")}</b>
            <div class="pick">
                <span class="grow hint">{move || access.with(summary)}</span>
                <Act class="small" label=t!("access.change") act="access" on_press=move |_| open.set(true)/>
            </div>
        </div>
        {move || open.get().then(|| viewers::dialog(app, id, access.get_untracked(), close))}
    }
}

/// Why who may watch can't be set of streams of a server that lacks these.
pub(crate) fn unset(lacks: &[Lack]) -> Option<&'static str> {
    let users = lacks.iter().find(|lack| matches!(lack, Lack::Users | Lack::UsersElsewhere));
    users.map(|lack| lack.words())
}

/// Who may watch, in the form of a stream that is made just now. More can be said on its page.
pub(crate) fn access_of_new(app: App, server: RwSignal<ServerId>, form: Viewers) -> impl IntoView {
    let unset = Memo::new(move |_| unset(&app.world.lacks(server.get())));
    move || match unset.get() {
        Some(words) => view! { <p class="note">{words}</p> }.into_any(),
        None => new_viewers(form).into_any(),
    }
}

fn new_viewers(form: Viewers) -> impl IntoView {
    let problem = move || form.problem().map(|error| refusal(error, "access-error"));
    view! {
        <div class="access" data-testid="access-new">
            {viewers::password(form, t!("access.ask"), t!("access.new_stream"))}
            {problem}
        </div>
    }
}

/// Who may watch, in one sentence.
fn summary(access: &Access) -> String {
    let ips = || access.ips.join(", ");
    match (access.is_restricted(), access.has_password, !access.ips.is_empty()) {
        (false, ..) => t!("access.open").to_owned(),
        (true, true, false) => t!("access.by_password", user = access.user),
        (true, true, true) => t!("access.by_both", user = access.user, ips = ips()),
        (true, false, true) => t!("access.by_address", ips = ips()),
        (true, false, false) => t!("access.by_link").to_owned(),
    }
}

fn guest_link(app: App, id: StreamId, link: GuestLink, open: RwSignal<Option<Open>>) -> impl IntoView {
    let expires = link.expires.0;
    let left = Memo::new(move |_| (expires - app.world.now.get()).max(0) / 60_000);
    let over = Memo::new(move |_| expires <= app.world.now.get());
    let until = move || match (over.get(), left.get()) {
        (true, _) => t!("access.expired").to_owned(),
        (false, left) => t!("access.expires", time = format::span((left + 1) * 60_000)),
    };
    let label = if link.label.is_empty() { t!("access.link").to_owned() } else { link.label.clone() };
    let name = label.clone();
    let instead = link.clone();
    let renew = move |_| open.set(Some(Open::Link(Some(instead.clone()))));
    let ask = move |_| app.question.set(Some(Question::revoke_link(app, id, link.clone())));
    view! {
        <div class="url guest" data-testid="guest-link">
            {icon(Icon::Link)}
            <span class="path" title=name><b>{label}</b>" "<span class="faint" class:bad=over>{until}</span></span>
            <Act class="small" label=t!("access.renew_link") act="renew-link" on_press=renew/>
            <Act class="small" label=t!("access.revoke") act="revoke-link" on_press=ask/>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use stream_api::ViewerAccess;

    use super::*;

    #[test]
    fn every_kind_of_access_has_its_sentence() {
        let of = |viewers, has_password, ips: &[&str]| {
            let ips = ips.iter().map(|ip| (*ip).to_owned()).collect();
            summary(&Access { viewers, has_password, ips, ..Access::default() })
        };
        let all = [
            of(ViewerAccess::Open, true, &["10.0.0.0/8"]),
            of(ViewerAccess::Restricted, true, &[]),
            of(ViewerAccess::Restricted, true, &["10.0.0.0/8"]),
            of(ViewerAccess::Restricted, false, &["10.0.0.0/8"]),
            of(ViewerAccess::Restricted, false, &[]),
        ];
        assert!(!all[0].contains("10.0") && all[1].contains("viewer"), "{all:?}");
        assert!(all[2].contains("viewer") && all[2].contains("10.0.0.0/8") && all[3].contains("10.0.0.0/8"));
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), 5, "{all:?}");
    }
}
