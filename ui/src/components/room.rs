//! For how many more streams this computer has room.

use leptos::prelude::*;
use stream_api::{Capacity, Code, Computer, Error, StreamId, commands, t, tn};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{Toast, confirm::Question, sheet::SheetFor},
    format,
};

impl App {
    /// Starts a stream, and asks first where the computer has no room for it.
    pub(crate) fn start(self, busy: RwSignal<bool>, id: StreamId) {
        self.start_or_ask(busy, Some(id));
    }

    /// Starts all streams, and asks first where the computer has no room for them.
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
    /// Start although the computer has no room?
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
        let mut question =
            Question::new(t!("overload.title").to_owned(), body, t!("overload.anyway"), anyway);
        if let Some(id) = id {
            let form = move || app.sheet.set(Some(SheetFor::Edit { id, locate: false }));
            question = question.or(t!("overload.cheaper"), form);
        }
        match prepare {
            Some((words, prepare)) => question.or(words, prepare),
            None => question,
        }
    }
}

/// For how many more such streams there is room: what one takes is asked for once, what there is comes by itself.
pub(crate) fn room(app: App, of: commands::CapacityGet) -> impl IntoView {
    let seen = RwSignal::new(None::<Capacity>);
    let measured = Memo::new(move |_| app.world.computer.with(|computer| computer.measured));
    Effect::new(move |_| {
        // Again once the computer is measured: until then nothing is known of what encodes. (To track a memo that nobody
        // reads would not tell of its changes.)
        measured.get();
        let reply = app.client().call(of.clone());
        spawn_local(async move {
            // A failure shows as a lost connection soon enough.
            if let Ok(capacity) = reply.await {
                seen.try_set(Some(capacity));
            }
        });
    });
    let words = move || {
        let computer = app.world.computer.get();
        seen.with(|seen| seen.as_ref().map(|seen| more(&computer, seen)))
    };
    view! { <p class="small-print" data-testid="room">{words}</p> }
}

/// What the computer has left, as pairs for a list.
pub(crate) fn left(app: App) -> impl IntoView {
    let known = move || Some(app.world.computer.get()).filter(|computer| computer.cores > 0.0);
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

fn more(computer: &Computer, capacity: &Capacity) -> String {
    let Some(now) = capacity.now.map(|fit| fit.load) else {
        return if computer.measured { String::new() } else { t!("room.measuring").to_owned() };
    };
    let count = computer.more(now);
    let room = match count {
        0 => t!("room.none", needs = cores(now.cores), free = cores(computer.free_cores)),
        Computer::MANY.. => t!("room.many").to_owned(),
        n => tn!("room.more", about(n)),
    };
    let (percent, memory) = (format::about(now.cores * 100.0), format::bytes(now.memory));
    let mut words = format!("{} {room}", t!("room.takes", percent = percent, memory = memory));
    let prepared = capacity.prepared.map(|fit| computer.more(fit.load)).filter(|prepared| *prepared > count);
    if let Some(prepared) = prepared {
        words = match prepared {
            Computer::MANY.. => format!("{words} {}", t!("room.prepared.many")),
            n => format!("{words} {}", tn!("room.prepared", about(n))),
        };
    }
    words
}

fn about(count: u32) -> u32 {
    format::about(count.into()) as u32
}

fn cores(cores: f64) -> String {
    format!("{cores:.1}")
}

#[cfg(test)]
mod tests {
    use stream_api::{Fit, Load};

    use super::*;

    #[test]
    fn it_says_how_many_and_what_preparing_gains() {
        let fit = |cores| Some(Fit { load: Load { cores, memory: 1 << 20 }, more: 0 });
        let full =
            Computer { cores: 2.0, free_cores: 0.4, memory: 8 << 30, free_memory: 4 << 30, measured: true };
        let encoded = Capacity { now: fit(0.93), ..Capacity::default() };
        let words = more(&full, &encoded);
        assert!(words.contains("0.9") && words.contains("0.4") && words.contains("93 %"), "{words}");
        let both = Capacity { prepared: fit(0.0115), ..encoded.clone() };
        assert!(more(&full, &both).contains("34"), "{}", more(&full, &both));
        let free = Computer { cores: 8.0, free_cores: 6.6, ..full };
        let same = Capacity { prepared: fit(0.93), ..encoded.clone() };
        assert!(more(&free, &same).contains("about 7 more"), "{}", more(&free, &same));
        assert!(!more(&free, &same).contains("repared"));
        let little = Capacity { now: fit(0.0), ..Capacity::default() };
        assert!(!more(&full, &little).contains("999"));
        assert_eq!(more(&full, &Capacity::default()), "", "nothing is known of such a source");
        let unknown = Computer { measured: false, ..full };
        assert!(!more(&unknown, &Capacity::default()).is_empty(), "it is being measured");
    }
}
