use leptos::prelude::*;
use stream_api::{Error, commands, t};
use wasm_bindgen_futures::spawn_local;

use crate::{
    app::{App, use_app},
    browser,
    components::{Act, Icon, refusal},
    format,
};

/// Saves a support bundle, and says before what is in it.
#[component]
pub(crate) fn BundleCard() -> impl IntoView {
    let app = use_app();
    let busy = RwSignal::new(false);
    let (failure, made) = (RwSignal::new(None::<Error>), RwSignal::new(None::<String>));
    let press = move |_| {
        failure.set(None);
        made.set(None);
        busy.set(true);
        spawn_local(async move {
            let saved = save(app).await;
            busy.try_set(false);
            match saved {
                Ok(words) => drop(made.try_set(words)),
                Err(error) => drop(failure.try_set(Some(error))),
            }
        });
    };
    view! {
        <section class="card" data-testid="support">
            <h3>{t!("bundle.title")}</h3>
            <p class="muted about">{t!("bundle.body")}</p>
            {move || failure.get().map(|error| refusal(error, "bundle-error"))}
            <div class="card-foot">
                <Act
                    id="save-bundle"
                    icon=Icon::Download
                    label=Signal::derive(move || if busy.get() { t!("bundle.making") } else { t!("bundle.save") }.to_owned())
                    busy=busy
                    on_press=press
                />
            </div>
            <p class="good small-print made" role="status">{made}</p>
        </section>
    }
}

/// Makes the bundle and hands it over: on the desktop by a dialog, in a browser as a download. What became of it;
/// nothing when the user cancelled.
async fn save(app: App) -> Result<Option<String>, Error> {
    let client = app.client();
    if let Some(desktop) = client.desktop() {
        let path = desktop.save_support_bundle().await?;
        return Ok(path.map(|path| t!("file.saved", path = path)));
    }
    let file = client.call(commands::SupportBundle {}).await?;
    browser::download(&format!("/api/v1/support-bundle/{}", file.file_name), &file.file_name);
    Ok(Some(t!("bundle.made", name = file.file_name, size = format::bytes(file.size))))
}
