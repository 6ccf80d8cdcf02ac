use leptos::prelude::*;
use stream_api::Error;

use crate::components::{Icon, icon};

/// Why something could not be done and what cures it, shown where it was asked for. `test_id` may be empty.
pub(crate) fn refusal(error: Error, test_id: &'static str) -> impl IntoView {
    let named = (!test_id.is_empty()).then_some(test_id);
    view! {
        <div class="verdict bad" role="alert" data-testid=named data-code=error.code.as_str()>
            {icon(Icon::Alert)}
            <div><b>{error.message}</b><span>{error.hint}</span></div>
        </div>
    }
}
