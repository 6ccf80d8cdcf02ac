use std::sync::Arc;

use leptos::prelude::*;
use stream_api::{Effects, GuestLink, ServerSettings, Stream, StreamId, commands, t, tn};

use crate::{
    app::{App, use_app},
    browser,
    components::{Act, Icon, Modal, Toast, icon},
    pages::{Page, server::draft::interrupts},
};

/// Something that is asked before it is done.
#[derive(Clone)]
pub(crate) struct Question {
    title: String,
    body: String,
    /// The button that does it, named after what it does.
    yes: &'static str,
    danger: bool,
    /// Outlives the menu or page that asked.
    on_yes: Answer,
    /// Other answers: for each its button and what it does.
    or: Vec<(&'static str, Answer)>,
}

type Answer = Arc<dyn Fn() + Send + Sync>;

impl Question {
    /// A question about nothing dangerous.
    pub(crate) fn new(
        title: String,
        body: String,
        yes: &'static str,
        on_yes: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Question { title, body, yes, danger: false, on_yes: Arc::new(on_yes), or: Vec::new() }
    }

    /// The same with another answer beside it.
    pub(crate) fn or(mut self, words: &'static str, on_other: impl Fn() + Send + Sync + 'static) -> Self {
        self.or.push((words, Arc::new(on_other)));
        self
    }

    /// Quit although streams are live?
    pub(crate) fn quit(app: App, live: usize) -> Self {
        Question {
            title: t!("quit.title").to_owned(),
            body: tn!("quit.body", live),
            yes: t!("quit.yes"),
            danger: true,
            on_yes: Arc::new(move || app.quit()),
            or: Vec::new(),
        }
    }

    /// Delete a stream?
    pub(crate) fn delete(app: App, stream: &Stream) -> Self {
        let id = stream.id;
        let mut body = t!("delete.body").to_owned();
        if stream.on_air {
            body = format!("{} {body}", t!("delete.live"));
        }
        Question {
            title: t!("delete.title", name = stream.spec.name),
            body,
            yes: t!("delete.yes"),
            danger: true,
            on_yes: Arc::new(move || {
                app.run(RwSignal::new(false), commands::StreamDelete { id }, move |_| {
                    if app.page.get_untracked() == Page::Stream(id) {
                        browser::go(&Page::Streams.hash());
                    }
                });
            }),
            or: Vec::new(),
        }
    }

    /// Withdraw a guest link?
    pub(crate) fn revoke_link(app: App, id: StreamId, link: GuestLink) -> Self {
        let title = match link.label.is_empty() {
            true => t!("access.revoke.title").to_owned(),
            false => t!("access.revoke.title_of", label = link.label),
        };
        Question {
            title,
            body: t!("access.revoke.body").to_owned(),
            yes: t!("access.revoke"),
            danger: true,
            on_yes: Arc::new(move || {
                let revoke = commands::GuestLinkRevoke { id, link: link.id.clone() };
                app.run(RwSignal::new(false), revoke, |_| {});
            }),
            or: Vec::new(),
        }
    }

    /// Make another publish key, or revoke the one there is?
    pub(crate) fn key(renews: bool, on_yes: impl Fn() + Send + Sync + 'static) -> Self {
        let (title, body, yes) = match renews {
            true => (t!("publish.renew.title"), t!("publish.renew.body"), t!("publish.new_key")),
            false => (t!("publish.revoke.title"), t!("publish.revoke.body"), t!("publish.revoke")),
        };
        let (title, body) = (title.to_owned(), body.to_owned());
        Question { title, body, yes, danger: true, on_yes: Arc::new(on_yes), or: Vec::new() }
    }

    /// Close a form in which something was typed?
    pub(crate) fn discard(on_yes: impl Fn() + Send + Sync + 'static) -> Self {
        Question {
            title: t!("discard.title").to_owned(),
            body: t!("discard.body").to_owned(),
            yes: t!("discard.yes"),
            danger: true,
            on_yes: Arc::new(on_yes),
            or: Vec::new(),
        }
    }

    /// Open the server to the local network, which interrupts so much?
    pub(crate) fn open_up(
        app: App,
        busy: RwSignal<bool>,
        settings: ServerSettings,
        effects: &Effects,
    ) -> Self {
        Question {
            title: t!("open_up.title").to_owned(),
            body: format!("{} {}", t!("reach.local_network.hint"), interrupts(effects)),
            yes: t!("open_up.yes"),
            danger: false,
            on_yes: Arc::new(move || {
                let set = commands::ServerSettingsSet { settings: settings.clone() };
                app.run(busy, set, move |_| app.tell(Toast::done(t!("settings.done"))));
            }),
            or: Vec::new(),
        }
    }

    /// Send a viewer away, who is named by these words?
    pub(crate) fn kick(app: App, kick: commands::ViewerKick, words: String, done: Callback<()>) -> Self {
        Question {
            title: t!("viewer.kick.title", viewer = words),
            body: t!("viewer.kick.body").to_owned(),
            yes: t!("viewer.kick"),
            danger: true,
            on_yes: Arc::new(move || {
                app.run(RwSignal::new(false), kick.clone(), move |_| {
                    done.try_run(());
                });
            }),
            or: Vec::new(),
        }
    }

    /// Stop all streams although some are live?
    pub(crate) fn stop_all(app: App, busy: RwSignal<bool>, live: usize) -> Self {
        Question {
            title: t!("stop_all.title").to_owned(),
            body: tn!("stop_all.body", live),
            yes: t!("stop_all.yes"),
            danger: true,
            on_yes: Arc::new(move || app.run(busy, commands::StreamStopAll {}, |_| {})),
            or: Vec::new(),
        }
    }

    /// Restart the server although streams are live?
    pub(crate) fn restart_server(app: App, busy: RwSignal<bool>, live: usize) -> Self {
        let restart = move || app.run(busy, commands::ServerRestart {}, |_| {});
        Question::new(t!("restart.title").to_owned(), tn!("restart.body", live), t!("restart.yes"), restart)
    }

    /// Use other ports although viewers know these?
    pub(crate) fn renew_ports(app: App, busy: RwSignal<bool>) -> Self {
        let (title, body) = (t!("renew_ports.title").to_owned(), t!("renew_ports.body").to_owned());
        let renew = move || app.run(busy, commands::ServerPortsRenew {}, |_| {});
        Question::new(title, body, t!("fault.use_another_port"), renew)
    }
}

/// The question that is open.
#[component]
pub(crate) fn Questions() -> impl IntoView {
    let app = use_app();
    let close = move || app.question.set(None);
    move || {
        app.question.get().map(|question| {
            let yes = Arc::clone(&question.on_yes);
            let or = question.or.clone().into_iter().map(|(words, other)| {
                view! {
                    <Act
                        act="confirm-or"
                        label=words
                        on_press=move |_| {
                            close();
                            other();
                        }
                    />
                }
            });
            let or = or.collect_view();
            view! {
                <Modal
                    label=question.title.clone()
                    class=if question.or.is_empty() { "ask" } else { "ask wide" }
                    on_close=move |()| close()
                >
                    <div class="ask-body">
                        <h2>{question.title.clone()}</h2>
                        <p>{question.body.clone()}</p>
                    </div>
                    <footer>
                        <span class="grow"></span>
                        <Act id="confirm-cancel" label=t!("act.cancel") on_press=move |_| close()/>
                        {or}
                        <Act
                            id="confirm-ok"
                            class=if question.danger { "primary bad" } else { "primary" }
                            label=question.yes
                            on_press=move |_| {
                                close();
                                yes();
                            }
                        />
                    </footer>
                </Modal>
            }
        })
    }
}

/// Files that can't be streamed, each with its reason.
#[component]
pub(crate) fn RefusedFiles() -> impl IntoView {
    let app = use_app();
    let close = move || app.refused.set(Vec::new());
    move || {
        let refused = app.refused.get();
        (!refused.is_empty()).then(|| {
            let title = tn!("refused.title", refused.len());
            let rows = refused
                .into_iter()
                .map(|error| view! { <li>{icon(Icon::Alert)}<div><b>{error.message}</b><span>{error.hint}</span></div></li> })
                .collect_view();
            view! {
                <Modal label=title.clone() class="ask wide" on_close=move |()| close()>
                    <div class="ask-body" data-testid="refused">
                        <h2>{title}</h2>
                        <ul class="refused">{rows}</ul>
                    </div>
                    <footer>
                        <span class="grow"></span>
                        <Act id="refused-ok" class="primary" label=t!("act.ok") on_press=move |_| close()/>
                    </footer>
                </Modal>
            }
        })
    }
}
