use leptos::prelude::*;
use stream_api::{Lack, ServerId, t};

use crate::components::sheet::{form::Form, network::Kind};

/// Which server the stream belongs to, where there is more than one.
pub(crate) fn server(form: Form) -> impl IntoView {
    let world = form.app.world;
    let choices = Memo::new(move |_| {
        let others = world.others.get();
        let bundled = (ServerId::BUNDLED, t!("server.here").to_owned());
        let others = others.into_iter().map(|other| (other.id, other.spec.name)).collect::<Vec<_>>();
        if others.is_empty() { others } else { std::iter::once(bundled).chain(others).collect() }
    });
    // What a stream there has to do without.
    let lacks = Memo::new(move |_| {
        let network = form.net.kind.get() == Kind::Network;
        let matter = |lack: &Lack| match lack {
            Lack::Slates
            | Lack::SlatesVersion
            | Lack::Recordings
            | Lack::Users
            | Lack::UsersElsewhere
            | Lack::RtspPasswords
            | Lack::Digest
            | Lack::GuestLinks => true,
            Lack::Conversion => network,
            Lack::Kick | Lack::Settings | Lack::Log | Lack::HlsViewers | Lack::Start => false,
        };
        world.lacks(form.server.get()).into_iter().filter(matter).map(Lack::words).collect::<Vec<_>>()
    });
    let option = move |(id, name): (ServerId, String)| {
        let chosen = move || form.server.get() == id;
        view! { <option value=id.to_string() selected=chosen>{name}</option> }
    };
    let choose = move |event: web_sys::Event| {
        if let Ok(id) = event_target_value(&event).parse() {
            form.server.set(id);
            form.refresh();
        }
    };
    let hint = move || match lacks.with(Vec::is_empty) {
        true => t!("sheet.server.hint").into_any(),
        false => {
            let lines = lacks.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
            view! { <ul class="reasons">{lines}</ul> }.into_any()
        }
    };
    move || {
        (!choices.with(Vec::is_empty)).then(|| {
            view! {
                <div class="field" data-testid="server-choice">
                    <label for="stream-server">{t!("sheet.server")}</label>
                    <select id="stream-server" class="input" on:change=choose>
                        {choices.get().into_iter().map(option).collect_view()}
                    </select>
                    <div class="hint">{hint}</div>
                </div>
            }
        })
    }
}
