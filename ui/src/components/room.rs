//! For how many more streams this computer has room.

use leptos::prelude::*;
use stream_api::{
    Capacity, Code, Computer, Error, StreamId,
    commands::{self, Command},
    t, tn,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::App,
    components::{Toast, confirm::Question, sheet::SheetFor},
    format,
};

impl App {
    /// Starts a stream, and asks first where the computer has no room for it.
    pub(crate) fn start(self, busy: RwSignal<bool>, id: StreamId) {
        let ask = move |error: Error| Question::overload(self, &error, false);
        self.run_or_ask(busy, commands::StreamStart { id, unless_full: true }, |_| {}, ask);
    }

    /// Starts all streams, and asks first where the computer has no room for them.
    pub(crate) fn start_all(self, busy: RwSignal<bool>) {
        let ask = move |error: Error| Question::overload(self, &error, true);
        self.run_or_ask(busy, commands::StreamStartAll { unless_full: true }, |_| {}, ask);
    }

    /// Carries out a command that is refused where the computer has no room; then it asks.
    pub(crate) fn run_or_ask<C: Command>(
        self,
        busy: RwSignal<bool>,
        command: C,
        done: impl FnOnce(C::Reply) + 'static,
        ask: impl FnOnce(Error) -> Question + 'static,
    ) {
        if busy.try_get_untracked() == Some(true) {
            return;
        }
        busy.try_set(true);
        let reply = self.client().call(command);
        spawn_local(async move {
            let reply = reply.await;
            busy.try_set(false);
            match reply {
                Ok(reply) => done(reply),
                Err(error) if error.code == Code::WouldOverload && !self.is_asked() => {
                    self.question.set(Some(ask(error)));
                }
                Err(error) => self.tell(Toast::error(error)),
            }
        });
    }

    /// Tells why files can't be streamed; of those that only the computer has no room for, asks.
    pub(crate) fn refuse(self, errors: Vec<Error>) {
        let (full, errors): (Vec<Error>, Vec<Error>) =
            errors.into_iter().partition(|error| error.code == Code::WouldOverload);
        match all_of(full) {
            // Who answers one must not be given another meanwhile.
            Some(error) if self.is_asked() => self.tell(Toast::error(error)),
            Some(error) => self.question.set(Some(Question::overload(self, &error, false))),
            None => {}
        }
        self.refused.update(|refused| refused.extend(errors));
    }

    fn is_asked(self) -> bool {
        self.question.with_untracked(Option::is_some)
    }

    /// Starts these while there is room: one after the other, so that each counts for the next.
    fn start_in_turn(self, ids: Vec<StreamId>) {
        spawn_local(async move {
            for id in ids {
                if let Err(error) = self.client().call(commands::StreamStart { id, unless_full: true }).await
                {
                    self.tell(Toast::error(error));
                }
            }
        });
    }
}

/// One error for all for which there is no room: each with what it needs, and their streams.
fn all_of(full: Vec<Error>) -> Option<Error> {
    full.into_iter().reduce(|mut all, next| {
        if all.message != next.message {
            all.message = format!("{} {}", all.message, next.message);
        }
        for arg in ["streams", "prepare"] {
            let both = [streams(&all, arg), streams(&next, arg)].concat();
            let mut listed: Vec<String> = both.iter().map(ToString::to_string).collect();
            listed.sort();
            listed.dedup();
            all.args.insert(arg.to_owned(), listed.join(","));
        }
        all
    })
}

impl Question {
    /// Start although the computer has no room? The error names the streams; `all`: these are all that don't run.
    pub(crate) fn overload(app: App, error: &Error, all: bool) -> Self {
        let (ids, can_prepare) = (streams(error, "streams"), streams(error, "prepare"));
        let run = move |id: StreamId| {
            app.run(RwSignal::new(false), commands::StreamStart { id, unless_full: false }, |_| {});
        };
        let starts = ids.clone();
        let anyway = move || match all {
            true => app.run(RwSignal::new(false), commands::StreamStartAll { unless_full: false }, |_| {}),
            false => starts.iter().copied().for_each(run),
        };
        let body = format!("{} {}", error.message, error.hint);
        let title = tn!("overload.title", ids.len());
        let mut question = Question::new(title, body, t!("overload.anyway"), anyway);
        if let [id] = ids[..] {
            let form = move || app.sheet.set(Some(SheetFor::Edit { id, locate: false }));
            question = question.or(t!("overload.cheaper"), form);
        }
        if can_prepare.is_empty() {
            return question;
        }
        let prepare = move || {
            for id in &can_prepare {
                let prepare = commands::PrepareStart { id: *id, start: true };
                app.run(RwSignal::new(false), prepare, |_| {});
            }
            // Without those there may be room for the others.
            app.start_in_turn(ids.iter().copied().filter(|id| !can_prepare.contains(id)).collect());
            app.tell(Toast::done(t!("overload.preparing")));
        };
        question.or(t!("overload.prepare"), prepare)
    }

    /// Change a stream although the computer has no room for what it takes then?
    pub(crate) fn overload_by_change(error: &Error, anyway: impl Fn() + Send + Sync + 'static) -> Self {
        let body = format!("{} {}", error.message, error.hint);
        Question::new(t!("overload.change").to_owned(), body, t!("overload.change.anyway"), anyway)
    }
}

/// The streams that an error lists.
fn streams(error: &Error, arg: &str) -> Vec<StreamId> {
    let listed = error.args.get(arg).map(String::as_str).unwrap_or_default();
    listed.split(',').filter_map(|id| id.parse().ok()).collect()
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

    #[test]
    fn an_error_lists_streams() {
        let error = Error::new(Code::WouldOverload);
        assert!(
            streams(&error, "streams").is_empty()
                && streams(&error.with("streams", ""), "streams").is_empty()
        );
        let id = "0190f3a0-0000-7000-8000-000000000001";
        let two = Error::new(Code::WouldOverload).with("streams", format!("{id},{id}"));
        assert_eq!(streams(&two, "streams").len(), 2);
        let other = "0190f3a0-0000-7000-8000-000000000002";
        let next = Error::new(Code::WouldOverload).with("streams", other).with("needs", "2.0");
        let all = all_of(vec![two, next]).unwrap();
        assert_eq!(streams(&all, "streams").len(), 2, "each once");
        assert!(all.message.contains("2.0") && streams(&all, "prepare").is_empty(), "{all:?}");
        assert_eq!(all_of(Vec::new()), None);
    }
}
