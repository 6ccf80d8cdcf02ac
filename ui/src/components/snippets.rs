use leptos::prelude::*;
use stream_api::{Access, Protocol, commands, t};

use crate::{
    app::App,
    components::{Act, CopyButton, Icon, Modal},
    store::live::Row,
};

/// What to type or paste to play a stream: (where, what). Where a password is needed there is a placeholder for it.
fn snippets(addresses: &[(Protocol, String)], access: &Access) -> Vec<(&'static str, String)> {
    let address = |protocol| {
        let found = addresses.iter().find(|(one, url)| *one == protocol && !url.is_empty());
        found.map(|(_, url)| url.clone())
    };
    let mut all = Vec::new();
    if let Some(rtsp) = address(Protocol::Rtsp) {
        all.push(("ffplay", format!("ffplay -rtsp_transport tcp \"{rtsp}\"")));
        all.push(("VLC", format!("vlc --rtsp-tcp \"{rtsp}\"")));
        all.push(("OBS", rtsp));
    }
    // Browsers don't ask for a password inside another page.
    if let Some(page) = address(Protocol::Webrtc).filter(|_| !access.is_restricted()) {
        let frame = format!(
            "<iframe src=\"{page}\" allow=\"autoplay; fullscreen\" width=\"640\" height=\"360\"></iframe>"
        );
        all.push((t!("snippet.page"), frame));
    }
    all
}

/// Ready lines for players, and the page's address as a QR code.
pub(crate) fn players(app: App, row: RwSignal<Row>) -> impl IntoView {
    let all = Memo::new(move |_| snippets(&app.addresses(row), &row.with(|row| row.stream.access.clone())));
    let lines = move || {
        let lines = all.get().into_iter();
        lines
            .map(|(place, text)| {
                let title = t!("snippet.copy", place = place);
                view! {
                    <div class="url">
                        <span class="p">{place}</span>
                        <code title=text.clone()>{text.clone()}</code>
                        <CopyButton text=Signal::stored(text) title=title/>
                    </div>
                }
            })
            .collect_view()
    };
    let (busy, shown) = (RwSignal::new(false), RwSignal::new(None));
    // There is no page without WebRTC.
    let pageless = Memo::new(move |_| row.with(|row| row.stream.urls.webrtc.is_empty()));
    let ask = move |_| {
        let id = row.with_untracked(|row| row.stream.id);
        let host = untrack(|| app.chosen_host(row));
        app.run(busy, commands::StreamQr { id, protocol: Protocol::Webrtc, host }, move |code| {
            shown.try_set(Some(code));
        });
    };
    view! {
        <details class="players" data-testid="players">
            <summary>{t!("snippet.title")}</summary>
            {lines}
            <div class="card-foot">
                <Act icon=Icon::Link label=t!("snippet.qr") act="qr" busy=busy disabled=pageless on_press=ask/>
            </div>
        </details>
        {move || shown.get().map(|code| view! {
            <Modal label=t!("snippet.qr") class="ask" on_close=move |()| shown.set(None)>
                <div class="ask-body">
                    <div class="qr" role="img" aria-label=t!("snippet.qr") inner_html=code.svg></div>
                    <code class="cmd">{code.text}</code>
                </div>
                <footer>
                    <span class="grow"></span>
                    <Act id="qr-done" class="primary" label=t!("act.ok") on_press=move |_| shown.set(None)/>
                </footer>
            </Modal>
        })}
    }
}

#[cfg(test)]
mod tests {
    use stream_api::ViewerAccess;

    use super::*;

    #[test]
    fn a_page_holds_no_frame_of_what_asks_for_a_password() {
        let addresses =
            [(Protocol::Rtsp, "rtsp://h:1/a".to_owned()), (Protocol::Webrtc, "http://h:2/a/".to_owned())];
        let all = snippets(&addresses, &Access::default());
        assert_eq!(all[0].1, "ffplay -rtsp_transport tcp \"rtsp://h:1/a\"");
        assert!(all[3].1.starts_with("<iframe src=\"http://h:2/a/\""));
        let restricted = Access { viewers: ViewerAccess::Restricted, ..Access::default() };
        assert_eq!(snippets(&addresses, &restricted).len(), 3, "no frame that can't ask");
        let off = [(Protocol::Rtsp, String::new())];
        assert!(snippets(&off, &restricted).is_empty(), "protocols that are off");
    }
}
