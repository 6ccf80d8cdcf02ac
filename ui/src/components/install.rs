//! FFmpeg on the computer of the host: how it is installed, which one was found, and on the desktop, which one is meant.

use leptos::prelude::*;
use stream_api::{Code, HostStatus, Tool, ToolState, commands, t};

use crate::{
    app::{App, use_app},
    components::{Act, CopyButton, Icon, Modal},
};

/// How FFmpeg is installed, when that was asked for.
#[component]
pub(crate) fn InstallFfmpeg() -> impl IntoView {
    let app = use_app();
    let (busy, locating, checked) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let close = move || app.installing.set(false);
    let state = Memo::new(move |_| app.world.host.with(|host| host.as_ref().map(found)).unwrap_or_default());
    let said = move || match checked.get() {
        true => t!("install.checked", found = state.get()),
        false => state.get(),
    };
    let check = move |_| {
        checked.set(false);
        app.run(busy, commands::ToolsCheck {}, move |_| {
            checked.try_set(true);
        });
    };
    let locate = app.is_desktop().then(|| {
        view! {
            <Act
                id="locate-ffmpeg"
                icon=Icon::Folder
                label=t!("install.locate")
                busy=locating
                on_press=move |_| app.locate_ffmpeg(locating)
            />
        }
    });
    view! {
        <Modal label=t!("install.title") class="ask wide" on_close=move |()| close()>
            <div class="ask-body" data-testid="install-ffmpeg">
                <h2>{t!("install.title")}</h2>
                {how(app)}
                <p class="muted">{t!("install.found")}</p>
                <p role="status" data-testid="install-state">{said}</p>
                {located(app)}
            </div>
            <footer>
                <Act
                    class="ghost"
                    icon=Icon::Open
                    label=t!("install.site")
                    on_press=move |_| app.open_url("https://ffmpeg.org/download.html")
                />
                <span class="grow"></span>
                {locate}
                <Act id="check-tools" icon=Icon::Retry label=t!("tool.check_again") busy=busy on_press=check/>
                <Act id="install-ok" class="primary" label=t!("act.close") on_press=move |_| close()/>
            </footer>
        </Modal>
    }
}

/// The line that installs it. Where the one of the system is too old, installing it again cures nothing.
fn how(app: App) -> impl IntoView {
    let of_host =
        move |ask: fn(&HostStatus) -> bool| app.world.host.with(|host| host.as_ref().is_some_and(ask));
    let old = Memo::new(move |_| of_host(is_too_old));
    let line = Memo::new(move |_| {
        app.world.host.with(|host| host.as_ref().and_then(|host| host.installer)).map(|m| m.ffmpeg_line())
    });
    move || {
        match (old.get(), line.get()) {
        (true, _) => view! { <p data-testid="install-too-old">{t!("install.too_old")}</p> }.into_any(),
        (false, None) => view! { <p>{t!("install.by_hand")}</p> }.into_any(),
        (false, Some(line)) => view! {
            <p>{t!("install.line")}</p>
            <div class="url install">
                <code title=line>{line}</code>
                <CopyButton text=Signal::stored(line.to_owned()) title=t!("install.copy") wide=true act="copy-install"/>
            </div>
        }
        .into_any(),
    }
    }
}

/// Which one was located, and the way back.
fn located(app: App) -> impl IntoView {
    let busy = RwSignal::new(false);
    let path =
        Memo::new(move |_| app.world.host.with(|host| host.as_ref().and_then(|host| host.located.clone())));
    move || {
        path.get().filter(|_| app.is_desktop()).map(|path| {
            view! {
                <div class="only-here" data-testid="located">
                    <p class="note">{t!("install.located", path = path)}</p>
                    <Act
                        class="small"
                        id="unlocate-ffmpeg"
                        label=t!("install.unlocate")
                        busy=busy
                        on_press=move |_| app.run(busy, commands::FfmpegLocate { path: None }, |_| {})
                    />
                </div>
            }
        })
    }
}

/// Whether what is found without being named is: that is what a package installs.
fn is_too_old(host: &HostStatus) -> bool {
    let old = |tool: &Tool| tool.fault.as_ref().is_some_and(|fault| fault.error.code == Code::FfmpegTooOld);
    host.located.is_none() && (old(&host.ffmpeg) || old(&host.ffprobe))
}

/// What was found of FFmpeg and ffprobe.
fn found(host: &HostStatus) -> String {
    let one = |name: &str, tool: &Tool| match (tool.state, &tool.fault) {
        (ToolState::Unusable, Some(fault)) => fault.error.message.clone(),
        (ToolState::Ready, _) => {
            let of = |part: &Option<String>| part.clone().unwrap_or_default();
            t!("install.ready", program = name, version = of(&tool.version), path = of(&tool.path))
        }
        _ => t!("tool.checking").to_owned(),
    };
    let both = [one(t!("tool.ffmpeg"), &host.ffmpeg), one(t!("tool.ffprobe"), &host.ffprobe)];
    match both[0] == both[1] {
        true => both[0].clone(),
        false => both.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{Error, Fault, Message};

    use super::*;
    use crate::store::fixtures::snapshot;

    fn host(ffmpeg: Tool, ffprobe: Tool) -> HostStatus {
        let Message::Snapshot { snapshot } = snapshot(1, Vec::new()) else { panic!("it is one") };
        HostStatus { ffmpeg, ffprobe, ..snapshot.host }
    }

    #[test]
    fn what_was_found_is_said_once() {
        let unusable = |error: Error| Tool {
            path: None,
            version: None,
            state: ToolState::Unusable,
            fault: Some(Fault::new(error)),
        };
        let missing = || unusable(Error::new(Code::FfmpegMissing));
        assert_eq!(found(&host(missing(), missing())), "FFmpeg was not found.");
        let ready = Tool {
            path: Some("/usr/bin/ffmpeg".into()),
            version: Some("6.0".into()),
            state: ToolState::Ready,
            fault: None,
        };
        let old = Error::new(Code::FfmpegTooOld).with("path", "/p").with("version", "4.4.2");
        let host = host(ready, unusable(old));
        assert_eq!(
            found(&host),
            "FFmpeg 6.0 is ready: /usr/bin/ffmpeg. /p is version 4.4.2; 5.1 or newer is needed."
        );
        assert!(is_too_old(&host), "its package is no cure");
        let located = Some("/p".to_owned());
        assert!(!is_too_old(&HostStatus { located, ..host }), "which was chosen: a package may be newer");
    }
}
