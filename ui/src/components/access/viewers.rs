use leptos::prelude::*;
use stream_api::{
    Access, Error, Secret, StreamId, ViewerAccess, check_password, check_viewer,
    commands::{NewAccess, PasswordChange, StreamAccessSet},
    t,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    browser,
    components::{Act, CopyButton, Modal, one_of, refusal, sheet::switch, text_line},
};

/// What the dialog holds while it is open.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    had_password: bool,
    restricted: RwSignal<bool>,
    by_password: RwSignal<bool>,
    user: RwSignal<String>,
    password: RwSignal<String>,
    by_address: RwSignal<bool>,
    ips: RwSignal<String>,
}

impl Form {
    fn of(access: &Access) -> Form {
        Form {
            had_password: access.has_password,
            restricted: RwSignal::new(access.is_restricted()),
            // What people mean by it, until they say otherwise.
            by_password: RwSignal::new(access.has_password || !access.is_restricted()),
            user: RwSignal::new(access.user.clone()),
            password: RwSignal::new(String::new()),
            by_address: RwSignal::new(!access.ips.is_empty()),
            ips: RwSignal::new(access.ips.join(", ")),
        }
    }

    fn asks_password(self) -> bool {
        self.restricted.get() && self.by_password.get()
    }

    /// What is wrong with what was typed.
    pub(crate) fn problem(self) -> Option<Error> {
        if !self.asks_password() {
            return None;
        }
        let password = self.password.get();
        let typed = || check_password(&password).err().filter(|_| !password.is_empty());
        check_viewer(self.user.get().trim()).err().or_else(typed)
    }

    /// A password was typed.
    pub(crate) fn is_filled(self) -> bool {
        self.by_password.get() && self.password.with(|password| !password.is_empty())
    }

    pub(crate) fn can_save(self) -> bool {
        let missing = self.asks_password() && !self.had_password && self.password.with(String::is_empty);
        let nowhere =
            self.restricted.get() && self.by_address.get() && self.ips.with(|ips| ips.trim().is_empty());
        !missing && !nowhere && self.problem().is_none()
    }

    /// For a stream that is made just now, and is open until a password is asked for.
    pub(crate) fn of_new() -> Form {
        let form = Form::of(&Access::default());
        form.restricted.set(true);
        form.by_password.set(false);
        form
    }

    /// What a stream that is made just now gets.
    pub(crate) fn wanted(self) -> NewAccess {
        if !self.by_password.get_untracked() {
            return NewAccess::default();
        }
        let user = self.user.with_untracked(|user| user.trim().to_owned());
        let password = Secret::new(self.password.get_untracked());
        let (viewers, ips) = (ViewerAccess::Restricted, Vec::new());
        NewAccess { viewers, user: Some(user), password: Some(password), ips }
    }

    fn request(self, id: StreamId) -> StreamAccessSet {
        if !self.restricted.get_untracked() {
            let (user, password, ips) = (None, PasswordChange::Keep, None);
            return StreamAccessSet { id, viewers: ViewerAccess::Open, user, password, ips };
        }
        let typed = self.password.get_untracked();
        let password = match (self.by_password.get_untracked(), typed.is_empty()) {
            (false, _) => PasswordChange::Remove,
            (true, true) => PasswordChange::Keep,
            (true, false) => PasswordChange::Set(Secret::new(typed)),
        };
        let user = self.by_password.get_untracked().then(|| self.user.get_untracked().trim().to_owned());
        let ips = match self.by_address.get_untracked() {
            true => self.ips.with_untracked(|ips| split(ips)),
            false => Vec::new(),
        };
        StreamAccessSet { id, viewers: ViewerAccess::Restricted, user, password, ips: Some(ips) }
    }
}

/// Addresses between commas or blanks.
fn split(ips: &str) -> Vec<String> {
    ips.split([',', ';', ' ', '\n']).map(str::trim).filter(|ip| !ip.is_empty()).map(str::to_owned).collect()
}

/// The dialog that says who may watch.
pub(super) fn dialog(app: App, id: StreamId, access: Access, close: Callback<()>) -> impl IntoView {
    let form = Form::of(&access);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None));
    let save = move || {
        if busy.get_untracked() || !untrack(|| form.can_save()) {
            return;
        }
        busy.set(true);
        let reply = app.client().call(form.request(id));
        spawn_local(async move {
            let reply = reply.await;
            busy.try_set(false);
            match reply {
                Ok(_) => drop(close.try_run(())),
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    view! {
        <Modal label=t!("access.title") class="ask wide" on_close=close>
            <form
                class="ask-body access"
                data-testid="access-dialog"
                on:submit=move |event| {
                    event.prevent_default();
                    save();
                }
            >
                <h2>{t!("access.title")}</h2>
                <div class="seg" role="radiogroup" aria-label=t!("access.title")>
                    {choice(form.restricted, false, "access-open", t!("access.everybody"))}
                    {choice(form.restricted, true, "access-some", t!("access.some"))}
                </div>
                {move || match form.restricted.get() {
                    true => view! { {password(form, t!("access.password"), "")} {addresses(form)} }.into_any(),
                    false => view! { <p>{t!("access.everybody.hint")}</p> }.into_any(),
                }}
                <p class="small-print">{move || form.restricted.get().then_some(t!("access.at_once"))}</p>
                {move || form.problem().or_else(|| failure.get()).map(|error| refusal(error, "access-error"))}
                // So that Enter in a field saves.
                <button type="submit" class="hidden" tabindex="-1" aria-hidden="true"></button>
            </form>
            <footer>
                <span class="grow"></span>
                <Act id="access-cancel" label=t!("act.cancel") on_press=move |_| close.run(())/>
                <Act
                    id="access-save"
                    class="primary"
                    label=t!("sheet.save")
                    busy=busy
                    disabled=Signal::derive(move || !form.can_save())
                    on_press=move |_| save()
                />
            </footer>
        </Modal>
    }
}

fn choice(of: RwSignal<bool>, value: bool, id: &'static str, word: &'static str) -> AnyView {
    one_of("access", of, value, id, word)
}

/// Whether a password is asked for, and which; `without` says what is true when none is.
pub(super) fn password(form: Form, title: &'static str, without: &'static str) -> impl IntoView {
    let with = if form.had_password { t!("access.password.kept") } else { t!("access.password.once") };
    let hint = move || if form.by_password.get() { with } else { without };
    let empty = if form.had_password { t!("access.password.same") } else { "" };
    view! {
        {switch("access-password", form.by_password, title, view! { <small>{hint}</small> })}
        {move || form.by_password.get().then(|| view! {
            <div class="two">
                {text("access-user", t!("access.user"), "", form.user)}
                <div>
                    {text("access-pass", t!("access.password.label"), empty, form.password)}
                    <div class="card-foot">
                        <Act
                            class="small"
                            label=t!("access.make")
                            act="make-password"
                            on_press=move |_| form.password.set(browser::new_password())
                        />
                        <CopyButton text=form.password title=t!("access.password.copy") wide=true act="copy-password"/>
                    </div>
                </div>
            </div>
        })}
    }
}

fn addresses(form: Form) -> impl IntoView {
    let hint = move || match form.by_password.get() {
        true => t!("access.address.both"),
        false => t!("access.address.alone"),
    };
    view! {
        {switch("access-address", form.by_address, t!("access.address"), view! { <small>{hint}</small> })}
        {move || form.by_address.get().then(|| text("access-ips", t!("access.address.label"), "192.168.0.0/16, fd00::/8", form.ips))}
    }
}

/// A line of text, seen while it is typed.
pub(super) fn text(
    id: &'static str,
    label: &'static str,
    placeholder: &'static str,
    value: RwSignal<String>,
) -> impl IntoView {
    let placeholder = Signal::stored(placeholder.to_owned());
    let line = text_line(id, label, value, "text", placeholder, Callback::new(|()| {}));
    view! { <div class="field">{line}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(split(" 10.0.0.1,192.168.0.0/16 ; ::1\n"), ["10.0.0.1", "192.168.0.0/16", "::1"]);
        assert!(split(" , ").is_empty());
    }
}
