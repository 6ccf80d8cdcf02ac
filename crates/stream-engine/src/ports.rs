//! Which ports the bundled server uses: chosen at first start, stored, kept.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket},
};

use child_process::process_holding_port;
use stream_api::{Code, Error, Listener, Ports, Reach, ServerSettings, t};

use crate::guests;

/// How far from the usual port another one is looked for.
const REACH: u16 = 400;

/// The usual ports, each replaced by the next free one where it is taken. None is `guests`, the port of their page.
///
/// # Errors
/// `no_free_port` naming what it was for.
pub(crate) fn choose(guests: Option<u16>) -> Result<Ports, Error> {
    from(Ports::USUAL, guests, |_| true)
}

/// The ports of these settings, each that is used replaced by another where it can't be; the others are kept. None is
/// `guests`, the port of their page.
///
/// # Errors
/// `no_free_port` naming what it was for.
pub(crate) fn renewed(settings: &ServerSettings, guests: Option<u16>) -> Result<Ports, Error> {
    from(settings.ports, guests, |listener| settings.reach_of(listener).is_some())
}

/// A port for the guests' page: the first from its usual one on that is free, and neither one of the server's nor of
/// its usual ones; the usual one if all are taken.
pub(crate) fn for_guests(server: Option<Ports>) -> u16 {
    let is_the_servers = |port| {
        server.is_some_and(|ports| Listener::ALL.into_iter().any(|listener| ports.of(listener) == port))
    };
    let usual = guests::USUAL_PORT;
    (usual..=usual.saturating_add(REACH))
        .filter(|port| (*port == usual || !is_usual(*port)) && !is_the_servers(*port))
        .find(|port| bind(*port, false, Reach::LocalNetwork).is_ok())
        .unwrap_or(usual)
}

fn from(mut ports: Ports, guests: Option<u16>, used: impl Fn(Listener) -> bool) -> Result<Ports, Error> {
    let mut chosen: Vec<u16> = guests.into_iter().collect();
    let before = ports;
    for listener in Listener::ALL {
        let (wanted, usual) = (ports.of(listener), Ports::USUAL.of(listener));
        // What only an administrator may use has no usable neighbours either.
        let first = if wanted < 1024 { usual } else { wanted };
        let near = first..=first.saturating_add(REACH);
        let is_anothers =
            |port: u16| Listener::ALL.into_iter().any(|other| other != listener && before.of(other) == port);
        // What another one has, or usually has, is left to it.
        let apart = |port: &u16| {
            !chosen.contains(port)
                && (*port == wanted || (!is_anothers(*port) && (*port == usual || !is_usual(*port))))
        };
        let free =
            |port: &u16| !used(listener) || bind(*port, listener.is_udp(), Reach::LocalNetwork).is_ok();
        let port = std::iter::once(wanted)
            .chain(near)
            .filter(apart)
            .find(free)
            .ok_or_else(|| Error::new(Code::NoFreePort).with("what", listener.label()))?;
        ports.set(listener, port);
        chosen.push(port);
    }
    Ok(ports)
}

/// Whether everything that these settings listen for can be listened for.
///
/// # Errors
/// As [`check_one`], of the first that can't.
pub(crate) fn check(settings: &ServerSettings) -> Result<(), Error> {
    settings.listeners().try_for_each(|(listener, reach)| check_one(settings.ports, listener, reach))
}

/// # Errors
/// `port_taken`, naming the port that can't be used and, where the system tells, the program that has it;
/// `port_denied` when only an administrator may use it.
pub(crate) fn check_one(ports: Ports, listener: Listener, reach: Reach) -> Result<(), Error> {
    usable(ports.of(listener), listener.label(), listener.is_udp(), reach)
}

/// The same of a port for the guests' page.
pub(crate) fn check_guests(port: u16, reach: Reach) -> Result<(), Error> {
    usable(port, t!("port.guests"), false, reach)
}

fn usable(port: u16, what: &str, udp: bool, reach: Reach) -> Result<(), Error> {
    match bind(port, udp, reach) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Error::new(Code::PortDenied).with("port", port).with("what", what))
        }
        Err(_) => Err(named(port, what, udp)),
    }
}

/// Ports that are used and are not the usual ones: (key, usual, chosen).
pub(crate) fn moved(settings: &ServerSettings) -> Vec<(String, u16, u16)> {
    settings
        .listeners()
        .map(|(listener, _)| {
            (listener.key().to_owned(), Ports::USUAL.of(listener), settings.ports.of(listener))
        })
        .filter(|(_, usual, chosen)| usual != chosen)
        .collect()
}

/// For people: which ports are used, the guests' page's too, that are not the usual ones; nothing where all are.
pub(crate) fn told(settings: &ServerSettings) -> Option<String> {
    let ports = settings.ports;
    let of_listener = |listener: Listener| (listener.label(), Ports::USUAL.of(listener), ports.of(listener));
    let listeners = settings.listeners().map(|(listener, _)| of_listener(listener));
    let guests = settings.guest_port.map(|port| (t!("port.guests"), guests::USUAL_PORT, port));
    let moved = listeners.chain(guests).filter(|(_, usual, chosen)| usual != chosen);
    let words = |(what, usual, chosen): (&str, u16, u16)| {
        t!("note.port_moved", what = what, chosen = chosen, usual = usual)
    };
    let moved: Vec<String> = moved.map(words).collect();
    (!moved.is_empty()).then(|| t!("note.ports_moved", ports = moved.join(", ")))
}

/// A TCP port for `what` that is taken, with who has it where the system tells.
pub(crate) fn taken_by_another(port: u16, what: &str) -> Error {
    named(port, what, false)
}

fn named(port: u16, what: &str, udp: bool) -> Error {
    let holder = process_holding_port(port, udp);
    let holder = match &holder {
        Some(holder) if holder.pid == std::process::id() => t!("error.port_taken.ourselves").to_owned(),
        Some(holder) => holder.to_string(),
        None => t!("error.port_taken.unknown").to_owned(),
    };
    Error::new(Code::PortTaken).with("port", port).with("what", what).with("holder", holder)
}

fn is_usual(port: u16) -> bool {
    port == guests::USUAL_PORT || Listener::ALL.into_iter().any(|listener| Ports::USUAL.of(listener) == port)
}

/// As MediaMTX will: on loopback, or on all interfaces. Elsewhere than on Linux a program on all interfaces would be
/// hidden by one on loopback, instead of being in its way; so both are tried.
/// Plain binds, since MediaMTX's SRT shares a port with another SRT server without an error.
fn bind(port: u16, udp: bool, reach: Reach) -> io::Result<()> {
    let free = |address: IpAddr| match udp {
        true => UdpSocket::bind((address, port)).map(drop),
        false => TcpListener::bind((address, port)).map(drop),
    };
    free(Ipv4Addr::LOCALHOST.into())?;
    if reach == Reach::LocalNetwork || !cfg!(target_os = "linux") {
        free(Ipv4Addr::UNSPECIFIED.into())?;
    }
    match free(Ipv6Addr::UNSPECIFIED.into()) {
        Err(error) if reach == Reach::LocalNetwork && error.kind() == io::ErrorKind::AddrInUse => Err(error),
        // Not needed, or there is no IPv6.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    /// Held by who binds the usual ports.
    static USUAL: Mutex<()> = Mutex::new(());

    #[test]
    fn a_taken_port_is_moved_and_named() {
        let _alone = USUAL.lock();
        let first = choose(None).unwrap();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, first.rtsp)).unwrap();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, first.srt)).unwrap();
        let second = choose(None).unwrap();
        assert!(second.rtsp > first.rtsp && second.srt > first.srt, "the next free ones: {second:?}");
        let settings = ServerSettings { ports: first, ..ServerSettings::default() };
        let error = check(&settings).unwrap_err();
        assert_eq!((error.code, error.args["port"].as_str()), (Code::PortTaken, &*first.rtsp.to_string()));
        assert!(!error.args["holder"].contains(&std::process::id().to_string()), "we are no stranger");
        let neighbours = Ports { metrics: first.rtsp + 1, ..first };
        let moved_past = ServerSettings { ports: neighbours, ..settings.clone() };
        assert_ne!(
            renewed(&moved_past, None).unwrap().rtsp,
            neighbours.metrics,
            "it is left to the other one"
        );
        let renewed = renewed(&settings, None).unwrap();
        assert!(renewed.rtsp > first.rtsp && renewed.srt > first.srt, "another one for those: {renewed:?}");
        assert_eq!((renewed.hls, renewed.api), (first.hls, first.api), "the others are kept");
        drop((held, udp));
        assert!(moved(&ServerSettings::default()).is_empty() && told(&ServerSettings::default()).is_none());
        let ports = Ports { hls: 9000, rtsps: 9001, ..Ports::USUAL };
        let settings = ServerSettings { ports, ..settings };
        assert_eq!(moved(&settings), [("hls".to_owned(), 8888, 9000)], "what is not used is not told");
    }

    #[test]
    fn the_guests_page_and_the_server_never_want_the_same() {
        let _alone = USUAL.lock();
        // As beside another server, which has the usual ones.
        let taken: Vec<_> = Listener::ALL
            .into_iter()
            .filter(|listener| !listener.is_udp())
            .map(|listener| TcpListener::bind((Ipv4Addr::LOCALHOST, Ports::USUAL.of(listener))))
            .chain([TcpListener::bind((Ipv4Addr::LOCALHOST, guests::USUAL_PORT))])
            .collect();
        let page = for_guests(None);
        let ports = choose(Some(page)).unwrap();
        assert!(Listener::ALL.into_iter().all(|listener| ports.of(listener) != page), "{page} {ports:?}");
        let settings = ServerSettings { ports: Ports { hls: page, ..ports }, ..ServerSettings::default() };
        let renewed = renewed(&settings, Some(page)).unwrap();
        assert!(Listener::ALL.into_iter().all(|listener| renewed.of(listener) != page), "{renewed:?}");
        let page = for_guests(Some(ports));
        assert!(Listener::ALL.into_iter().all(|listener| ports.of(listener) != page), "{page} {ports:?}");
        drop(taken);
    }

    #[test]
    fn only_the_network_needs_every_interface() {
        // Another loopback address stands for another interface.
        let held = TcpListener::bind("127.0.0.2:0");
        let Ok(held) = held else { return };
        let port = held.local_addr().unwrap().port();
        assert!(bind(port, false, Reach::LocalNetwork).is_err());
        assert_eq!(bind(port, false, Reach::ThisComputer).is_ok(), cfg!(target_os = "linux"));
    }
}
