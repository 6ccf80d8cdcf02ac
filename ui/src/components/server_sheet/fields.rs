use leptos::prelude::*;
use stream_api::t;

use super::form::Form;
use crate::{
    components::{Act, radio, sheet::switch, text_line},
    format,
};

/// Everything that is set of a server: what most need first, the rest folded away.
pub(super) fn fields(form: Form) -> impl IntoView {
    let kept = move |kept: bool| if kept { t!("sheet.password.kept") } else { "" };
    let (has_password, has_publish) =
        form.before.with_value(|before| (before.has_password, before.has_publish_password));
    let name_hint = move || form.name_problem().map(|error| error.message);
    let (api, publish) = (form.fingerprint, form.publish_fingerprint);
    // What was set already is shown.
    let more = form.before.with_value(|before| {
        before.publish.is_some() || before.host.is_some() || before.may_kick || before.has_users
    });
    view! {
        <div class="field">
            {text(form, "server-name", t!("server.field.name"), form.name, "text", t!("server.field.name.example"))}
            <div class="hint bad-text" role="alert">{name_hint}</div>
        </div>
        <fieldset class="field">
            <legend>{t!("server.field.kind")}</legend>
            <div class="seg">
                {choice(form, false, "kind-remote", t!("server.kind.remote"))}
                {choice(form, true, "kind-shared", t!("server.kind.shared"))}
            </div>
            <div class="hint">
                {move || if form.shared.get() { t!("server.kind.shared.hint") } else { t!("server.kind.remote.hint") }}
            </div>
        </fieldset>
        <div class="field">
            {text(form, "server-api", t!("server.field.api"), form.api, "text", "http://192.168.1.5:9997")}
            <div class="hint">{t!("server.field.api.hint")}</div>
        </div>
        {trusted(form, api, "trusted-api")}
        <div class="two">
            <div class="field">{text(form, "server-user", t!("sheet.user"), form.user, "text", "")}</div>
            <div class="field">
                {text(form, "server-password", t!("sheet.password"), form.password, "password", kept(has_password))}
            </div>
        </div>
        {move || form.shared.get().then(|| view! {
            <div class="two">
                <div class="field">
                    {text(form, "folder-here", t!("server.field.here"), form.here, "text", "/srv/shared")}
                </div>
                <div class="field">
                    {text(form, "folder-there", t!("server.field.there"), form.there, "text", t!("server.field.there.same"))}
                </div>
            </div>
        })}
        <details class="more" open=more>
            <summary>{t!("server.more")}</summary>
            <div class="more-box">
                <div class="field">
                    {text(form, "server-publish", t!("server.field.publish"), form.publish, "text", "rtsp://192.168.1.5:8554")}
                    <div class="hint">{t!("server.field.publish.hint")}</div>
                </div>
                {trusted(form, publish, "trusted-publish")}
                <div class="two">
                    <div class="field">
                        {text(form, "publish-user", t!("server.field.publish_user"), form.publish_user, "text", "")}
                    </div>
                    <div class="field">
                        {text(form, "publish-password", t!("sheet.password"), form.publish_password, "password", kept(has_publish))}
                    </div>
                </div>
                <div class="field">
                    {text(form, "server-host", t!("server.field.host"), form.host, "text", t!("server.field.host.same"))}
                    <div class="hint">{t!("server.field.host.hint")}</div>
                </div>
                {switch("may-kick", form.may_kick, t!("server.field.kick"), view! { <small>{t!("server.field.kick.hint")}</small> })}
                {switch("sets-users", form.sets_users, t!("server.field.users"), view! { <small>{t!("server.field.users.hint")}</small> })}
                {move || form.sets_users.get().then(|| users(form))}
            </div>
        </details>
    }
}

fn users(form: Form) -> impl IntoView {
    let kept = form.before.with_value(|before| before.has_users);
    view! {
        <div class="field">
            <label for="server-users">{t!("server.field.users.label")}</label>
            <textarea
                id="server-users"
                class="input mono"
                rows="6"
                spellcheck="false"
                autocomplete="off"
                placeholder=if kept { t!("sheet.password.kept") } else { "authInternalUsers:" }
                prop:value=form.users
                on:input=move |event| {
                    form.users.set(event_target_value(&event));
                    form.changed();
                }
            ></textarea>
        </div>
    }
}

/// The certificate that was agreed to.
fn trusted(form: Form, slot: RwSignal<String>, test_id: &'static str) -> impl IntoView {
    move || {
        let fingerprint = slot.get();
        (!fingerprint.is_empty()).then(|| {
            let fingerprint = format::fingerprint(&fingerprint);
            view! {
                <div class="field" data-testid=test_id>
                    <b class="label">{t!("server.trusted")}</b>
                    <div class="pick">
                        <code class="grow mono path" title=fingerprint.clone()>{fingerprint.clone()}</code>
                        <Act
                            class="small"
                            label=t!("server.distrust")
                            on_press=move |_| {
                                slot.set(String::new());
                                form.changed();
                            }
                        />
                    </div>
                </div>
            }
        })
    }
}

fn choice(form: Form, value: bool, id: &'static str, word: &'static str) -> AnyView {
    let choose = Callback::new(move |()| {
        form.shared.set(value);
        form.changed();
    });
    let on = Signal::derive(move || form.shared.get() == value);
    radio("server-kind", id, word.into_any(), on, choose)
}

fn text(
    form: Form,
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    kind: &'static str,
    placeholder: &'static str,
) -> AnyView {
    let changed = Callback::new(move |()| form.changed());
    text_line(id, label, value, kind, Signal::stored(placeholder.to_owned()), changed)
}
