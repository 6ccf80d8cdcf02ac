use leptos::prelude::*;
use stream_api::{
    Encryption, Error, GuestLink, LinkLasts, ServerId, ServerStatus, StreamId,
    commands::{GuestLinkCreate, GuestLinkMade},
    t,
};
use wasm_bindgen_futures::spawn_local;

use super::viewers::text;
use crate::{
    app::App,
    components::{Act, CopyButton, Modal, one_of, only_here, refusal},
};

/// Most characters of what a link is called.
const LABEL: usize = 60;

/// The dialog that makes a guest link, in the place of another one if there is one, and shows it once.
pub(super) fn dialog(
    app: App,
    id: StreamId,
    instead: Option<GuestLink>,
    close: Callback<()>,
) -> impl IntoView {
    let (title, hint) = match instead {
        None => (t!("access.new_link.title"), t!("access.new_link.hint")),
        Some(_) => (t!("access.renew_link.title"), t!("access.renew_link.hint")),
    };
    let (instead, named) = instead.map(|link| (link.id, link.label)).unzip();
    let instead = StoredValue::new(instead);
    let (label, lasts) = (RwSignal::new(named.unwrap_or_default()), RwSignal::new(LinkLasts::Day));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Error>));
    let made = RwSignal::new(None::<GuestLinkMade>);
    // What is cut off later is not taken at all.
    Effect::new(move |_| {
        if let Some((at, _)) = label.with(|label| label.char_indices().nth(LABEL)) {
            label.update(|label| label.truncate(at));
        }
    });
    let create = move || {
        if busy.get_untracked() || made.with_untracked(Option::is_some) {
            return;
        }
        busy.set(true);
        let (lasts, label) = (lasts.get_untracked(), label.get_untracked());
        let request = GuestLinkCreate { id, lasts, label, instead: instead.get_value() };
        let reply = app.client().call(request);
        spawn_local(async move {
            let reply = reply.await;
            busy.try_set(false);
            match reply {
                Ok(reply) => drop(made.try_set(Some(reply))),
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    let choices = move || LinkLasts::ALL.map(|each| choice(lasts, each)).into_iter().collect_view();
    view! {
        <Modal label=title class="ask wide" on_close=close>
            <form
                class="ask-body access"
                data-testid="link-dialog"
                on:submit=move |event| {
                    event.prevent_default();
                    create();
                }
            >
                <h2>{title}</h2>
                {move || match made.get() {
                    None => view! {
                        <p>{hint}</p>
                        {text("link-label", t!("access.link.label"), "", label)}
                        <fieldset class="field">
                            <legend>{t!("access.lasts")}</legend>
                            <div class="seg">{choices()}</div>
                        </fieldset>
                        // Guests come to the bundled server alone.
                        {only_here(app, Signal::stored(ServerId::BUNDLED))}
                        {move || app.world.server.with(but).map(|words| view! { <p class="note warns">{words}</p> })}
                        {move || failure.get().map(|error| refusal(error, "link-error"))}
                    }
                    .into_any(),
                    Some(made) => shown(&made).into_any(),
                }}
                // So that Enter in a field makes it.
                <button type="submit" class="hidden" tabindex="-1" aria-hidden="true"></button>
            </form>
            <footer>
                <span class="grow"></span>
                {move || match made.with(Option::is_some) {
                    true => view! {
                        <Act id="link-done" class="primary" label=t!("act.ok") on_press=move |_| close.run(())/>
                    }
                    .into_any(),
                    false => view! {
                        <Act id="link-cancel" label=t!("act.cancel") on_press=move |_| close.run(())/>
                        <Act id="link-create" class="primary" label=t!("access.create") busy=busy on_press=move |_| create()/>
                    }
                    .into_any(),
                }}
            </footer>
        </Modal>
    }
}

/// What stands in the way of whoever opens a link.
fn but(server: &Option<ServerStatus>) -> Option<String> {
    let server = server.as_ref()?;
    let warns = || t!("access.link.self_signed").to_owned();
    let self_signed = || (server.settings.encryption == Encryption::SelfSigned).then(warns);
    server.guest_fault.as_ref().map(|fault| fault.error.message.clone()).or_else(self_signed)
}

fn choice(of: RwSignal<LinkLasts>, value: LinkLasts) -> AnyView {
    let (id, word) = match value {
        LinkLasts::Hour => ("lasts-hour", t!("access.lasts.hour")),
        LinkLasts::Day => ("lasts-day", t!("access.lasts.day")),
        LinkLasts::Week => ("lasts-week", t!("access.lasts.week")),
        LinkLasts::Month => ("lasts-month", t!("access.lasts.month")),
    };
    one_of("lasts", of, value, id, word)
}

/// The link itself.
fn shown(made: &GuestLinkMade) -> impl IntoView {
    let urls: Vec<String> = made.urls.iter().map(|url| url.reveal().to_owned()).collect();
    let rows = urls
        .into_iter()
        .map(|url| {
            view! {
                <div class="pick">
                    <code class="cmd" data-testid="link-url">{url.clone()}</code>
                    <CopyButton text=Signal::stored(url) title=t!("access.link.copy") wide=true act="copy-link"/>
                </div>
            }
        })
        .collect_view();
    view! {
        <p>{t!("access.link.once")}</p>
        {rows}
        <div class="qr" role="img" aria-label=t!("access.qr") inner_html=made.qr.reveal().to_owned()></div>
    }
}
