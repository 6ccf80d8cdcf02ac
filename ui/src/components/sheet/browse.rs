use leptos::{ev::KeyboardEvent, html, prelude::*};
use stream_api::{
    Error, MediaEntry,
    commands::{MediaBrowse, MediaFolder},
    t,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser,
    components::{
        Act, Icon, Modal, icon,
        menu::{arrow, focus_item},
        refusal,
        sheet::form::Form,
    },
    format,
};

/// Lets the user of a browser choose a file on the engine's computer, in the folders that it offers.
pub(crate) fn browse(form: Form) -> impl IntoView {
    let folder = RwSignal::new(None::<Result<MediaFolder, Error>>);
    let opening = RwSignal::new(false);
    let open = move |path: Option<String>| {
        opening.set(true);
        let reply = form.app.client().call(MediaBrowse { path });
        spawn_local(async move {
            let reply = reply.await;
            opening.try_set(false);
            folder.try_set(Some(reply));
        });
    };
    let current = form.path.get_untracked();
    let roots = form
        .app
        .world
        .host
        .with_untracked(|host| host.as_ref().map(|h| h.media_roots.clone()).unwrap_or_default());
    let inside = format::folder(current.trim()).to_owned();
    open(roots.iter().any(|root| inside.starts_with(root.as_str())).then_some(inside));
    let node = NodeRef::<html::Div>::new();
    let key = move |event: KeyboardEvent| {
        if node.get_untracked().is_some_and(|list| arrow(&list, ".entry", &event.key())) {
            event.prevent_default();
        }
    };
    Effect::new(move |_| {
        folder.track();
        if let Some(list) = node.get() {
            // After the entries are drawn.
            browser::after(0, move || focus_item(&list, ".entry", |_, _| 0));
        }
    });
    let close = move || {
        form.browsing.set(false);
        // Opened with the form at once, it has nothing of the form to go back to.
        browser::after(0, || browser::after(0, || browser::focus_if_lost("#file-path")));
    };
    let title = move || {
        folder.with(|f| match f {
            Some(Ok(MediaFolder { path: Some(path), .. })) => path.clone(),
            _ => t!("browse.folders").to_owned(),
        })
    };
    let parent = move || {
        folder.with(|f| match f {
            // Above a root stands the list of roots.
            Some(Ok(f)) if f.path.is_some() => Some(f.parent.clone()),
            _ => None,
        })
    };
    let pick = move |entry: &MediaEntry| match entry.is_dir {
        true => open(Some(entry.path.clone())),
        false => {
            close();
            form.take(entry.path.clone());
        }
    };
    view! {
        <Modal label=t!("browse.title") class="ask browse" on_close=move |()| close()>
            <header>
                <h2>{t!("browse.title")}</h2>
                <span class="grow"></span>
                <Act class="icon ghost" icon=Icon::Close label=t!("act.close") on_press=move |_| close()/>
            </header>
            <div class="crumb">
                <Act
                    class="icon ghost"
                    icon=Icon::Up
                    label=t!("browse.up")
                    busy=opening
                    disabled=Signal::derive(move || parent().is_none())
                    on_press=move |_| if let Some(parent) = parent() { open(parent) }
                />
                <span class="mono path">{title}</span>
            </div>
            <div node_ref=node class="entries" data-testid="media-entries" on:keydown=key>
                {move || match folder.get() {
                    None => view! { <p class="muted" role="status">{t!("browse.opening")}</p> }.into_any(),
                    Some(Err(error)) => refusal(error, "").into_any(),
                    Some(Ok(folder)) if folder.entries.is_empty() => {
                        let words = if folder.path.is_none() { t!("browse.no_roots") } else { t!("browse.empty") };
                        view! { <p class="muted">{words}</p> }.into_any()
                    }
                    Some(Ok(folder)) => folder.entries.into_iter().map(|entry| {
                        let (drawn, size) = (if entry.is_dir { Icon::Folder } else { Icon::File }, entry.size);
                        let name = entry.name.clone();
                        view! {
                            <button type="button" class="entry" data-path=entry.path.clone() on:click=move |_| pick(&entry)>
                                {icon(drawn)}
                                <span>{name}</span>
                                {size.map(|size| view! { <small class="num">{format::bytes(size)}</small> })}
                            </button>
                        }
                    })
                    .collect_view()
                    .into_any(),
                }}
            </div>
        </Modal>
    }
}
