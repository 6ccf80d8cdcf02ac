use js_sys::{Array, Reflect};
use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::browser;

/// Space between a menu, its button and the window's edge, in pixels.
const GAP: f64 = 6.0;

/// What arrow keys move between.
const ITEM: &str = "[role=menuitem]";

/// A menu beside its button: a native popover, so that a click elsewhere or Escape closes it. Arrow keys move.
#[component]
pub(crate) fn Menu(
    /// Whether it is open; closes by itself.
    open: RwSignal<bool>,
    /// The button it belongs to.
    anchor: NodeRef<html::Span>,
    /// Said by a screen reader.
    #[prop(into)]
    label: String,
    children: ChildrenFn,
) -> impl IntoView {
    let children = StoredValue::new(children);
    let label = StoredValue::new(label);
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let (Some(menu), Some(anchor)) = (node.get(), anchor.get_untracked()) {
            browser::method(&menu, "showPopover", &Array::new());
            place(&menu, &anchor);
            focus_item(&menu, ITEM, |_, _| 0);
        }
    });
    let back = move || {
        let button = anchor.get_untracked().and_then(|anchor| anchor.query_selector("button").ok().flatten());
        if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
            let _ = button.focus();
        }
    };
    let toggled = move |event: web_sys::Event| {
        let state = Reflect::get(&event, &"newState".into()).ok().and_then(|state| state.as_string());
        if state.as_deref() == Some("closed") {
            open.try_set(false);
        }
    };
    let key = move |event: KeyboardEvent| {
        let Some(menu) = node.get_untracked() else { return };
        match event.key().as_str() {
            "Escape" | "Tab" => {
                open.set(false);
                back();
            }
            key if arrow(&menu, ITEM, key) => {}
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <Show when=move || open.get()>
            <div
                node_ref=node
                class="menu"
                role="menu"
                popover="auto"
                aria-label=label.get_value()
                on:toggle=toggled
                // Before the item does anything: a dialog that it opens gives the focus back to where it is then.
                on:click:capture=move |_| back()
                on:keydown=key
                on:click=move |event| {
                    event.stop_propagation();
                    open.try_set(false);
                }
            >
                {children.with_value(|children| children())}
            </div>
        </Show>
    }
}

/// Below the button and flush with its right edge; above it where there is no room below.
fn place(menu: &HtmlElement, anchor: &Element) {
    let Some(window) = web_sys::window() else { return };
    let size =
        |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|v| v.as_f64()).unwrap_or_default();
    let (width, height) = (size(window.inner_width()), size(window.inner_height()));
    let (button, own) = (anchor.get_bounding_client_rect(), menu.get_bounding_client_rect());
    let below = button.bottom() + GAP;
    let top = if below + own.height() + GAP <= height { below } else { button.top() - GAP - own.height() };
    let left = (button.right() - own.width()).min(width - own.width() - GAP);
    let style = format!("top:{:.0}px;left:{:.0}px", top.max(GAP), left.max(GAP));
    let _ = menu.set_attribute("style", &style);
}

/// Moves the focus as an arrow key, Home or End does. Whether it was one of them.
pub(crate) fn arrow(list: &HtmlElement, items: &str, key: &str) -> bool {
    match key {
        "ArrowDown" => focus_item(list, items, |at, n| at.map_or(0, |at| (at + 1) % n)),
        "ArrowUp" => focus_item(list, items, |at, n| at.map_or(n - 1, |at| (at + n - 1) % n)),
        "Home" => focus_item(list, items, |_, _| 0),
        "End" => focus_item(list, items, |_, n| n - 1),
        _ => return false,
    }
    true
}

/// Focuses the item that `pick` chooses from the place of the focused one and the count.
pub(crate) fn focus_item(list: &HtmlElement, items: &str, pick: impl Fn(Option<usize>, usize) -> usize) {
    let Ok(items) = list.query_selector_all(items) else { return };
    let item = |i: usize| items.get(i as u32).and_then(|node| node.dyn_into::<HtmlElement>().ok());
    let count = items.length() as usize;
    let focused = browser::document().and_then(|document| document.active_element());
    let at = (0..count).find(|i| item(*i).map(Element::from) == focused);
    if count > 0
        && let Some(element) = item(pick(at, count))
    {
        let _ = element.focus();
    }
}
