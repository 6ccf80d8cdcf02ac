//! Which ports the bundled server uses: chosen at first start, stored, kept.

use std::{
    io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
};

use child_process::process_holding_port;
use stream_api::{Code, Error, Ports, t};

/// How far from the usual port another one is looked for.
const REACH: u16 = 400;

/// One of the ports.
struct Slot {
    key: &'static str,
    udp: bool,
    get: fn(&mut Ports) -> &mut u16,
}

const SLOTS: &[Slot] = &[
    Slot { key: "rtsp", udp: false, get: |p| &mut p.rtsp },
    Slot { key: "rtmp", udp: false, get: |p| &mut p.rtmp },
    Slot { key: "hls", udp: false, get: |p| &mut p.hls },
    Slot { key: "webrtc", udp: false, get: |p| &mut p.webrtc },
    Slot { key: "webrtc_udp", udp: true, get: |p| &mut p.webrtc_udp },
    Slot { key: "srt", udp: true, get: |p| &mut p.srt },
    Slot { key: "api", udp: false, get: |p| &mut p.api },
    Slot { key: "metrics", udp: false, get: |p| &mut p.metrics },
];

/// The usual ports, each replaced by the next free one where it is taken.
///
/// # Errors
/// `no_free_port` naming what it was for.
pub(crate) fn choose() -> Result<Ports, Error> {
    from(Ports::USUAL)
}

/// These ports, each replaced by another where it can't be used; the others are kept.
///
/// # Errors
/// `no_free_port` naming what it was for.
pub(crate) fn renewed(ports: Ports) -> Result<Ports, Error> {
    from(ports)
}

/// The first port from `usual` on that is free and none of the server's usual ones; `usual` itself if all are taken.
pub(crate) fn near(usual: u16) -> u16 {
    (usual..=usual.saturating_add(REACH))
        .find(|port| !is_usual(*port) && is_free(*port, false))
        .unwrap_or(usual)
}

fn from(mut ports: Ports) -> Result<Ports, Error> {
    let mut usual = Ports::USUAL;
    let mut chosen: Vec<u16> = Vec::new();
    for slot in SLOTS {
        let (port, usual) = ((slot.get)(&mut ports), *(slot.get)(&mut usual));
        let wanted = *port;
        // What only an administrator may use has no usable neighbours either.
        let first = if wanted < 1024 { usual } else { wanted };
        let near = first..=first.saturating_add(REACH);
        // Another port's usual number is left to it.
        let apart =
            |port: &u16| !chosen.contains(port) && (*port == usual || *port == wanted || !is_usual(*port));
        let mut candidates = std::iter::once(wanted).chain(near).filter(apart);
        *port = candidates
            .find(|port| is_free(*port, slot.udp))
            .ok_or_else(|| Error::new(Code::NoFreePort).with("what", label(slot.key)))?;
        chosen.push(*port);
    }
    Ok(ports)
}

/// # Errors
/// `port_taken`, naming the first port that can't be used and, where the system tells, the program that has it;
/// `port_denied` when only an administrator may use it.
pub(crate) fn check(mut ports: Ports) -> Result<(), Error> {
    for slot in SLOTS {
        let port = *(slot.get)(&mut ports);
        match bind(port, slot.udp) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(Error::new(Code::PortDenied).with("port", port).with("what", label(slot.key)));
            }
            Err(_) => return Err(taken(port, slot)),
        }
    }
    Ok(())
}

/// Ports that are not the usual ones: (key, usual, chosen).
pub(crate) fn moved(mut ports: Ports) -> Vec<(String, u16, u16)> {
    let mut usual = Ports::USUAL;
    SLOTS
        .iter()
        .map(|slot| (slot.key.to_owned(), *(slot.get)(&mut usual), *(slot.get)(&mut ports)))
        .filter(|(_, usual, chosen)| usual != chosen)
        .collect()
}

fn taken(port: u16, slot: &Slot) -> Error {
    let holder =
        process_holding_port(port, slot.udp).unwrap_or_else(|| t!("error.port_taken.unknown").to_owned());
    Error::new(Code::PortTaken).with("port", port).with("what", label(slot.key)).with("holder", holder)
}

fn is_usual(port: u16) -> bool {
    let mut usual = Ports::USUAL;
    SLOTS.iter().any(|slot| *(slot.get)(&mut usual) == port)
}

/// On loopback and on all interfaces: MediaMTX binds the former, and a program on the latter would be hidden by it.
/// Plain binds, since MediaMTX's SRT shares a port with another SRT server without an error.
fn bind(port: u16, udp: bool) -> io::Result<()> {
    let free = |address: Ipv4Addr| match udp {
        true => UdpSocket::bind((address, port)).map(drop),
        false => TcpListener::bind((address, port)).map(drop),
    };
    free(Ipv4Addr::LOCALHOST)?;
    free(Ipv4Addr::UNSPECIFIED)
}

fn is_free(port: u16, udp: bool) -> bool {
    bind(port, udp).is_ok()
}

fn label(key: &str) -> &'static str {
    match key {
        "rtsp" => "RTSP",
        "rtmp" => "RTMP",
        "hls" => "HLS",
        "webrtc" => "WebRTC",
        "webrtc_udp" => "WebRTC/UDP",
        "srt" => "SRT",
        "api" => t!("port.api"),
        _ => t!("port.metrics"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_moved_and_named() {
        let first = choose().unwrap();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, first.rtsp)).unwrap();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, first.srt)).unwrap();
        let second = choose().unwrap();
        assert!(second.rtsp > first.rtsp && second.srt > first.srt, "the next free ones: {second:?}");
        let error = check(first).unwrap_err();
        assert_eq!((error.code, error.args["port"].as_str()), (Code::PortTaken, &*first.rtsp.to_string()));
        let renewed = renewed(first).unwrap();
        assert!(renewed.rtsp > first.rtsp && renewed.srt > first.srt, "another one for those: {renewed:?}");
        assert_eq!((renewed.hls, renewed.api), (first.hls, first.api), "the others are kept");
        drop((held, udp));
        assert!(moved(Ports::USUAL).is_empty());
        let chosen = Ports { hls: 9000, ..Ports::USUAL };
        assert_eq!(moved(chosen), [("hls".to_owned(), 8888, 9000)]);
    }
}
