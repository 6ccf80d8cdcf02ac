//! Every fault, produced: a row names its code and the line by which it is recognised, and how it comes about with the
//! real FFmpeg, ffprobe and MediaMTX on this system, or with a stand-in and why. A code without a row fails the test.

mod bench;
mod crowds;
mod ffmpeg;
mod files;
mod live;
mod places;
mod programs;
mod pulls;
mod servers;
mod troubles;

use std::collections::BTreeSet;

use stream_api::Code;

pub use bench::script;
pub use troubles::told;

/// How real the thing is that misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// The real program, file or system.
    Real,
    /// A stand-in, and why the real one won't do.
    Fake(&'static str),
}

/// A row of the table: the fault, and how real its producer is.
pub type Row = (Code, Made);

fn rows() -> Vec<Row> {
    let ffmpeg = ffmpeg::ROWS.iter().map(|row| (row.code, row.made));
    let files = files::ROWS.iter().map(|row| (row.0, Made::Real));
    let names = files::NAMES.iter().map(|row| (row.0, Made::Real));
    let programs = programs::ROWS.iter().flat_map(|row| [row.ffmpeg, row.mediamtx]).flatten();
    let others =
        [crowds::ROWS, files::OTHERS, live::ROWS, places::ROWS, pulls::ROWS, servers::ROWS, troubles::ROWS]
            .concat();
    ffmpeg.chain(files).chain(names).chain(programs).chain(others).collect()
}

#[test]
fn every_fault_is_produced() {
    let rows = rows();
    let made: BTreeSet<&str> = rows.iter().map(|(code, _)| code.as_str()).collect();
    let faults: BTreeSet<&str> =
        Code::ALL.iter().filter(|code| !code.signs().is_empty()).map(|code| code.as_str()).collect();
    let without: Vec<_> = faults.difference(&made).collect();
    assert!(without.is_empty(), "no row produces {without:?}: add one in tests/it/faults");
    assert!(faults.len() >= 40, "{} faults", faults.len());
    let real = |code: &str| rows.iter().any(|(row, made)| row.as_str() == code && *made == Made::Real);
    let fake: BTreeSet<&str> = faults.iter().filter(|code| !real(code)).copied().collect();
    println!("{} faults, {} rows; only by a stand-in: {fake:?}", faults.len(), rows.len());
    // The page for people says the same.
    let page = include_str!("../../../docs/faults.md");
    let said =
        page.lines().filter(|line| line.ends_with("| stand-in |")).filter_map(|line| line.split('`').nth(1));
    assert_eq!(said.collect::<BTreeSet<_>>(), fake, "STAND_INS in stream-api/tests/faults.rs");
}
