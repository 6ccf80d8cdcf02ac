use leptos::prelude::*;
use stream_api::{Effects, Error, ServerSettings, commands, t, tn};
use wasm_bindgen_futures::spawn_local;

use super::settings::PROTOCOLS;
use crate::{
    app::App,
    components::{Act, Toast, refusal},
};

/// What is changed of the server's settings and not set yet.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    app: App,
    edited: RwSignal<Option<ServerSettings>>,
    effects: RwSignal<Effects>,
    failure: RwSignal<Option<Error>>,
    busy: RwSignal<bool>,
    /// Which check is the newest.
    checks: StoredValue<u32>,
}

impl Draft {
    pub(crate) fn new(app: App) -> Draft {
        Draft {
            app,
            edited: RwSignal::new(None),
            effects: RwSignal::new(Effects::default()),
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
            checks: StoredValue::new(0),
        }
    }

    /// As they will be.
    pub(crate) fn now(self) -> ServerSettings {
        self.edited.get().unwrap_or_else(|| {
            self.app.world.server.with(|s| s.as_ref().map(|s| s.settings.clone()).unwrap_or_default())
        })
    }

    /// Changes something.
    pub(crate) fn edit(self, change: impl FnOnce(&mut ServerSettings)) {
        let mut next = untrack(|| self.now());
        change(&mut next);
        self.put(next);
    }

    /// Proposes other settings.
    pub(crate) fn put(self, next: ServerSettings) {
        let same = self
            .app
            .world
            .server
            .with_untracked(|s| s.as_ref().is_some_and(|server| server.settings == next));
        self.failure.set(None);
        self.edited.set((!same).then(|| next.clone()));
        self.checks.update_value(|n| *n += 1);
        if same {
            self.effects.set(Effects::default());
            return;
        }
        let (n, reply) = (
            self.checks.get_value(),
            self.app.client().call(commands::ServerSettingsCheck { settings: next }),
        );
        spawn_local(async move {
            let reply = reply.await;
            if self.checks.try_get_value() != Some(n) {
                return;
            }
            match reply {
                Ok(effects) => drop(self.effects.try_set(effects)),
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }

    /// What is wrong with a field.
    pub(crate) fn problem(self, field: &str) -> Option<String> {
        self.effects.with(|effects| {
            effects.problems.iter().find(|p| p.field == field).map(|p| p.error.message.clone())
        })
    }

    fn apply(self) {
        let Some(settings) = self.edited.get_untracked() else { return };
        self.failure.set(None);
        self.busy.set(true);
        let reply = self.app.client().call(commands::ServerSettingsSet { settings });
        spawn_local(async move {
            let reply = reply.await;
            self.busy.try_set(false);
            match reply {
                Ok(_) => {
                    self.edited.try_set(None);
                    self.effects.try_set(Effects::default());
                    self.app.tell(Toast::done(t!("settings.done")));
                }
                Err(error) => drop(self.failure.try_set(Some(error))),
            }
        });
    }
}

/// What the change interrupts, in words.
pub(crate) fn interrupts(effects: &Effects) -> String {
    let pause = match effects.streams {
        _ if !effects.restarts => t!("settings.goes_on").to_owned(),
        0 => t!("settings.no_pause").to_owned(),
        n => tn!("settings.pause", n, seconds = effects.seconds),
    };
    let viewers = (effects.viewers > 0).then(|| tn!("settings.viewers", effects.viewers));
    let links = (effects.links > 0).then(|| tn!("settings.links", effects.links));
    [Some(pause), viewers, links].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Says what a change interrupts, and sets it. There while something is changed.
pub(crate) fn bar(draft: Draft) -> impl IntoView {
    let changed = Memo::new(move |_| draft.edited.with(Option::is_some));
    // What must be mended first; its field may be out of sight.
    let amiss = Memo::new(move |_| {
        draft.effects.with(|effects| {
            let problem = effects.problems.iter().find(|problem| !problem.mild);
            problem.map(|problem| problem.error.message.clone())
        })
    });
    let nobody = move || {
        let protocols = draft.now().protocols;
        let any = PROTOCOLS.into_iter().any(|protocol| protocols.is_on(protocol));
        (!any).then(|| view! { <span class="warn">" "{t!("settings.nobody")}</span> })
    };
    let words = move || match amiss.get() {
        Some(message) => view! { <span class="bad">{message}</span> }.into_any(),
        None => view! { {draft.effects.with(interrupts)} {nobody} }.into_any(),
    };
    let disabled = Signal::derive(move || amiss.with(Option::is_some));
    move || {
        changed.get().then(|| view! {
            <div class="card apply" data-testid="apply-bar">
                {move || draft.failure.get().map(|error| refusal(error, "settings-error"))}
                <div class="apply-row">
                    <span class="grow" role="status">{words}</span>
                    <Act
                        class="ghost"
                        act="discard-settings"
                        label=t!("settings.discard")
                        on_press=move |_| draft.edit(|settings| {
                            let was = draft.app.world.server.with_untracked(|s| s.as_ref().map(|s| s.settings.clone()));
                            *settings = was.unwrap_or_default();
                        })
                    />
                    <Act
                        id="apply-settings"
                        class="primary"
                        label=t!("settings.apply")
                        busy=draft.busy
                        disabled=disabled
                        on_press=move |_| draft.apply()
                    />
                </div>
            </div>
        })
    }
}
