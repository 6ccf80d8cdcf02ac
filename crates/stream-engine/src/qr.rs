//! QR codes as pictures.

use qrcodegen::{QrCode, QrCodeEcc};
use stream_api::{Code, Error};

/// Modules of white around the code that readers want (ISO/IEC 18004).
const MARGIN: i32 = 4;

/// `text` as an SVG picture, black on white whatever the page around it, without a size of its own.
///
/// # Errors
/// `internal` for more than a QR code holds, 2,953 bytes.
pub fn svg(text: &str) -> Result<String, Error> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|error| Error::new(Code::Internal).with("reason", error))?;
    let (size, whole) = (code.size(), code.size() + 2 * MARGIN);
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN));
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h{whole}v{whole}H0z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_corners_and_a_margin() {
        let svg = svg("http://192.168.1.5:8891/watch/a#b.c").unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
        // Version 3: 29 modules and 4 at each side; the first dark one is the corner of a finder.
        assert!(svg.contains("viewBox=\"0 0 37 37\"") && svg.contains("d=\"M4,4h1v1h-1z"), "{svg}");
        assert!(super::svg(&"x".repeat(3000)).is_err());
    }
}
