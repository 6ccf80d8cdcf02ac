use leptos::prelude::*;
use stream_api::{
    Error, OtherServer, Secret, ServerId, ServerKind, ServerSpec, ServerTested, SharedFolder,
    check_server_name,
    commands::{PasswordChange, ServerAdd, ServerEdit, ServerSecrets, ServerTest},
    t,
};
use wasm_bindgen_futures::spawn_local;

use crate::{app::App, browser, components::Toast, pages::Page};

/// What is known of the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// Not tested, or not as it stands now.
    None,
    /// Being tested.
    Running,
    /// How far it got.
    Done(Box<ServerTested>),
    /// It could not be tested.
    Failed(Error),
}

/// What the form holds while it is open.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub app: App,
    of: Option<ServerId>,
    /// As it was when the form was opened.
    pub before: StoredValue<ServerSpec>,
    pub name: RwSignal<String>,
    /// It sees a folder of this computer.
    pub shared: RwSignal<bool>,
    pub api: RwSignal<String>,
    pub user: RwSignal<String>,
    /// Typed anew, as all secrets; what is kept is never shown.
    pub password: RwSignal<String>,
    pub fingerprint: RwSignal<String>,
    pub publish: RwSignal<String>,
    pub publish_user: RwSignal<String>,
    pub publish_password: RwSignal<String>,
    pub publish_fingerprint: RwSignal<String>,
    pub host: RwSignal<String>,
    pub may_kick: RwSignal<bool>,
    pub here: RwSignal<String>,
    pub there: RwSignal<String>,
    /// Who may watch is set from here.
    pub sets_users: RwSignal<bool>,
    pub users: RwSignal<String>,
    pub test: RwSignal<Test>,
    pub saving: RwSignal<bool>,
    /// Why saving failed.
    pub failure: RwSignal<Option<Error>>,
    /// Numbers the tests, so that the answer of an older one is not shown.
    asked: StoredValue<u64>,
    /// Something was typed.
    touched: StoredValue<bool>,
}

impl Form {
    pub(super) fn open(app: App, of: Option<ServerId>) -> Form {
        let known = of.and_then(|id| untrack(|| app.world.other(id)));
        let before = known.map_or_else(|| ServerSpec::remote("", ""), |other: OtherServer| other.spec);
        let text = |text: &str| RwSignal::new(text.to_owned());
        let maybe = |text: &Option<String>| RwSignal::new(text.clone().unwrap_or_default());
        let folder = before.folder.as_ref();
        Form {
            app,
            of,
            name: text(&before.name),
            shared: RwSignal::new(before.kind == ServerKind::SharedFolder),
            api: text(&before.api),
            user: text(&before.user),
            password: RwSignal::default(),
            fingerprint: maybe(&before.fingerprint),
            publish: maybe(&before.publish),
            publish_user: text(&before.publish_user),
            publish_password: RwSignal::default(),
            publish_fingerprint: maybe(&before.publish_fingerprint),
            host: maybe(&before.host),
            may_kick: RwSignal::new(before.may_kick),
            here: RwSignal::new(folder.map(|folder| folder.here.clone()).unwrap_or_default()),
            there: RwSignal::new(folder.and_then(|folder| folder.there.clone()).unwrap_or_default()),
            sets_users: RwSignal::new(before.has_users),
            users: RwSignal::default(),
            test: RwSignal::new(Test::None),
            saving: RwSignal::new(false),
            failure: RwSignal::new(None),
            asked: StoredValue::new(0),
            touched: StoredValue::new(false),
            before: StoredValue::new(before),
        }
    }

    /// What is wrong with the name; nothing while none was typed.
    pub(super) fn name_problem(self) -> Option<Error> {
        let name = self.name.get();
        if name.is_empty() { None } else { check_server_name(&name).err() }
    }

    pub(super) fn can_save(self) -> bool {
        let missing = |text: RwSignal<String>| text.with(|text| text.trim().is_empty());
        let no_folder = self.shared.get() && missing(self.here);
        let lacks = missing(self.name) || missing(self.api) || no_folder;
        !lacks && self.name_problem().is_none()
    }

    /// Something was typed that would be lost.
    pub(super) fn is_filled(self) -> bool {
        self.touched.get_value()
    }

    pub(super) fn testing(self) -> Signal<bool> {
        Signal::derive(move || matches!(self.test.get(), Test::Running))
    }

    /// It could be saved, and nobody knows whether it works.
    pub(super) fn untested(self) -> bool {
        self.can_save() && matches!(self.test.get(), Test::None)
    }

    fn spec(self) -> ServerSpec {
        let text = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let maybe = |signal: RwSignal<String>| Some(text(signal)).filter(|text| !text.is_empty());
        let shared = self.shared.get_untracked();
        let folder = SharedFolder { here: text(self.here), there: maybe(self.there) };
        ServerSpec {
            kind: if shared { ServerKind::SharedFolder } else { ServerKind::Remote },
            user: text(self.user),
            fingerprint: maybe(self.fingerprint),
            publish: maybe(self.publish),
            publish_user: text(self.publish_user),
            publish_fingerprint: maybe(self.publish_fingerprint),
            host: maybe(self.host),
            may_kick: self.may_kick.get_untracked(),
            folder: shared.then_some(folder),
            ..ServerSpec::remote(text(self.name), text(self.api))
        }
    }

    fn secrets(self) -> ServerSecrets {
        let typed = |signal: RwSignal<String>| {
            let text = signal.get_untracked();
            if text.is_empty() { PasswordChange::Keep } else { PasswordChange::Set(Secret::new(text)) }
        };
        let forgotten = self.before.with_value(|before| before.has_users) && !self.sets_users.get_untracked();
        ServerSecrets {
            password: typed(self.password),
            publish_password: typed(self.publish_password),
            users: if forgotten { PasswordChange::Remove } else { typed(self.users) },
        }
    }

    /// Asks how far the server can be used as the form stands.
    pub(super) fn test(self) {
        if !untrack(|| self.can_save()) {
            return;
        }
        self.asked.update_value(|asked| *asked += 1);
        let turn = self.asked.get_value();
        self.test.set(Test::Running);
        self.failure.set(None);
        let request = ServerTest { server: self.of, spec: self.spec(), secrets: self.secrets() };
        let reply = self.app.client().call(request);
        spawn_local(async move {
            let reply = reply.await;
            if self.asked.try_get_value() == Some(turn) {
                self.test.set(reply.map_or_else(Test::Failed, |tested| Test::Done(Box::new(tested))));
            }
        });
    }

    /// A field changed: what was found out is of another server.
    pub(super) fn changed(self) {
        self.touched.set_value(true);
        self.asked.update_value(|asked| *asked += 1);
        self.test.set(Test::None);
    }

    /// Agrees to a certificate, and tests with it.
    pub(super) fn trust(self, slot: RwSignal<String>, fingerprint: String) {
        slot.set(fingerprint);
        self.test();
    }

    pub(super) fn save(self) {
        if self.saving.get_untracked() || !untrack(|| self.can_save()) {
            return;
        }
        self.saving.set(true);
        self.failure.set(None);
        let (client, spec, secrets) = (self.app.client(), self.spec(), self.secrets());
        let reply = match self.of {
            None => client.call(ServerAdd { spec, secrets }),
            Some(id) => client.call(ServerEdit { id, spec, secrets }),
        };
        let added = self.of.is_none();
        spawn_local(async move {
            let reply = reply.await;
            self.saving.try_set(false);
            match reply {
                Ok(server) => {
                    self.app.server_sheet.set(None);
                    if added {
                        self.app.tell(Toast::done(t!("server.added", name = server.spec.name)));
                        browser::go(&Page::Other(server.id).hash());
                    }
                }
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }
}
