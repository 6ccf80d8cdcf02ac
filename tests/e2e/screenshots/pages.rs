//! Which pictures there are, and the way to each.

use crate::support::canned::{self, Scene};

/// A page to be pictured: its file name, the scene behind it, its address, what is done there, and what shows
/// that it is complete.
pub(super) struct Page {
    pub name: &'static str,
    pub scene: Scene,
    pub hash: String,
    pub steps: &'static [Step],
    pub complete: &'static str,
    /// Looked at in a small window too, though that picture is not kept.
    pub narrow: bool,
}

/// Something that is done on a page.
pub(super) enum Step {
    Click(&'static str),
    Fill(&'static str, &'static str),
    /// Scrolls until it is in the middle, or as near as can be.
    Show(&'static str),
}

/// What is done on a page before its picture is taken.
mod steps {
    use super::Step::{self, Click, Fill, Show};

    pub(super) const FORM: &[Step] =
        &[Click("#new-stream"), Fill("#file-path", "/srv/media/New year concert.mp4\n")];
    pub(super) const FORM_MORE: &[Step] = &[
        Click("#new-stream"),
        Fill("#file-path", "/srv/media/New year concert.mp4\n"),
        Click("label:has(#access-password)"),
        Fill("#access-pass", "Correct-horse_9"),
        Show("label:has(#prepare)"),
    ];
    pub(super) const EVERYWHERE: &[Step] = &[
        Click("#new-stream"),
        Fill("#file-path", "/srv/media/Gym classes.avi\n"),
        Show("[data-testid=everywhere]"),
    ];
    pub(super) const SETTINGS: &[Step] = &[
        Click("#new-stream"),
        Fill("#file-path", "/srv/media/Gym classes.avi\n"),
        Click("[data-testid=advanced] summary"),
        Fill("#bitrate", "60\t"),
        Show("label[for=bitrate]"),
    ];
    pub(super) const CAMERA: &[Step] = &[
        Click("#new-stream"),
        Click("label:has(#source-network)"),
        Fill("#source-url", "rtsp://192.168.1.20/stream1"),
        Fill("#source-user", "viewer"),
        Fill("#source-password", "wrong-one"),
        Click("#test-source"),
        Show("[data-testid=test-steps]"),
        Show("label:has(#source-network)"),
    ];
    pub(super) const ACCESS: &[Step] = &[
        Click("[data-testid=access] [data-act=access]"),
        Click("label:has(#access-some)"),
        Fill("#access-pass", "Correct-horse_9"),
        Click("label:has(#access-address)"),
        Fill("#access-ips", "192.168.0.0/16"),
    ];
    pub(super) const LINK: &[Step] =
        &[Click("[data-testid=access] [data-act=new-link]"), Click("#link-create")];
    pub(super) const SERVER_FORM: &[Step] = &[
        Click("#add-server"),
        Fill("#server-name", "Church hall"),
        Fill("#server-api", "https://192.168.1.5:9997"),
        Click("#test-server"),
    ];
    pub(super) const RUN_LOG: &[Step] = &[Click(".runs .run:nth-child(2)")];
    pub(super) const MENU: &[Step] = &[Click(".row[data-name='lobby'] [data-act=menu]")];
    pub(super) const DELETE: &[Step] = &[
        Click(".row[data-name='lobby'] [data-act=menu]"),
        Click(".row[data-name='lobby'] [data-act=delete]"),
    ];
    pub(super) const EDIT: &[Step] = &[Click(".head [data-act=edit]")];
    pub(super) const STREAM_MORE: &[Step] =
        &[Show("[data-testid=watching] tbody tr"), Show("[data-testid=log] .line:last-child")];
    pub(super) const SERVER_MORE: &[Step] =
        &[Show("[data-testid=log] .line:last-child"), Show("[data-testid=support]")];
    pub(super) const INSTALL: &[Step] = &[Click("[data-testid=fault] [data-act=cure]")];
}

pub(super) fn pages() -> Vec<Page> {
    use Scene::{Busy, Desktop, Dragging, Empty, Failed, NoFfmpeg, Quitting, Refused, Several};
    let stream = |n| format!("#/streams/{}", canned::id(n));
    let other = format!("#/server/{}", canned::servers::church());
    let page = |name, scene, hash: &str, steps, complete| Page {
        name,
        scene,
        hash: hash.to_owned(),
        steps,
        complete,
        narrow: true,
    };
    let wide = |name, scene, hash: &str, steps, complete| Page {
        narrow: false,
        ..page(name, scene, hash, steps, complete)
    };
    vec![
        page("streams", Busy, "#/", &[], ".row[data-name='lobby']"),
        page("new-stream", Busy, "#/", steps::FORM, "#save-start:not([disabled])"),
        wide("new-stream-more", Busy, "#/", steps::FORM_MORE, "#save-start:not([disabled])"),
        page("everywhere", Busy, "#/", steps::EVERYWHERE, "#save-start:not([disabled])"),
        page("settings", Busy, "#/", steps::SETTINGS, "[aria-invalid=true]"),
        page("camera", Busy, "#/", steps::CAMERA, "[data-testid=test-steps]"),
        wide("edit", Busy, &stream(1), steps::EDIT, "[data-testid=command]"),
        page("access", Busy, &stream(1), steps::ACCESS, "#access-save:not([disabled])"),
        page("guest-link", Busy, &stream(1), steps::LINK, "[data-testid=link-url]"),
        page("guest", Busy, "watch/lobby#guest-1.token", &[], "body[data-state=offline]"),
        wide("guest-live", Busy, "watch/lobby#live.token", &[], "body[data-state=live]"),
        page("stream", Busy, &stream(1), &[], "[data-testid=log]"),
        wide("stream-more", Busy, &stream(1), steps::STREAM_MORE, "[data-testid=log] .line"),
        page("stream-failed", Busy, &stream(4), &[], "[data-testid=fault]"),
        page("incoming", Busy, &stream(8), &[], "[data-testid=recipes]"),
        page("activity", Busy, "#/activity", &[], ".happening"),
        page("activity-none", Empty, "#/activity", &[], "[data-testid=no-activity]"),
        page("run-log", Busy, &stream(1), steps::RUN_LOG, "[data-testid=run-log] .line"),
        page("server", Busy, "#/server", &[], "[data-testid=server-page]"),
        wide("server-more", Busy, "#/server", steps::SERVER_MORE, "[data-testid=prepared] td"),
        page("servers", Several, "#/server", &[], "[data-testid=server-row]"),
        page("add-server", Several, "#/server", steps::SERVER_FORM, "[data-act=trust]"),
        page("other-server", Several, &other, &[], "[data-testid=drift]"),
        page("streams-several", Several, "#/", &[], "[data-testid=on-server]"),
        page("menu", Busy, "#/", steps::MENU, "[data-act=delete]"),
        wide("delete", Busy, "#/", steps::DELETE, "#confirm-ok"),
        wide("quit", Quitting, "?desktop#/", &[], "#confirm-ok"),
        wide("drop", Dragging, "?desktop#/", &[], ".drop:popover-open"),
        wide("refused", Refused, "#/", &[], "#refused-ok"),
        page("first-run", Empty, "#/", &[], "#who-local-network"),
        wide("first-run-desktop", Desktop, "?desktop#/", &[], "#who-local-network"),
        wide("install-ffmpeg", NoFfmpeg, "#/", steps::INSTALL, "[data-testid=install-ffmpeg]"),
        page("server-failed", Failed, "#/server", &[], "[data-testid=fault]"),
        wide("lost", Busy, "#/nowhere", &[], "[data-testid=lost-page]"),
    ]
}
