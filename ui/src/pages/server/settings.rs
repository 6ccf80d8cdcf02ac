use leptos::prelude::*;
use stream_api::{
    Encryption, GUESTS, HlsVariant, Listener, Ports, Protocol, Reach, ServerSettings, ServerStatus, t, tn,
};

use super::draft::Draft;
use crate::{
    app::App,
    components::{CopyButton, Icon, icon, pairs, radio},
};

pub(super) const PROTOCOLS: [Protocol; 5] =
    [Protocol::Rtsp, Protocol::Hls, Protocol::Webrtc, Protocol::Rtmp, Protocol::Srt];
const DAY_MS: i64 = 86_400_000;

/// Who can watch, and by which addresses.
pub(super) fn reach(app: App, draft: Draft) -> impl IntoView {
    let choice = move |reach: Reach, id: &'static str, word: &'static str| {
        let on = Signal::derive(move || draft.now().reach == reach);
        radio("reach", id, word.into_any(), on, Callback::new(move |()| draft.edit(|s| s.reach = reach)))
    };
    let hint = move || match draft.now().reach {
        Reach::ThisComputer => t!("reach.this_computer.hint"),
        Reach::LocalNetwork => t!("reach.local_network.hint"),
    };
    let addresses = Memo::new(move |_| of_server(app, |server| server.addresses.clone()).unwrap_or_default());
    let row = |address: stream_api::Address| {
        view! {
            <div class="url">
                <span class="p">{address.label}</span>
                <code>{address.host.clone()}</code>
                <CopyButton text=Signal::stored(address.host) title=t!("reach.copy") wide=true/>
            </div>
        }
    };
    view! {
        <section class="card" data-testid="reach">
            <h3>{t!("reach.title")}</h3>
            <div class="seg" role="radiogroup" aria-label=t!("reach.title")>
                {choice(Reach::ThisComputer, "reach-this-computer", t!("reach.this_computer"))}
                {choice(Reach::LocalNetwork, "reach-local-network", t!("reach.local_network"))}
            </div>
            <p class="faint small-print">{hint}</p>
            {move || addresses.get().into_iter().map(row).collect_view()}
        </section>
    }
}

fn of_server<T>(app: App, what: impl FnOnce(&ServerStatus) -> T) -> Option<T> {
    app.world.server.with(|server| server.as_ref().map(what))
}

/// The protocols, and each listener's port.
pub(super) fn ports(draft: Draft) -> impl IntoView {
    let protocol = move |protocol: Protocol| {
        let on = move || draft.now().protocols.is_on(protocol);
        view! {
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    data-protocol=protocol.label()
                    prop:checked=on
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        draft.edit(|s| s.protocols.set(protocol, on));
                    }
                />
                <i aria-hidden="true"></i>
                <span><b>{protocol.label()}</b></span>
            </label>
        }
    };
    let used = move |listener| {
        let port = Place::Server(listener).port(&draft.now())?;
        Some(format!("{} {port}", listener.label()))
    };
    let in_use = move || Listener::ALL.into_iter().filter_map(used).collect::<Vec<_>>().join(" · ");
    // What is wrong is shown; it is for a person to fold it away again.
    let wrong = Memo::new(move |was| {
        let mut keys = Listener::ALL.into_iter().map(Listener::key).chain([GUESTS]);
        was == Some(&true) || keys.any(|key| draft.problem(key).is_some())
    });
    view! {
        <section class="card">
            <h3>{t!("server.ports")}</h3>
            <div class="protocols">{PROTOCOLS.map(protocol).into_iter().collect_view()}</div>
            <details class="more" data-testid="ports" prop:open=wrong>
                <summary>{t!("server.ports.numbers")}<span class="num">{in_use}</span></summary>
                <table class="ports">
                    <tbody>
                        {Listener::ALL.map(|listener| port(draft, Place::Server(listener))).into_iter().collect_view()}
                        {port(draft, Place::Guests)}
                    </tbody>
                </table>
                <p class="faint small-print">{t!("server.own_ports")}</p>
            </details>
        </section>
    }
}

/// What listens on a port: the server, or the guests' page, which is ours.
#[derive(Clone, Copy)]
enum Place {
    Server(Listener),
    Guests,
}

impl Place {
    const fn key(self) -> &'static str {
        match self {
            Place::Server(listener) => listener.key(),
            Place::Guests => GUESTS,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Place::Server(listener) => listener.label(),
            Place::Guests => t!("port.guests"),
        }
    }

    const fn is_udp(self) -> bool {
        matches!(self, Place::Server(listener) if listener.is_udp())
    }

    /// None where it is not listened on.
    fn port(self, settings: &ServerSettings) -> Option<u16> {
        match self {
            Place::Server(listener) => settings.reach_of(listener).map(|_| settings.ports.of(listener)),
            Place::Guests => settings.guest_port,
        }
    }

    fn set(self, settings: &mut ServerSettings, port: u16) {
        match self {
            Place::Server(listener) => settings.ports.set(listener, port),
            Place::Guests => settings.guest_port = Some(port),
        }
    }

    /// What is to be known of it.
    fn note(self, settings: &ServerSettings) -> String {
        match self {
            Place::Server(Listener::Rtsp) if !settings.protocols.rtsp || settings.is_encrypted() => {
                t!("port.own_rtsp").to_owned()
            }
            Place::Server(listener) => match Ports::USUAL.of(listener) {
                usual if usual == settings.ports.of(listener) => String::new(),
                usual => t!("port.moved", usual = usual),
            },
            Place::Guests if settings.reach == Reach::LocalNetwork => t!("port.guests.hint").to_owned(),
            Place::Guests => String::new(),
        }
    }
}

fn port(draft: Draft, place: Place) -> impl IntoView {
    let key = place.key();
    let note = move || draft.problem(key).unwrap_or_else(|| place.note(&draft.now()));
    let typed = move |event: web_sys::Event| {
        let port = event_target_value(&event).trim().parse().unwrap_or(0);
        draft.edit(|s| place.set(s, port));
    };
    view! {
        <tr data-port=key hidden=move || place.port(&draft.now()).is_none()>
            <th scope="row">{place.label()}</th>
            <td class="faint">{if place.is_udp() { "UDP" } else { "TCP" }}</td>
            <td>
                <input
                    class="input num"
                    type="number"
                    min="1"
                    max="65535"
                    aria-label=t!("port.of", what = place.label())
                    class:wrong=move || draft.problem(key).is_some()
                    prop:value=move || place.port(&draft.now()).map(|port| port.to_string()).unwrap_or_default()
                    on:change=typed
                />
            </td>
            <td class="note" class:bad-text=move || draft.problem(key).is_some()>{note}</td>
        </tr>
    }
}

/// HLS, WebRTC and encryption.
pub(super) fn more(app: App, draft: Draft) -> impl IntoView {
    let hosts = move || draft.now().webrtc_hosts.join(" ");
    let typed_hosts = move |event: web_sys::Event| {
        let typed = event_target_value(&event);
        let parts = typed.split([' ', ',', ';']).filter(|part| !part.is_empty());
        let hosts = parts.map(str::to_owned).collect();
        draft.edit(|s| s.webrtc_hosts = hosts);
    };
    let variant = move || match draft.now().hls_variant {
        HlsVariant::LowLatency => "low_latency",
        HlsVariant::Fmp4 => "fmp4",
        HlsVariant::Mpegts => "mpegts",
    };
    let kind = Memo::new(move |_| match draft.now().encryption {
        Encryption::Off => "off",
        Encryption::SelfSigned => "self_signed",
        Encryption::Given { .. } => "given",
    });
    let chosen_kind = move |value: String| {
        draft.edit(|s| {
            s.encryption = match value.as_str() {
                "self_signed" => Encryption::SelfSigned,
                "given" => Encryption::Given { certificate: String::new(), key: String::new() },
                _ => Encryption::Off,
            };
        });
    };
    let chosen_variant = move |value: String| {
        draft.edit(|s| {
            s.hls_variant = match value.as_str() {
                "fmp4" => HlsVariant::Fmp4,
                "mpegts" => HlsVariant::Mpegts,
                _ => HlsVariant::LowLatency,
            };
        });
    };
    view! {
        <section class="card options">
            <h3>{t!("settings.more")}</h3>
            {select(
                "hls-variant",
                t!("hls.title"),
                &[
                    ("low_latency", t!("hls.low_latency")),
                    ("fmp4", t!("hls.fmp4")),
                    ("mpegts", t!("hls.mpegts")),
                ],
                Signal::derive(move || variant().to_owned()),
                Callback::new(chosen_variant),
                Some(t!("hls.hint")),
            )}
            {text("webrtc-hosts", t!("webrtc.hosts"), draft, "webrtc_hosts", Signal::derive(hosts), Callback::new(typed_hosts), t!("webrtc.hosts.hint"))}
            {select(
                "encryption",
                t!("encryption.title"),
                &[
                    ("off", t!("encryption.off")),
                    ("self_signed", t!("encryption.self_signed")),
                    ("given", t!("encryption.given")),
                ],
                Signal::derive(move || kind.get().to_owned()),
                Callback::new(chosen_kind),
                None,
            )}
            {move || (kind.get() != "off").then(|| view! { <p class="hint muted">{t!("encryption.hint")}</p> })}
            {move || (kind.get() == "given").then(|| files(draft))}
            {certificate(app)}
        </section>
    }
}

fn files(draft: Draft) -> impl IntoView {
    let part = move |key: bool| {
        let value = move || match draft.now().encryption {
            Encryption::Given { certificate, .. } if !key => certificate,
            Encryption::Given { key, .. } => key,
            _ => String::new(),
        };
        let typed = move |event: web_sys::Event| {
            let typed = event_target_value(&event).trim().to_owned();
            draft.edit(|s: &mut ServerSettings| {
                if let Encryption::Given { certificate, key: of_key } = &mut s.encryption {
                    *(if key { of_key } else { certificate }) = typed;
                }
            });
        };
        let (id, word) =
            if key { ("key", t!("encryption.key")) } else { ("certificate", t!("encryption.certificate")) };
        text(id, word, draft, id, Signal::derive(value), Callback::new(typed), t!("encryption.file.hint"))
    };
    view! { {part(false)} {part(true)} }
}

/// The certificate in use: how others recognise it, and when it ends.
fn certificate(app: App) -> impl IntoView {
    let seen = Memo::new(move |_| of_server(app, |server| server.certificate.clone()).flatten());
    move || {
        seen.get().map(|certificate| {
            let left = (certificate.expires.0 - app.world.now.get_untracked()) / DAY_MS;
            let words = tn!("encryption.expires", left);
            view! {
                <div class="print">
                    <span class=if left <= 30 { "warn" } else { "muted" }>{words}</span>
                    <code class="mono" title=t!("encryption.fingerprint")>{pairs(&certificate.fingerprint)}</code>
                    <CopyButton text=Signal::stored(certificate.fingerprint) title=t!("encryption.copy")/>
                </div>
            }
        })
    }
}

fn select(
    id: &'static str,
    label: &'static str,
    options: &[(&'static str, &'static str)],
    value: Signal<String>,
    chosen: Callback<String>,
    hint: Option<&'static str>,
) -> impl IntoView {
    let options = options.iter().map(|(key, word)| {
        let key = *key;
        view! { <option value=key selected=move || value.get() == key>{*word}</option> }
    });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id class="input" prop:value=value on:change=move |event| chosen.run(event_target_value(&event))>
                {options.collect_view()}
            </select>
            {hint.map(|hint| view! { <div class="hint">{hint}</div> })}
        </div>
    }
}

fn text(
    id: &'static str,
    label: &'static str,
    draft: Draft,
    field: &'static str,
    value: Signal<String>,
    typed: Callback<web_sys::Event>,
    hint: &'static str,
) -> impl IntoView {
    let problem = move || draft.problem(field);
    let below = move || match problem() {
        Some(words) => view! { <span class="bad" role="alert">{icon(Icon::Alert)}{words}</span> }.into_any(),
        None => hint.into_any(),
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                class="input"
                class:wrong=move || problem().is_some()
                autocomplete="off"
                spellcheck="false"
                prop:value=value
                on:change=move |event| typed.run(event)
            />
            <div class="hint">{below}</div>
        </div>
    }
}
