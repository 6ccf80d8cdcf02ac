//! The few things the page asks of its browser: timers, the clipboard, the address, saving a file.

use js_sys::{Array, Function, Object, Promise, Reflect};
use stream_api::t;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Document, HtmlAnchorElement, HtmlElement, Window};

/// Runs once, after so many milliseconds.
pub(crate) fn after(ms: i32, run: impl FnOnce() + 'static) {
    let run = Closure::once_into_js(run);
    if let Some(window) = web_sys::window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(run.unchecked_ref(), ms);
    }
}

/// Milliseconds of a clock that never jumps.
pub(crate) fn monotonic() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |clock| clock.now())
}

/// Time of day of a Unix time in milliseconds, by the browser's own time zone: `14:02:11`.
pub(crate) fn time_of_day(at: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(at as f64));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// The day of a Unix time in milliseconds, by the browser's own time zone, as a number that grows: `20260115`.
pub(crate) fn day(at: i64) -> i64 {
    let date = js_sys::Date::new(&JsValue::from_f64(at as f64));
    i64::from(date.get_full_year()) * 10_000
        + i64::from(date.get_month() + 1) * 100
        + i64::from(date.get_date())
}

/// The name of a [`day`]: “Today”, “Yesterday”, “Monday 12 January”.
pub(crate) fn day_name(day: i64, today: i64) -> String {
    let noon = |day: i64| {
        let (year, month, date) = (day / 10_000, day / 100 % 100 - 1, day % 100);
        js_sys::Date::new_with_year_month_day_hr(year as u32, month as i32, date as i32, 12)
    };
    let yesterday = self::day(noon(today).get_time() as i64 - 86_400_000);
    if day == today {
        return t!("day.today").to_owned();
    }
    if day == yesterday {
        return t!("day.yesterday").to_owned();
    }
    let options = Object::new();
    for (part, style) in [("weekday", "long"), ("day", "numeric"), ("month", "long")] {
        let _ = Reflect::set(&options, &part.into(), &style.into());
    }
    noon(day).to_locale_date_string(t!("day.language"), &options).into()
}

/// Day and time of day of a Unix time in milliseconds: `Today 14:02:11`.
pub(crate) fn moment(at: i64, now: i64) -> String {
    format!("{} {}", day_name(day(at), day(now)), time_of_day(at))
}

/// Whether somebody can see the page.
pub(crate) fn is_shown() -> bool {
    document().is_none_or(|document| !document.hidden())
}

/// The path of the address.
pub(crate) fn path() -> String {
    web_sys::window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// The part of the address after `#`.
pub(crate) fn hash() -> String {
    web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Goes to another page of the interface.
pub(crate) fn go(hash: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.location().set_hash(hash);
    }
}

/// Opens an address in a new tab.
pub(crate) fn open(url: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.open_with_url_and_target_and_features(url, "_blank", "noopener");
    }
}

/// Puts text on the clipboard; false when the browser lets no way.
pub(crate) async fn copy(text: String) -> bool {
    let Some(window) = web_sys::window() else { return false };
    modern_copy(&window, &text).await || old_copy(&window, &text).unwrap_or(false)
}

async fn modern_copy(window: &Window, text: &str) -> bool {
    // Absent on pages that are neither https nor loopback, and refused by some webviews.
    let clipboard = Reflect::get(&window.navigator(), &"clipboard".into()).unwrap_or_default();
    if !clipboard.is_object() {
        return false;
    }
    let write =
        Reflect::get(&clipboard, &"writeText".into()).ok().and_then(|f| f.dyn_into::<Function>().ok());
    let promise = write.and_then(|write| write.call1(&clipboard, &text.into()).ok());
    match promise.and_then(|promise| promise.dyn_into::<Promise>().ok()) {
        Some(promise) => JsFuture::from(promise).await.is_ok(),
        None => false,
    }
}

fn old_copy(window: &Window, text: &str) -> Option<bool> {
    let document = window.document()?;
    let focused = document.active_element();
    let area = document.create_element("textarea").ok()?;
    Reflect::set(&area, &"value".into(), &text.into()).ok()?;
    area.set_attribute("class", "offscreen").ok()?;
    // Behind a modal dialog nothing can be focused, so the text goes into the dialog.
    let parent =
        document.query_selector("dialog[open]").ok().flatten().or_else(|| document.body().map(Into::into))?;
    parent.append_child(&area).ok()?;
    method(&area, "select", &Array::new());
    let done = method(&document, "execCommand", &Array::of1(&"copy".into()));
    area.remove();
    if let Some(focused) = focused.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = focused.focus();
    }
    Some(done.is_some_and(|done| done.is_truthy()))
}

/// Calls a method that web-sys doesn't offer, or only behind a flag; `None` when there is none or it throws.
pub(crate) fn method(object: &JsValue, name: &str, args: &Array) -> Option<JsValue> {
    let function: Function = Reflect::get(object, &name.into()).ok()?.dyn_into().ok()?;
    function.apply(object, args).ok()
}

/// Downloads what is at an address under a name.
pub(crate) fn download(url: &str, file_name: &str) -> Option<()> {
    let document = document()?;
    let link: HtmlAnchorElement = document.create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(url);
    link.set_download(file_name);
    document.body()?.append_child(&link).ok()?;
    link.click();
    link.remove();
    Some(())
}

/// Offers a file to be saved.
pub(crate) fn save(file_name: &str, content: &str) -> Option<()> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&content.into())).ok()?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    download(&url, file_name)?;
    // The download starts after this turn; freeing the address at once would cancel it.
    after(60_000, move || {
        let _ = web_sys::Url::revoke_object_url(&url);
    });
    Some(())
}

/// A password of 14 characters that nobody mixes up: 70 random bits.
pub(crate) fn new_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = js_sys::Uint8Array::new_with_length(14);
    let crypto = Reflect::get(&js_sys::global(), &"crypto".into()).unwrap_or_default();
    match method(&crypto, "getRandomValues", &Array::of1(&bytes)) {
        Some(_) => {
            bytes.to_vec().into_iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
        }
        // No browser is without it; a person then thinks of one.
        None => String::new(),
    }
}

/// The text of the file that was chosen in an `<input type="file">`.
pub(crate) async fn chosen_text(input: web_sys::HtmlInputElement) -> Option<String> {
    let file = input.files()?.get(0)?;
    let text = JsFuture::from(file.text()).await.ok()?.as_string();
    // The same file can be chosen again.
    input.set_value("");
    text
}

/// Focuses the first element of a CSS selector, unless something has the focus.
pub(crate) fn focus_if_lost(css: &str) {
    let Some(document) = document() else { return };
    let lost = document.active_element().is_none_or(|element| element.tag_name() == "BODY");
    let element = document.query_selector(css).ok().flatten().filter(|_| lost);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// The page.
pub(crate) fn document() -> Option<Document> {
    web_sys::window()?.document()
}
