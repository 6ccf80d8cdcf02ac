use leptos::prelude::*;

/// Something in a list, whatever it is.
struct Item {
    key: u128,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

/// A list whose entries stay on the page as long as their keys are in it.
///
/// Leptos' `<For>` is compiled anew for every kind of entry, some ten kilobytes each; this uses it once for all.
pub(crate) fn each<T: Send + 'static>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    key: fn(&T) -> u128,
    draw: impl Fn(T) -> AnyView + Send + Clone + 'static,
) -> AnyView {
    let item = move |item: T| {
        let (key, draw) = (key(&item), draw.clone());
        Item { key, draw: Box::new(move || draw(item)) }
    };
    list(Box::new(move || items().into_iter().map(&item).collect()))
}

fn list(items: Box<dyn Fn() -> Vec<Item> + Send>) -> AnyView {
    view! { <For each=items key=|item: &Item| item.key children=|item: Item| (item.draw)()/> }.into_any()
}
