//! What the window is drawn with.

/// Without a graphics card the processor draws everything. WebKit and GTK then would go through Mesa's software
/// OpenGL, which takes seconds for the first picture and some 95 MiB more (docs/adr/0007). What the user sets in the
/// environment stays. To be called before there is a second thread.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "GTK and WebKit can be told in the environment alone")]
pub(crate) fn choose() {
    if has_card() {
        return;
    }
    for (name, value) in [("WEBKIT_DISABLE_DMABUF_RENDERER", "1"), ("GDK_GL", "disable")] {
        if std::env::var_os(name).is_none() {
            // SAFETY: no other thread exists yet that could read the environment meanwhile.
            unsafe { std::env::set_var(name, value) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn choose() {}

/// Whether the kernel has a device to render with (Linux, `Documentation/gpu/drm-uapi.rst`: render nodes).
#[cfg(target_os = "linux")]
fn has_card() -> bool {
    std::fs::read_dir("/dev/dri").is_ok_and(|mut nodes| {
        nodes.any(|node| node.is_ok_and(|node| node.file_name().to_string_lossy().starts_with("renderD")))
    })
}
