use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::{Parser, ValueEnum};
use stream_api::{Code, Error, HostKind, Reach, t};
use stream_engine::{Options, ToolPaths, default_path};

/// How the program is started.
#[derive(Debug, Parser)]
#[command(name = "stream-manager-server", version, about = t!("cli.server.about"), long_about = None)]
pub(crate) struct CommandLine {
    #[arg(help = t!("cli.data_dir"), long, value_name = "DIR", env = "STREAM_MANAGER_DATA_DIR")]
    data_dir: Option<PathBuf>,

    #[arg(help = t!("cli.listen"), long, value_name = "ADDRESS", env = "STREAM_MANAGER_LISTEN", default_value = "127.0.0.1:5000", value_parser = address)]
    listen: SocketAddr,

    #[arg(help = t!("cli.media"), long, value_name = "DIR")]
    media: Vec<PathBuf>,

    #[arg(help = t!("cli.ffmpeg"), long, value_name = "PROGRAM", env = "STREAM_MANAGER_FFMPEG")]
    ffmpeg: Option<PathBuf>,

    #[arg(help = t!("cli.ffprobe"), long, value_name = "PROGRAM", env = "STREAM_MANAGER_FFPROBE")]
    ffprobe: Option<PathBuf>,

    #[arg(help = t!("cli.mediamtx"), long, value_name = "PROGRAM", env = "STREAM_MANAGER_MEDIAMTX")]
    mediamtx: Option<PathBuf>,

    #[arg(help = t!("cli.reach"), long, value_name = "REACH", env = "STREAM_MANAGER_REACH")]
    reach: Option<From>,

    #[arg(help = t!("cli.files"), value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// From where streams can be watched.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    #[value(help = t!("cli.reach.this_computer"))]
    ThisComputer,
    #[value(help = t!("cli.reach.local_network"))]
    LocalNetwork,
}

impl std::convert::From<From> for Reach {
    fn from(from: From) -> Reach {
        match from {
            From::ThisComputer => Reach::ThisComputer,
            From::LocalNetwork => Reach::LocalNetwork,
        }
    }
}

impl CommandLine {
    /// Where to listen.
    ///
    /// # Errors
    /// `not_loopback` for an address that other computers reach.
    pub(crate) fn listen(&self) -> Result<SocketAddr, Error> {
        if self.listen.ip().is_loopback() {
            return Ok(self.listen);
        }
        Err(Error::new(Code::NotLoopback).with("address", self.listen))
    }

    /// The files to stream, as absolute paths.
    pub(crate) fn paths(&self) -> Vec<String> {
        let absolute = |file: &PathBuf| std::path::absolute(file).unwrap_or_else(|_| file.clone());
        self.files.iter().map(|file| absolute(file).to_string_lossy().into_owned()).collect()
    }

    /// What the engine needs. `media` is the value of STREAM_MANAGER_MEDIA, which counts when no `--media` is given.
    ///
    /// # Errors
    /// `data_dir_denied` when no data folder is named and the platform has none.
    pub(crate) fn engine(&self, media: Option<OsString>) -> Result<Options, Error> {
        let data_dir = self.data_dir.clone().or_else(default_path).ok_or_else(|| {
            Error::new(Code::DataDirDenied).with("path", "?").with("reason", t!("start.no_data_dir"))
        })?;
        let from_variable = || std::env::split_paths(&media.unwrap_or_default()).collect::<Vec<_>>();
        let media_roots = if self.media.is_empty() { from_variable() } else { self.media.clone() };
        let tools = ToolPaths {
            ffmpeg: self.ffmpeg.clone(),
            ffprobe: self.ffprobe.clone(),
            mediamtx: self.mediamtx.clone(),
        };
        Ok(Options {
            data_dir,
            kind: HostKind::Headless,
            media_roots: media_roots.into_iter().filter(|root| !root.as_os_str().is_empty()).collect(),
            tools,
            reach: self.reach.map(Into::into),
            keychain: false,
            pages: Vec::new(),
            beside: stream_server::sidecars::beside().into_iter().collect(),
            kept: stream_server::sidecars::kept(),
        })
    }
}

/// An address with a port; `localhost` is 127.0.0.1.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:") {
        let port = port.parse().map_err(|_| t!("start.no_port", port = port))?;
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| t!("start.no_address").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> CommandLine {
        CommandLine::try_parse_from(std::iter::once(&"stream-manager-server").chain(args)).unwrap()
    }

    #[test]
    fn only_loopback_is_listened_on() {
        for good in ["127.0.0.1:0", "localhost:5001", "[::1]:5000", "127.1.2.3:80"] {
            assert!(parse(&["--listen", good]).listen().is_ok(), "{good}");
        }
        for bad in ["0.0.0.0:5000", "[::]:5000", "192.168.1.5:5000", "[::ffff:10.0.0.1]:80"] {
            assert_eq!(parse(&["--listen", bad]).listen().unwrap_err().code, Code::NotLoopback, "{bad}");
        }
        assert!(
            CommandLine::try_parse_from(["x", "--listen", "5000"]).is_err(),
            "a port alone is no address"
        );
        assert_eq!(parse(&[]).listen().unwrap().to_string(), "127.0.0.1:5000");
    }

    #[test]
    fn media_folders_come_from_the_flag_or_the_variable() {
        let variable = || std::env::join_paths(["/a", "/b"]).ok();
        let roots = |args: &[&str], variable| parse(args).engine(variable).unwrap().media_roots;
        let data = ["--data-dir", "/data"];
        assert_eq!(roots(&data, variable()), [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(roots(&["--data-dir", "/data", "--media", "/c"], variable()), [PathBuf::from("/c")]);
        assert_eq!(roots(&data, Some(OsString::new())), Vec::<PathBuf>::new());
    }
}
