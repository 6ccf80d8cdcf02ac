//! The words of notices.

use stream_api::{Fault, Notice, NoticeKind, t, tn};

use super::seen::{Matter, Seen, Told};

/// Names that are listed; the rest is counted.
const LISTED: usize = 3;

/// A server's trouble; `waiting` streams wait for it.
pub(super) fn server(told: Told, server: &Seen, waiting: usize) -> Notice {
    let cause = cause(server.fault.as_ref());
    let name = other(server);
    let (kind, title) = match (told, name) {
        (Told::Failed | Told::Warned, None) => {
            (NoticeKind::ServerFailed, t!("notice.server_failed").to_owned())
        }
        (Told::Failed | Told::Warned, Some(name)) => {
            (NoticeKind::ServerFailed, t!("notice.other_failed", name = name))
        }
        (Told::Flapping, None) => (NoticeKind::ServerFlapping, t!("notice.server_flapping").to_owned()),
        (Told::Flapping, Some(name)) => {
            (NoticeKind::ServerFlapping, t!("notice.other_flapping", name = name))
        }
    };
    let body = tn!("notice.server_failed.body", waiting, cause = cause);
    Notice { kind, stream: None, title, body }
}

pub(super) fn server_back(server: &Seen) -> Notice {
    let title = match other(server) {
        None => t!("notice.server_back").to_owned(),
        Some(name) => t!("notice.other_back", name = name),
    };
    let body = t!("notice.server_back.body").to_owned();
    Notice { kind: NoticeKind::ServerBack, stream: None, title, body }
}

/// What a server is called; none for the bundled one.
fn other(server: &Seen) -> Option<&str> {
    (!server.server.is_bundled()).then_some(server.name.as_str())
}

/// The trouble of several streams: one notice for each cause.
pub(super) fn by_cause(told: Told, streams: &[&Seen]) -> Vec<Notice> {
    let code = |seen: &Seen| seen.fault.as_ref().map(|fault| fault.error.code);
    let mut groups: Vec<Vec<&Seen>> = Vec::new();
    for seen in streams {
        match groups.iter_mut().find(|group| code(group[0]) == code(seen)) {
            Some(group) => group.push(seen),
            None => groups.push(vec![seen]),
        }
    }
    groups.iter().map(|group| trouble(told, group)).collect()
}

fn trouble(told: Told, group: &[&Seen]) -> Notice {
    let (first, count) = (group[0], group.len());
    let cause = cause(first.fault.as_ref());
    let title = match (told, first.matter) {
        (Told::Flapping, _) => tn!("notice.stream_flapping", count, name = first.name),
        (_, Matter::Run) => tn!("notice.stream_failed", count, name = first.name),
        (_, Matter::Speed) => tn!("notice.stream_slow", count, name = first.name),
        (_, Matter::Recording) => tn!("notice.stream_unrecorded", count, name = first.name),
        (_, Matter::Source) => tn!("notice.stream_sourceless", count, name = first.name),
        (_, Matter::Feed) => tn!("notice.stream_unfed", count, name = first.name),
    };
    let body = match (told, count) {
        (Told::Failed | Told::Warned, 1) => cause,
        (Told::Flapping, 1) => {
            t!("notice.stream_flapping.body", breaks = first.breaks.len(), cause = cause)
        }
        _ => format!("{}: {cause}", names(group)),
    };
    let kind = match told {
        Told::Failed => NoticeKind::StreamFailed,
        Told::Flapping => NoticeKind::StreamFlapping,
        Told::Warned => NoticeKind::StreamWarned,
    };
    Notice { kind, stream: alone(group), title, body }
}

/// Streams that are well again, in one matter.
pub(super) fn back(streams: &[&Seen]) -> Option<Notice> {
    let first = streams.first()?;
    let count = streams.len();
    let title = match first.matter {
        Matter::Run => tn!("notice.stream_back", count, name = first.name),
        Matter::Speed => tn!("notice.stream_keeps_up", count, name = first.name),
        Matter::Recording => tn!("notice.stream_recorded", count, name = first.name),
        Matter::Source => tn!("notice.stream_sourced", count, name = first.name),
        Matter::Feed => tn!("notice.stream_fed", count, name = first.name),
    };
    let body = match (count, &first.fault) {
        (1, Some(fault)) => t!("notice.stream_back.body", cause = fault.error.message),
        _ => names(streams),
    };
    Some(Notice { kind: NoticeKind::StreamBack, stream: alone(streams), title, body })
}

fn alone(group: &[&Seen]) -> Option<stream_api::StreamId> {
    group[0].id.filter(|_| group.len() == 1)
}

fn names(group: &[&Seen]) -> String {
    let listed: Vec<&str> = group.iter().take(LISTED).map(|seen| seen.name.as_str()).collect();
    let listed = listed.join(", ");
    match group.len() {
        0..=LISTED => listed,
        all => t!("notice.and_more", names = listed, n = all - LISTED),
    }
}

fn cause(fault: Option<&Fault>) -> String {
    fault.map(|fault| format!("{} {}", fault.error.message, fault.error.hint)).unwrap_or_default()
}
