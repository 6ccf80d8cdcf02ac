//! Behaves like MediaMTX where that matters for supervision alone (`testkit::fake::Mode`): it names its version,
//! then serves nothing, crashes, or answers 500.
#![allow(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::exit,
    thread,
};

use testkit::fake::Mode;

fn main() {
    let (mode, args) = Mode::of_this_program();
    if args.iter().any(|arg| arg == "--version") {
        match mode {
            Mode::NotAVersion => println!("Good morning."),
            Mode::HangVersion => hang(),
            Mode::OldVersion => println!("v0.23.0"),
            _ => println!("v1.20.1"),
        }
        return;
    }
    println!("2026/01/01 00:00:00 INF MediaMTX v1.20.1");
    match mode {
        Mode::CrashAfter(after) => {
            thread::sleep(after);
            println!("2026/01/01 00:00:00 ERR listen tcp :8554: bind: address already in use");
            exit(1);
        }
        Mode::Answer500 => answer(),
        _ => hang(),
    }
}

fn hang() {
    loop {
        thread::park();
    }
}

fn answer() {
    let port = std::env::var("FAKE_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(9997);
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    for mut stream in listener.incoming().flatten() {
        let _ = stream.read(&mut [0; 4096]);
        let body = r#"{"status":"error","error":"fake"}"#;
        let _ = write!(
            stream,
            "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
    }
}
