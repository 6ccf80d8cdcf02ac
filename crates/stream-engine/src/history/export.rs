//! Activities as a table for other programs.

use std::borrow::Cow;

use stream_api::{commands::Activities, t};

use crate::journal::local;

/// CSV as RFC 4180 has it, with a line of headings.
pub(super) fn csv(Activities { activities, next }: &Activities) -> Result<String, csv::Error> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    out.write_record([
        t!("export.time"),
        t!("export.level"),
        t!("export.stream"),
        t!("export.what"),
        t!("export.kind"),
        t!("export.id"),
        t!("export.details"),
    ])?;
    if next.is_some() {
        let cut = t!("export.cut", count = activities.len());
        out.write_record(["", "warning", "", &cut, "", "", ""])?;
    }
    for activity in activities {
        let details = serde_json::to_string(&activity.kind).unwrap_or_default();
        out.write_record(
            [
                Cow::Owned(local(activity.at)),
                Cow::Borrowed(activity.kind.level().as_str()),
                harmless(&activity.name),
                Cow::Owned(harmless(&activity.sentence()).into_owned()),
                Cow::Borrowed(activity.kind.as_str()),
                Cow::Owned(activity.stream.map(|id| id.to_string()).unwrap_or_default()),
                Cow::Owned(details),
            ]
            .map(|cell| cell.into_owned()),
        )?;
    }
    let bytes = out.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A spreadsheet takes a cell that begins like this for a formula and runs it.
fn harmless(cell: &str) -> Cow<'_, str> {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => Cow::Owned(format!("'{cell}")),
        _ => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_cut_says_so() {
        let whole = csv(&Activities { activities: Vec::new(), next: None }).unwrap();
        let cut = csv(&Activities { activities: Vec::new(), next: Some(7) }).unwrap();
        assert_eq!((whole.lines().count(), cut.lines().count()), (1, 2));
        assert!(cut.lines().nth(1).unwrap().contains("newest"), "{cut}");
    }
}
