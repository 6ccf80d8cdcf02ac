use leptos::prelude::*;

use crate::{
    format::sparkline,
    store::{SAMPLES, live::Row},
};

/// A young stream's line is spread as if it had this many samples.
const FEWEST: usize = 24;

/// A line of the last bit rates, in a box of `width` × `height`.
pub(crate) fn spark(row: RwSignal<Row>, width: f64, height: f64) -> impl IntoView {
    let points = Memo::new(move |_| {
        row.with(|row| sparkline(&row.samples, row.samples.len().clamp(FEWEST, SAMPLES), width, height))
    });
    let area = move || {
        let points = points.get();
        match points.split(',').next() {
            Some(start) if !start.is_empty() => format!("{start},{height} {points} {width},{height}"),
            _ => String::new(),
        }
    };
    view! {
        <svg class="spark" viewBox=format!("0 0 {width} {height}") preserveAspectRatio="none" aria-hidden="true">
            <polygon points=area></polygon>
            <polyline points=points></polyline>
        </svg>
    }
}
