//! The table: on standard output, and as `docs/benchmarks.md`.

use std::time::Duration;

use crate::rig::{usage::Usage, wait};

/// What the project wants of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    None,
    /// The figure itself, in its unit.
    AtMost(f64),
    /// Ours divided by the bare program's.
    Ratio(f64),
}

/// A figure, and the bare program's where there is one.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    unit: &'static str,
    /// Or why there is none.
    ours: Result<f64, String>,
    bare: Option<(String, f64)>,
    goal: Goal,
}

impl Row {
    pub(super) fn new(name: &str, unit: &'static str, ours: f64, goal: Goal) -> Self {
        Self { name: name.to_owned(), unit, ours: Ok(ours), bare: None, goal }
    }

    pub(super) fn not_measured(name: &str, reason: &str) -> Self {
        Self { name: name.to_owned(), unit: "", ours: Err(reason.to_owned()), bare: None, goal: Goal::None }
    }

    /// The medians.
    pub(super) fn times(name: &str, ours: &[Duration], bare: (&str, &[Duration]), goal: Goal) -> Self {
        let (beside, bare) = bare;
        Self::new(name, "ms", wait::median(ours), goal).beside(beside, wait::median(bare))
    }

    pub(super) fn cpu(name: &str, ours: Usage, bare: (&str, Usage), goal: Goal) -> Self {
        Self::new(name, "% of a core", ours.cpu, goal).beside(bare.0, bare.1.cpu)
    }

    pub(super) fn memory(name: &str, ours: Usage, bare: (&str, Usage), goal: Goal) -> Self {
        Self::new(name, "MiB", ours.memory, goal).beside(bare.0, bare.1.memory)
    }

    /// What was wanted of a figure that was not measured.
    pub(super) fn wanted(self, unit: &'static str, goal: Goal) -> Self {
        Self { unit, goal, ..self }
    }

    pub(super) fn beside(self, name: &str, bare: f64) -> Self {
        Self { bare: Some((name.to_owned(), bare)), ..self }
    }

    fn ratio(&self) -> Option<f64> {
        let bare = self.bare.as_ref()?.1;
        // Nothing is a multiple of nothing.
        self.ours.as_ref().ok().map(|ours| ours / bare).filter(|ratio| ratio.is_finite())
    }

    fn goal(&self) -> String {
        let (limit, figure, unit) = match self.goal {
            Goal::None => return String::new(),
            Goal::AtMost(limit) => (limit, self.ours.clone().ok(), format!(" {}", self.unit)),
            Goal::Ratio(limit) => (limit, self.ratio(), "×".to_owned()),
        };
        let verdict = match (&self.ours, figure) {
            (Err(_), _) => "not measured",
            (Ok(_), Some(figure)) if figure <= limit => "met",
            (Ok(_), _) => "missed",
        };
        format!("≤ {limit}{unit}: {verdict}")
    }

    fn cells(&self) -> [String; 5] {
        let ours = match &self.ours {
            Ok(ours) => format!("{} {}", figure(*ours), self.unit),
            Err(reason) => format!("not measured: {reason}"),
        };
        let bare = self.bare.as_ref().map(|(name, bare)| format!("{} {} ({name})", figure(*bare), self.unit));
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}×"));
        [self.name.clone(), ours, bare.unwrap_or_default(), ratio.unwrap_or_default(), self.goal()]
    }
}

fn figure(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// The rows as a table of Markdown, in columns.
pub(super) fn table(rows: &[Row]) -> String {
    let head = ["measured", "ours", "bare", "ratio", "goal"].map(str::to_owned);
    let cells: Vec<[String; 5]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let widths: [usize; 5] =
        std::array::from_fn(|at| cells.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} |"));
        format!("|{}\n", cells.collect::<String>())
    };
    let rule = line(&widths.map(|width| "-".repeat(width)));
    let mut lines = cells.iter().map(line);
    lines.next().unwrap_or_default() + &rule + &lines.collect::<String>()
}

/// Where the part about many paths and viewers begins.
pub(super) const PATHS: &str = "## Paths and viewers";

/// The document's part about many paths and viewers.
pub(super) fn paths(facts: &[(&str, String)], rows: &[Row]) -> String {
    let facts = list(facts);
    format!(
        "{PATHS}\n\n\
         Written by `cargo xtask bench --only paths` and by the whole bench; don't edit.\n\n\
         {facts}\n{}\n\
         - \"Served again\" is when every path answers a viewer by RTSP (DESCRIBE), with its slate or its publisher; \"on \
         air again\" when every stream has a publisher that came after the restart. Times begin when the restart is \
         ordered, ours with the end of the old server, or when plain MediaMTX is started. All are medians of 3.\n\
         - The streams are one small file each (320x180), sent as it is. Paths without a publisher wait for one.\n\
         - Viewers are RTSP over TCP of one 1280x720 stream, from a program that decodes nothing. CPU is measured over 20 \
         s. MediaMTX lets one go that takes nothing for 10 s (`writeTimeout`), as on a computer with far more to do than \
         it can; why a viewer was dropped is said while the bench runs.\n\
         - A right is taken back by a password for a stream that was open; the time begins with that order and ends when \
         the player does (FFmpeg; for WebRTC another MediaMTX that fetches by WHEP). By HLS a player learns of it with its \
         next request.\n\
         - \"There again\" is what the server's own API tells: every path, with its recording, and every user. The time \
         begins when the file is written, or with the kill.\n",
        table(rows)
    )
}

/// Where the part about the ways of sending begins.
pub(super) const MODES: &str = "## Copy, prepare, transcode";

/// The document's part about the ways of sending.
pub(super) fn modes(facts: &[(&str, String)], rows: &[Row]) -> String {
    let facts = list(facts);
    format!(
        "{MODES}\n\n\
         Written by `cargo xtask bench --only modes` and by the whole bench; don't edit.\n\n\
         {facts}\n{}\n\
         - The film is 1920x1080 at 30 fps and 4 Mb/s with AAC, with noise, so that it is as hard to encode as a real one; \
         what is prepared or encoded is the same as MPEG-4 Part 2. CPU is measured over 15 s, and divided by the streams.\n\
         - The bare command is `ffmpeg -re -stream_loop -1 -i FILE -c copy`, and where we encode libx264 with the same \
         settings, the sound as AAC and as Opus as we send it then. \"Encodes it\" is the same with AAC alone for a film that \
         we need not encode while it plays, as the web version encoded every one. Goals of 100 % of a core (10 % where a \
         graphics card encodes), 50 MB (47.7 MiB) a stream and 100 MB (95.4 MiB) for MediaMTX are what it promised.\n\
         - The first picture is decoded by ffprobe, which is started when the stream is on air. Times are medians of 5, ours \
         and bare in turn.\n\
         - Fluent is when no viewer (RTSP over TCP) waits a second for a packet or is dropped, over 10 s. All streams send \
         one prepared file, and CPU of everything is that of our server, MediaMTX and every FFmpeg.\n",
        table(rows)
    )
}

/// The part that begins with the line `title` in `document`; empty without one.
pub(super) fn part_of<'a>(document: &'a str, title: &str) -> &'a str {
    let Some(at) = document.find(&format!("\n{title}\n")) else { return "" };
    let part = &document[at + 1..];
    // Up to the next part, if there is one.
    part.find("\n## ").map_or(part, |end| &part[..=end])
}

fn list(facts: &[(&str, String)]) -> String {
    facts.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect()
}

/// The first part of the document. `facts` says on which machine, when, and with which versions.
pub(super) fn document(facts: &[(&str, String)], rows: &[Row]) -> String {
    let facts = list(facts);
    format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench`; don't edit. What matters is the ratio: the bare program (plain `ffmpeg`, plain \
         MediaMTX with the same settings) does the same work on the same machine in the same run.\n\n\
         {facts}\n{}\n\
         - Times are medians of 7, ours and bare in turn, looked at every 5 ms. \"On air\" is `on_air` of the REST API; \
         for the bare `ffmpeg -re -stream_loop -1 -i FILE -c copy -f rtsp` it is `online` of MediaMTX's API.\n\
         - The file is H.264 1280x720 at 30 fps with AAC. CPU (user and system time) is measured over 20 s. PSS is memory \
         in which a page shared by n processes counts 1/n for each.\n\
         - The desktop app counts with its web processes, and without its MediaMTX and FFmpegs. Its times are medians of \
         5, looked at every 20 ms until more than 200 colours are in the window. A closed window is asked for as its entry \
         in the tray does; for a second start, a program is loaded before.\n\
         - The interface comes in two parts: what the streams page needs, and all other pages, which are fetched once it \
         is drawn (docs/adr/0011).\n",
        table(rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_figure_ratio_and_verdict() {
        let ms = |times: [u64; 3]| times.map(Duration::from_millis);
        let met =
            Row::times("start", &ms([90, 110, 500]), ("ffmpeg", &ms([100, 100, 100])), Goal::Ratio(1.2));
        assert_eq!(met.cells(), ["start", "110 ms", "100 ms (ffmpeg)", "1.10×", "≤ 1.2×: met"]);
        let missed = Row::new("size", "kB", 401.0, Goal::AtMost(400.0));
        assert_eq!(missed.cells(), ["size", "401 kB", "", "", "≤ 400 kB: missed"]);
    }

    #[test]
    fn parts_are_found_among_others() {
        let part = format!("{PATHS}\n\na\n\n");
        assert_eq!(part_of(&format!("# Benchmarks\n\n{part}## Chaos\n"), PATHS), part);
        assert_eq!(part_of(&format!("# Benchmarks\n\n{part}"), PATHS), part);
        assert_eq!(part_of("# Benchmarks\n\n## Chaos\n", MODES), "");
    }

    #[test]
    fn what_was_not_measured_says_why() {
        let table = table(&[Row::not_measured("window", "no display")]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3, "{table}");
        assert!(lines[2].starts_with("| window   | not measured: no display |"), "{table}");
        let row = Row::not_measured("card", "there is none").wanted("% of a core", Goal::AtMost(10.0));
        assert_eq!(row.goal(), "≤ 10 % of a core: not measured");
    }
}
