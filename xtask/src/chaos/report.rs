//! The tables: on standard output, and as a part of `docs/benchmarks.md`.

use std::time::Duration;

use super::{
    bare,
    plan::Kind,
    storm::PATIENCE,
    tally::{Tally, Times},
};

/// With this line the part begins.
const HEAD: &str = "## Chaos";

/// The whole part. `facts` says on which machine, when, and with which versions.
pub(super) fn part(facts: &[(&str, String)], ours: &Tally, bare: Option<&Tally>) -> String {
    let facts: String = facts.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect();
    format!(
        "{HEAD}\n\n\
         Written by `cargo xtask chaos`; don't edit. Faults come one after the other in a random order that the seed \
         fixes, while every stream has a viewer (RTSP).\n\n\
         {facts}\n{}\n{}\n\
         - Times are median / 95 of 100 / longest. \"Detected\" is the first event of the public event stream that says \
         so. \"On air again\" is when the event stream says so and the viewers get packets; it counts from the fault, \
         or from its end where it has one (file back, room on the disk, port free, app started again, SIGCONT). With \
         the server, the slowest stream counts.\n\
         - The shell loops are `while true; do ffmpeg …; done` for each of {} streams and MediaMTX in a loop of its \
         own, in the same run, with each fault once to five times in a fixed order. \"never\" means not within {} s. \
         \"not done\" is what would tell nothing of them: they store nothing, and have nothing that knows how \
         MediaMTX was configured.\n",
        faults(ours, bare),
        promises(ours, bare),
        bare::STREAMS,
        PATIENCE.as_secs()
    )
}

/// What was found of each fault.
fn faults(ours: &Tally, bare: Option<&Tally>) -> String {
    let head = ["fault", "times", "detected", "on air again", "goal", "shell loops: on air again"];
    let mut rows = vec![head.map(str::to_owned)];
    for kind in Kind::ALL {
        let (detect, recover) = (ours.times(kind, |one| one.detect), ours.times(kind, |one| one.recover));
        let loops = bare.map_or(String::new(), |bare| match bare.skipped.get(&kind) {
            Some(why) => format!("not done: {}", why.lines().next().unwrap_or_default()),
            None => spread(&bare.times(kind, |one| one.recover)),
        });
        let recovered = match ours.skipped.get(&kind) {
            Some(why) if recover.count() == 0 => {
                format!("not staged: {}", why.lines().next().unwrap_or_default())
            }
            _ => spread(&recover),
        };
        let detected = if detect.any() { spread(&detect) } else { String::new() };
        let goal = goal(kind, &detect, &recover);
        rows.push([kind.name().to_owned(), recover.count().to_string(), detected, recovered, goal, loops]);
    }
    table(&rows)
}

/// What must never happen.
fn promises(ours: &Tally, bare: Option<&Tally>) -> String {
    let verdict = |found: usize| if found == 0 { "0: met" } else { "0: missed" }.to_owned();
    let mut rows = vec![["promise", "found", "goal", "shell loops"].map(str::to_owned)];
    let mut row = |name: &str, found: usize, loops: String| {
        rows.push([name.to_owned(), found.to_string(), verdict(found), loops]);
    };
    let orphans = bare.map_or(String::new(), |bare| bare.orphans.len().to_string());
    row("processes left 2 s after the app was killed", ours.orphans.len(), orphans);
    row("restarts without a fault", ours.false_restarts.len(), String::new());
    row("configuration lost", ours.lost.len(), String::new());
    row("streams not back at the end", ours.missing.len(), String::new());
    match ours.kept_drops {
        Some(drops) => {
            let name = format!("viewers of kept streams dropped over {} ends of FFmpeg", ours.kept_kills);
            row(&name, usize::try_from(drops).unwrap_or(usize::MAX), String::new());
        }
        None => {
            rows.push(["viewers of kept streams dropped", "no stream is kept", "", ""].map(str::to_owned))
        }
    }
    table(&rows)
}

fn goal(kind: Kind, detect: &Times, recover: &Times) -> String {
    let limit = |millis: Option<u32>| millis.map(|millis| Duration::from_millis(millis.into()));
    let parts = [
        ("detected", limit(kind.detect_goal()), detect.percentile(100)),
        ("on air", limit(kind.recover_goal()), recover.percentile(95)),
    ];
    let parts = parts.into_iter().filter_map(|(what, limit, found)| {
        let limit = limit.filter(|_| recover.count() > 0)?;
        let verdict = if found.is_some_and(|found| found <= limit) { "met" } else { "missed" };
        Some(format!("{what} ≤ {} s: {verdict}", limit.as_secs()))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn spread(times: &Times) -> String {
    let figure = |percent| match times.percentile(percent) {
        Some(time) if time < Duration::from_secs(1) => format!("{} ms", time.as_millis()),
        Some(time) => format!("{:.1} s", time.as_secs_f64()),
        None => "never".to_owned(),
    };
    match times.count() {
        0 => String::new(),
        1 => figure(50),
        _ => [50, 95, 100].map(figure).join(" / "),
    }
}

/// The rows, the first of which is the head, as a table of Markdown in columns.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} |"));
        format!("|{}\n", cells.collect::<String>())
    };
    let rule = line(&widths.map(|width| "-".repeat(width)));
    let mut lines = rows.iter().map(line);
    lines.next().unwrap_or_default() + &rule + &lines.collect::<String>()
}

/// The part of `document`, with its head; empty when it has none.
pub(crate) fn part_of(document: &str) -> &str {
    document.find(&format!("\n{HEAD}\n")).map_or("", |at| &document[at + 1..])
}

/// `document` with this part instead of the one that it had. It comes last.
pub(super) fn put(document: &str, part: &str) -> String {
    let rest = document.strip_suffix(part_of(document)).unwrap_or(document);
    format!("{}\n\n{part}", rest.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{super::tally::Outcome, *};

    fn tally(kind: Kind, recover: &[Option<u64>]) -> Tally {
        let outcome = |millis: &Option<u64>| {
            let recover = millis.map(Duration::from_millis);
            Outcome { kind, detect: recover.map(|_| Duration::from_millis(9)), recover }
        };
        Tally { outcomes: recover.iter().map(outcome).collect(), ..Tally::default() }
    }

    #[test]
    fn a_fault_tells_its_times_and_the_verdict() {
        let ours = tally(Kind::EncoderKilled, &[Some(300), Some(1_200), Some(400)]);
        let mut bare = tally(Kind::EncoderKilled, &[None]);
        bare.skipped.insert(Kind::DiskFull, "nothing is stored".to_owned());
        let table = faults(&ours, Some(&bare));
        let row = table.lines().nth(2).unwrap_or_default();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(
            cells[1..7],
            [
                "FFmpeg killed",
                "3",
                "9 ms / 9 ms / 9 ms",
                "400 ms / 1.2 s / 1.2 s",
                "on air ≤ 1 s: missed",
                "never"
            ]
        );
        let full = table.lines().find(|line| line.contains(Kind::DiskFull.name())).unwrap_or_default();
        assert!(full.contains("not done: nothing is stored"), "{full}");
    }

    #[test]
    fn the_part_replaces_the_one_before() {
        let once = put("# Benchmarks\n\ntable\n", "## Chaos\n\none\n");
        assert_eq!(once, "# Benchmarks\n\ntable\n\n## Chaos\n\none\n");
        assert_eq!(part_of(&once), "## Chaos\n\none\n");
        assert_eq!(put(&once, "## Chaos\n\ntwo\n"), "# Benchmarks\n\ntable\n\n## Chaos\n\ntwo\n");
    }
}
