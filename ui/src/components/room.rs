//! For how many more streams this machine has room.

use std::time::Duration;

use leptos::prelude::*;
use stream_api::{Capacity, Code, Error, StreamId, commands, t, tn};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{Toast, confirm::Question},
    format,
};

/// Between two looks at the machine, in milliseconds.
const LOOK_MS: u64 = 3000;
/// That many are not counted.
const MANY: u32 = 999;

impl App {
    /// Starts a stream, and asks first where the machine has no room for it.
    pub(crate) fn start(self, busy: RwSignal<bool>, id: StreamId) {
        self.start_or_ask(busy, Some(id));
    }

    /// Starts all streams, and asks first where the machine has no room for them.
    pub(crate) fn start_all(self, busy: RwSignal<bool>) {
        self.start_or_ask(busy, None);
    }

    fn start_or_ask(self, busy: RwSignal<bool>, id: Option<StreamId>) {
        if busy.try_get_untracked() == Some(true) {
            return;
        }
        busy.try_set(true);
        let client = self.client();
        spawn_local(async move {
            let error = match id {
                Some(id) => client.call(commands::StreamStart { id, unless_full: true }).await.err(),
                None => client.call(commands::StreamStartAll { unless_full: true }).await.err(),
            };
            busy.try_set(false);
            match error {
                None => {}
                Some(error) if error.code == Code::WouldOverload => {
                    self.question.set(Some(Question::overload(self, id, error)));
                }
                Some(error) => self.tell(Toast::error(error)),
            }
        });
    }
}

impl Question {
    /// Start although the machine has no room?
    fn overload(app: App, id: Option<StreamId>, error: Error) -> Self {
        let busy = RwSignal::new(false);
        let prepare = id.filter(|_| error.args.contains_key("can_prepare")).map(|id| {
            let done = move |_| app.tell(Toast::done(t!("overload.preparing")));
            let prepare = move || app.run(busy, commands::PrepareStart { id }, done);
            (t!("overload.prepare"), prepare)
        });
        let body = format!("{} {}", error.message, error.hint);
        let anyway = move || match id {
            Some(id) => app.run(busy, commands::StreamStart { id, unless_full: false }, |_| {}),
            None => app.run(busy, commands::StreamStartAll { unless_full: false }, |_| {}),
        };
        let question = Question::new(t!("overload.title").to_owned(), body, t!("overload.anyway"), anyway);
        match prepare {
            Some((words, prepare)) => question.or(words, prepare),
            None => question,
        }
    }
}

/// For how many more such streams there is room.
pub(crate) fn room(app: App, of: commands::CapacityGet) -> impl IntoView {
    let seen = look(app, of);
    view! { <p class="small-print" data-testid="room">{move || seen.with(|seen| seen.as_ref().map(more))}</p> }
}

/// What the machine has left, as pairs for a list.
pub(crate) fn machine(app: App) -> impl IntoView {
    let seen = look(app, commands::CapacityGet::default());
    let known = move || seen.get().filter(|seen| seen.cores > 0.0);
    let processor = move || {
        known()
            .map(|seen| t!("room.processor.value", free = cores(seen.free_cores), cores = cores(seen.cores)))
    };
    let memory = move || {
        known().map(|seen| {
            let (free, all) = (format::bytes(seen.free_memory), format::bytes(seen.memory));
            t!("room.memory.value", free = free, all = all)
        })
    };
    view! {
        <dt>{t!("room.processor")}</dt>
        <dd data-testid="free-cores">{processor}</dd>
        <dt>{t!("room.memory")}</dt>
        <dd>{memory}</dd>
    }
}

/// Looks again and again, as long as it is shown.
fn look(app: App, of: commands::CapacityGet) -> RwSignal<Option<Capacity>> {
    let seen = RwSignal::new(None);
    let look = move || {
        let reply = app.client().call(of.clone());
        spawn_local(async move {
            // A failure shows as a lost connection soon enough.
            if let Ok(capacity) = reply.await {
                seen.try_set(Some(capacity));
            }
        });
    };
    look();
    if let Ok(timer) = set_interval_with_handle(look, Duration::from_millis(LOOK_MS)) {
        on_cleanup(move || timer.clear());
    }
    seen
}

fn more(capacity: &Capacity) -> String {
    let Some(now) = capacity.now else {
        return if capacity.measured { String::new() } else { t!("room.measuring").to_owned() };
    };
    let mut words = match now.more {
        0 => t!("room.none", needs = cores(now.cores), free = cores(capacity.free_cores)),
        MANY.. => t!("room.many").to_owned(),
        n => tn!("room.more", n),
    };
    if let Some(prepared) = capacity.prepared.filter(|prepared| prepared.more > now.more) {
        words = match prepared.more {
            MANY.. => format!("{words} {}", t!("room.prepared.many")),
            n => format!("{words} {}", tn!("room.prepared", n)),
        };
    }
    words
}

fn cores(cores: f64) -> String {
    format!("{cores:.1}")
}

#[cfg(test)]
mod tests {
    use stream_api::Fit;

    use super::*;

    #[test]
    fn it_says_how_many_and_what_preparing_gains() {
        let fit = |more| Some(Fit { cores: 0.93, memory: 150 << 20, more });
        let full =
            Capacity { cores: 2.0, free_cores: 0.4, measured: true, now: fit(0), ..Capacity::default() };
        let words = more(&full);
        assert!(words.contains("0.9") && words.contains("0.4"), "{words}");
        assert!(more(&Capacity { prepared: fit(34), ..full.clone() }).contains("34"));
        let some = Capacity { now: fit(7), prepared: fit(7), ..full.clone() };
        assert!(more(&some).contains('7') && !more(&some).contains("repared"), "{}", more(&some));
        assert!(!more(&Capacity { now: fit(MANY), ..full.clone() }).contains("999"));
        assert_eq!(more(&Capacity { now: None, ..full }), "", "nothing is known of such a source");
        assert!(!more(&Capacity::default()).is_empty(), "it is being measured");
    }
}
