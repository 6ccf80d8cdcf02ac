//! What the bundled server sends to all its viewers together, and over which connection.

use leptos::{ev::SubmitEvent, prelude::*};
use stream_api::{Error, ServerStatus, check_uplink, commands::UplinkSet, t};

use crate::{
    app::App,
    components::{FaultCard, FaultOf, refusal},
    format,
};

/// What is wrong with a server although it runs.
pub(crate) fn server_warnings(app: App) -> impl IntoView {
    let seen = Memo::new(move |_| {
        let all = |s: &ServerStatus| s.guest_fault.iter().chain(&s.warnings).cloned().collect::<Vec<_>>();
        app.world.server.with(|server| server.as_ref().map(all).unwrap_or_default())
    });
    move || {
        let cards = seen.get().into_iter();
        cards.map(|fault| view! { <FaultCard fault=fault mild=true of=FaultOf::Server/> }).collect_view()
    }
}

/// How many watch, how much they get, and the speed of the connection to them.
pub(crate) fn outbound_card(app: App) -> impl IntoView {
    let uplink = Memo::new(move |_| app.world.server.with(|server| server.as_ref()?.uplink_mbps));
    let sent = Memo::new(move |_| app.world.tally.get().outbound_here_bps);
    let share = move || {
        uplink.get().map(|mbps| {
            let part = move || format::share(sent.get() as f64 / (f64::from(mbps) * 1e6));
            view! { <dt>{t!("uplink.share")}</dt><dd data-testid="uplink-share">{part}</dd> }
        })
    };
    view! {
        <section class="card" data-testid="outbound">
            <h3>
                {t!("column.viewers")}
                <b class="right num figure" data-testid="all-viewers">{move || app.world.tally.get().viewers_here}</b>
            </h3>
            <dl class="kv num">
                <dt>{t!("server.sending")}</dt>
                <dd>{move || format::rate(sent.get())}</dd>
                {share}
            </dl>
            {speed(app, uplink)}
        </section>
    }
}

/// The field for the connection's speed.
fn speed(app: App, uplink: Memo<Option<u32>>) -> impl IntoView {
    let stored = move |uplink: Option<u32>| uplink.map(|mbps| mbps.to_string()).unwrap_or_default();
    let (typed, busy) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let shown = move || typed.get().unwrap_or_else(|| stored(uplink.get()));
    let changed = Memo::new(move |_| typed.get().is_some_and(|typed| typed.trim() != stored(uplink.get())));
    let problem = move || typed.get().and_then(|typed| parse(&typed).err());
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let wanted = typed.get_untracked().map(|typed| parse(&typed));
        if let Some(Ok(mbps)) = wanted.filter(|_| changed.get_untracked()) {
            app.run(busy, UplinkSet { mbps }, move |_| drop(typed.try_set(None)));
        }
    };
    view! {
        <form class="field uplink" on:submit=save>
            <label for="uplink">{t!("uplink.label")}</label>
            <div class="pick">
                <input
                    id="uplink"
                    class="input num"
                    inputmode="numeric"
                    autocomplete="off"
                    placeholder=t!("uplink.unknown")
                    prop:value=shown
                    on:input=move |event| typed.set(Some(event_target_value(&event)))
                />
                <button type="submit" class="btn" id="uplink-save" disabled=move || !changed.get() || busy.get()>
                    {t!("sheet.save")}
                </button>
            </div>
            {move || problem().map(|error| refusal(error, "uplink-error"))}
            <p class="faint small-print">{t!("uplink.hint")}</p>
        </form>
    }
}

/// The speed that was typed; none for an empty field.
fn parse(typed: &str) -> Result<Option<u32>, Error> {
    match typed.trim() {
        "" => Ok(None),
        text => {
            // What is no number at all is told as what it is not.
            let mbps = text.parse().unwrap_or(0);
            check_uplink(mbps).map(|()| Some(mbps)).map_err(|error| error.with("mbps", text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_whole_number_or_nothing() {
        assert_eq!(parse(" 40 "), Ok(Some(40)));
        assert_eq!(parse(" "), Ok(None));
        for bad in ["0", "-3", "1.5", "fast", "99999999999"] {
            let error = parse(bad).expect_err(bad);
            assert!(error.message.contains(bad), "{}", error.message);
        }
    }
}
