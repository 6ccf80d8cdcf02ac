//! A window for what must be said where there is no app: why it can't start, or where it runs already. Its page is
//! plain HTML that is made here, so that it needs neither an engine nor a command; its buttons are links.

use std::borrow::Cow;

use stream_api::{Error, t};
use tauri::{
    App, AppHandle, Manager as _, Runtime, UriSchemeContext, WebviewUrl, WebviewWindowBuilder,
    http::{HeaderValue, Response, header},
};
use tauri_plugin_opener::OpenerExt as _;

/// Where the page comes from.
pub(crate) const SCHEME: &str = "notice";
/// The window; it has no capability.
const LABEL: &str = "notice";

const STYLE: &str = concat!(
    include_str!("../../ui/styles/tokens.css"),
    "*{box-sizing:border-box;margin:0}
    body{display:flex;flex-direction:column;gap:var(--s3);min-height:100vh;padding:28px;background:var(--bg);\
    color:var(--text);font:var(--t-m)/1.5 var(--font);overflow-wrap:anywhere}
    h1{font-size:var(--t-xl);line-height:1.3} .hint{color:var(--muted)}
    nav{display:flex;gap:var(--s2);justify-content:flex-end;margin-top:auto}
    a{padding:7px 14px;border:1px solid var(--line-strong);border-radius:var(--r-s);background:var(--raised);\
    color:var(--text);text-decoration:none}
    a.main{border-color:var(--accent);background:var(--accent);color:var(--on-accent)}"
);

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    title: &'static str,
    /// Each with its hint.
    said: Vec<(String, String)>,
    /// Of an interface that can be opened.
    address: Option<String>,
}

impl Notice {
    /// The app can't start.
    pub(crate) fn refused(error: &Error) -> Notice {
        Notice { title: t!("start.refused"), said: vec![said(error)], address: None }
    }

    /// A host without a window has the data folder, and could not stream files of this start.
    pub(crate) fn elsewhere(message: String, address: String, refused: &[Error]) -> Notice {
        let here = (message, t!("start.elsewhere.hint").to_owned());
        let said = std::iter::once(here).chain(refused.iter().map(said)).collect();
        Notice { title: t!("start.elsewhere"), said, address: Some(address) }
    }

    fn html(&self) -> String {
        let open = match self.address {
            Some(_) => format!("<a id=\"open\" class=\"main\" href=\"/open\">{}</a>", t!("start.open")),
            None => String::new(),
        };
        let said = self
            .said
            .iter()
            .map(|(message, hint)| format!("<p>{}</p><p class=\"hint\">{}</p>", plain(message), plain(hint)));
        format!(
            "<!doctype html><meta charset=\"utf-8\"><title>{app}</title><style>{STYLE}</style>\
             <h1>{title}</h1>{said}\
             <nav><a id=\"close\" href=\"/close\">{close}</a>{open}</nav>",
            app = t!("app.name"),
            title = self.title,
            said = said.collect::<String>(),
            close = t!("act.close"),
        )
    }

    /// Whether the page may go there. The buttons lead nowhere: they are carried out here.
    fn follow(&self, app: &AppHandle, path: &str) -> bool {
        match (path, &self.address) {
            ("/open", Some(address)) => {
                if let Err(error) = app.opener().open_url(address, None::<&str>) {
                    tracing::warn!(%error, address, "no browser can be opened");
                }
                app.exit(0);
            }
            ("/close", _) => app.exit(0),
            _ => return path == "/",
        }
        false
    }
}

fn said(error: &Error) -> (String, String) {
    (error.message.clone(), error.hint.clone())
}

/// Shows it, and returns when the window was closed.
pub(crate) fn show(app: App, notice: Notice) {
    let handle = app.handle().clone();
    app.manage(notice.clone());
    let url = match format!("{SCHEME}://localhost/").parse() {
        Ok(url) => url,
        Err(error) => return tracing::error!(?error, "the notice has no address"),
    };
    let window = WebviewWindowBuilder::new(&app, LABEL, WebviewUrl::CustomProtocol(url))
        .title(t!("app.name"))
        .inner_size(560.0, 300.0)
        .resizable(false)
        .center()
        .on_navigation(move |url| notice.follow(&handle, url.path()))
        .build();
    match window {
        Ok(_) => drop(app.run_return(|_, _| {})),
        Err(error) => tracing::error!(%error, "the notice can't be shown"),
    }
}

/// The page, for whoever asks for anything of the scheme.
pub(crate) fn page<R: Runtime>(context: &UriSchemeContext<'_, R>) -> Response<Cow<'static, [u8]>> {
    let html = context.app_handle().try_state::<Notice>().map(|notice| notice.html()).unwrap_or_default();
    let mut response = Response::new(Cow::Owned(html.into_bytes()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Text that is no markup.
pub(crate) fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use stream_api::Code;

    use super::*;

    #[test]
    fn a_path_is_no_markup() {
        let error = Error::new(Code::DataDirDenied).with("path", "/<b>&/x").with("reason", "read-only");
        let html = Notice::refused(&error).html();
        assert!(html.contains("/&lt;b&gt;&amp;/x") && !html.contains("<b>"), "{html}");
        assert!(!html.contains("/open"), "there is nothing to open: {html}");
    }

    #[test]
    fn an_interface_is_offered() {
        let refused = Error::new(Code::SourceMissing).with("path", "/v/a.mp4");
        let html =
            Notice::elsewhere("there".to_owned(), "http://127.0.0.1:5000".to_owned(), &[refused]).html();
        assert!(html.contains("href=\"/open\"") && html.contains("there"), "{html}");
        assert!(html.contains("a.mp4"), "a file that is not streamed is told: {html}");
    }
}
