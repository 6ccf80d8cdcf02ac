use leptos::prelude::*;

/// A drawing in a 24 × 24 box, stroked in the colour of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Stream,
    Server,
    Search,
    Plus,
    Download,
    Start,
    Stop,
    Link,
    More,
    Back,
    Close,
    File,
    Camera,
    Incoming,
    Folder,
    Bolt,
    Alert,
    Check,
    Copy,
    Pen,
    Duplicate,
    Trash,
    Open,
    Retry,
    Up,
    Spinner,
    Activity,
    Dot,
    Bell,
    BellOff,
    Lock,
    Pattern,
    Power,
}

impl Icon {
    const fn paths(self) -> &'static str {
        match self {
            Icon::Stream => {
                r#"<path d="M4.9 19.1a10 10 0 0 1 0-14.2M7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M19.1 4.9a10 10 0 0 1 0 14.2"/><circle cx="12" cy="12" r="2"/>"#
            }
            Icon::Server => {
                r#"<rect x="3" y="4" width="18" height="7" rx="2"/><rect x="3" y="13" width="18" height="7" rx="2"/><path d="M7 7.5h.01M7 16.5h.01"/>"#
            }
            Icon::Search => r#"<circle cx="11" cy="11" r="7"/><path d="m20 20-3.5-3.5"/>"#,
            Icon::Plus => r#"<path d="M12 5v14M5 12h14"/>"#,
            Icon::Download => {
                r#"<path d="M12 3v12m0 0 4-4m-4 4-4-4M4 17v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2"/>"#
            }
            Icon::Start => r#"<path d="m8 5 11 7-11 7z"/>"#,
            Icon::Stop => r#"<rect x="6" y="6" width="12" height="12" rx="2"/>"#,
            Icon::Link => {
                r#"<path d="M10 13a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1M14 11a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1-1"/>"#
            }
            Icon::More => {
                r#"<circle cx="12" cy="5" r="1"/><circle cx="12" cy="12" r="1"/><circle cx="12" cy="19" r="1"/>"#
            }
            Icon::Back => r#"<path d="m15 5-7 7 7 7"/>"#,
            Icon::Close => r#"<path d="M6 6l12 12M18 6 6 18"/>"#,
            Icon::File => {
                r#"<path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5"/>"#
            }
            Icon::Camera => {
                r#"<rect x="3" y="6" width="12" height="12" rx="2"/><path d="m15 11 6-3v8l-6-3"/>"#
            }
            Icon::Incoming => {
                r#"<path d="M12 3v10m0 0 4-4m-4 4-4-4M5 15v3a3 3 0 0 0 3 3h8a3 3 0 0 0 3-3v-3"/>"#
            }
            Icon::Folder => {
                r#"<path d="M4 5a2 2 0 0 1 2-2h4l2 3h6a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z"/>"#
            }
            Icon::Bolt => r#"<path d="M13 2 4 14h7l-1 8 9-12h-7z"/>"#,
            Icon::Alert => {
                r#"<path d="M12 9v4M12 17h.01M10.3 3.9 2.4 18a2 2 0 0 0 1.7 3h15.8a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0z"/>"#
            }
            Icon::Check => r#"<path d="m5 12 5 5 9-11"/>"#,
            Icon::Copy => {
                r#"<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15H4a1 1 0 0 1-1-1V5a2 2 0 0 1 2-2h9a1 1 0 0 1 1 1v1"/>"#
            }
            Icon::Pen => r#"<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4"/>"#,
            Icon::Duplicate => {
                r#"<rect x="9" y="9" width="12" height="12" rx="2"/><path d="M15 12v6M12 15h6M5 15a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2"/>"#
            }
            Icon::Trash => {
                r#"<path d="M4 7h16M9 7V5a2 2 0 0 1 2-2h2a2 2 0 0 1 2 2v2M6 7l1 12a2 2 0 0 0 2 2h6a2 2 0 0 0 2-2l1-12M10 11v6M14 11v6"/>"#
            }
            Icon::Open => {
                r#"<path d="M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4"/>"#
            }
            Icon::Retry => {
                r#"<path d="M4 12a8 8 0 0 1 13.7-5.7L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.7 5.7L4 15.5M4 20v-4.5h4.5"/>"#
            }
            Icon::Up => r#"<path d="M12 19V5M6 11l6-6 6 6"/>"#,
            Icon::Activity => r#"<path d="M3 12h4l3 8 4-16 3 8h4"/>"#,
            Icon::Dot => r#"<circle cx="12" cy="12" r="3"/>"#,
            Icon::Spinner => r#"<path d="M12 3a9 9 0 1 0 9 9"/>"#,
            Icon::Lock => {
                r#"<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>"#
            }
            Icon::Pattern => {
                r#"<rect x="4" y="4" width="16" height="16" rx="1"/><path d="M9.5 4v16M14.5 4v16"/>"#
            }
            Icon::Power => r#"<path d="M12 3v9M7 6.5a8 8 0 1 0 10 0"/>"#,
            Icon::Bell => r#"<path d="M6 10a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7M10 20a2 2 0 0 0 4 0"/>"#,
            Icon::BellOff => {
                r#"<path d="M8 5.5A6 6 0 0 1 18 10c0 2 .3 3.4.7 4.5M16.5 17H4c0-1 2-2 2-7 0-.5 0-1 .2-1.5M10 20a2 2 0 0 0 4 0M3 3l18 18"/>"#
            }
        }
    }
}

/// Draws an icon. It says nothing to a screen reader: the words beside it do.
pub(crate) fn icon(icon: Icon) -> impl IntoView {
    let class = if icon == Icon::Spinner { "i spin" } else { "i" };
    view! { <svg class=class viewBox="0 0 24 24" aria-hidden="true" inner_html=icon.paths()></svg> }
}
