//! What can encode a picture: which arguments each encoder takes, how it is tried, and which one is picked.
//!
//! That FFmpeg lists an encoder says only that it was compiled in: on a computer without any graphics card Debian's
//! FFmpeg lists NVENC, Quick Sync and VA-API (measured). So each is tried with real frames. Frames are decoded and
//! filtered by the processor in any case: that works for every file, and an encoder that fails takes nothing along.

mod argv;

use std::ffi::OsString;

use stream_api::{Encoder, Encoding, VideoCodec};

pub(crate) use argv::{DRAFTS, before_input, encoder, last_filter};

/// An encoder that works, on a device of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Works {
    /// Which.
    pub encoder: Encoder,
    /// What it makes: not `Automatic` or `AsIs`.
    pub codec: VideoCodec,
    /// On which device; none where there is but one.
    pub device: Option<String>,
}

/// All encoders that work on a computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoders(Vec<Works>);

impl Default for Encoders {
    /// What every FFmpeg that this program asks for has: libx264 and libx265.
    fn default() -> Self {
        let software = |codec| Works { encoder: Encoder::Software, codec, device: None };
        Encoders(vec![software(VideoCodec::H264), software(VideoCodec::H265)])
    }
}

impl Encoders {
    /// Those that were tried and work.
    pub fn new(works: Vec<Works>) -> Encoders {
        Encoders(works)
    }

    /// The same and these.
    #[must_use]
    pub fn and(mut self, works: Vec<Works>) -> Encoders {
        self.0.extend(works);
        self
    }

    /// The same without some that failed since; the processor never does.
    #[must_use]
    pub fn without(&self, failed: &[Encoder]) -> Encoders {
        let stays = |works: &&Works| works.encoder == Encoder::Software || !failed.contains(&works.encoder);
        Encoders(self.0.iter().filter(stays).cloned().collect())
    }

    /// The one by which a picture would be encoded so.
    pub fn picked(&self, encoding: &Encoding) -> Option<Encoder> {
        let picked = self.pick(encoding.video, encoding.encoder, encoding.device.as_deref());
        picked.map(|works| works.encoder)
    }

    /// Whether AV1 can be published: whatever makes it was tried together with its packets.
    pub(crate) fn sends_av1(&self) -> bool {
        self.0.iter().any(|works| works.codec == VideoCodec::Av1)
    }

    /// The one that is wanted, else the one that spares the processor most.
    pub(crate) fn pick(&self, codec: VideoCodec, wanted: Encoder, device: Option<&str>) -> Option<&Works> {
        let makes = |works: &&Works| works.codec.codec() == codec.codec();
        let best = |of: Encoder| {
            let all = || self.0.iter().filter(makes).filter(move |works| works.encoder == of);
            all().find(|works| device.is_some() && works.device.as_deref() == device).or_else(|| all().next())
        };
        best(wanted).or_else(|| Encoder::ALL.into_iter().find_map(best))
    }
}

/// An encoder to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What is tried.
    pub works: Works,
    /// FFmpeg's arguments, which encode five frames to nowhere. It works if FFmpeg ends well and its
    /// [`progress`](crate::progress) counts a frame.
    pub arguments: Vec<OsString>,
}

/// Whether FFmpeg's last lines say that a graphics card's encoder is the reason of its end: no driver or device, no room
/// for one more session, or a card that stopped working. The lines were seen with FFmpeg 5.1 on a computer without any
/// card; those of full cards, and of what fails later, are in FFmpeg's sources.
pub fn failed(lines: &[String]) -> bool {
    const SIGNS: [&str; 17] = [
        "Cannot load libcuda",
        "Cannot load nvcuda",
        "OpenEncodeSessionEx failed",
        "No capable devices found",
        "No NVENC capable devices",
        "Device creation failed",
        "Failed to initialise VAAPI",
        "Error creating a MFX session",
        "Error initializing an internal MFX session",
        "Failed to create a VAAPI device",
        "Cannot create compression session",
        "CreateComponent",
        "Error while opening encoder",
        "Unknown encoder",
        "Error submitting video frame to the encoder",
        "video encoding failed",
        "Error encoding a frame",
    ];
    lines.iter().any(|line| SIGNS.iter().any(|sign| line.contains(sign)))
}

/// Whether FFmpeg's last lines say that a graphics card has no session left (`nvenc.c`: `out of memory (10)`, and from
/// older drivers `incompatible client key (21)`).
pub fn is_full(lines: &[String]) -> bool {
    let signs = ["out of memory", "incompatible client key"];
    let opening = |line: &&String| line.contains("OpenEncodeSessionEx failed");
    lines.iter().filter(opening).any(|line| signs.iter().any(|sign| line.contains(sign)))
}

/// What is worth a try on this system; `devices` are the paths of its `/dev/dri/renderD…`, and the numbers of NVIDIA's
/// cards where it has several.
pub fn trials(devices: &[String]) -> Vec<Trial> {
    let mut all = Vec::new();
    for encoder in Encoder::ALL {
        let devices: Vec<Option<String>> = match encoder {
            Encoder::Vaapi | Encoder::QuickSync if cfg!(unix) => {
                devices.iter().filter(|device| device.starts_with('/')).cloned().map(Some).collect()
            }
            Encoder::Nvenc if devices.iter().any(|device| is_number(device)) => {
                devices.iter().filter(|device| is_number(device)).cloned().map(Some).collect()
            }
            _ => vec![None],
        };
        for codec in [VideoCodec::H264, VideoCodec::H265, VideoCodec::Av1] {
            for device in &devices {
                let works = Works { encoder, codec, device: device.clone() };
                if is_for_this_system(encoder) && argv::name(encoder, codec).is_some() {
                    all.push(Trial { arguments: argv::trial(&works), works });
                }
            }
        }
    }
    all
}

/// Whether a device is one of NVIDIA's cards, which have no paths.
pub(crate) fn is_number(device: &str) -> bool {
    !device.starts_with('/')
}

fn is_for_this_system(encoder: Encoder) -> bool {
    match encoder {
        Encoder::Automatic => false,
        Encoder::Software => true,
        Encoder::Nvenc | Encoder::QuickSync => cfg!(not(target_os = "macos")),
        Encoder::Vaapi => cfg!(target_os = "linux"),
        Encoder::VideoToolbox => cfg!(target_os = "macos"),
        Encoder::Amf => cfg!(windows),
    }
}

#[cfg(test)]
mod tests;
