use stream_api::Picture;

use super::*;

fn works(encoder: Encoder, codec: VideoCodec, device: Option<&str>) -> Works {
    Works { encoder, codec, device: device.map(str::to_owned) }
}

#[test]
fn the_one_that_is_wanted_is_picked_and_else_the_best_that_works() {
    let h264 = VideoCodec::H264;
    let all = Encoders::new(vec![
        works(Encoder::Software, h264, None),
        works(Encoder::Vaapi, h264, Some("/dev/dri/renderD128")),
        works(Encoder::Vaapi, h264, Some("/dev/dri/renderD129")),
        works(Encoder::Nvenc, VideoCodec::H265, None),
    ]);
    let pick = |encoders: &Encoders, codec, wanted, device: Option<&str>| {
        encoders.pick(codec, wanted, device).map(|works| (works.encoder, works.device.clone()))
    };
    let second = Some("/dev/dri/renderD129".to_owned());
    let automatic = Encoder::Automatic;
    assert_eq!(pick(&all, h264, automatic, None).map(|(encoder, _)| encoder), Some(Encoder::Vaapi));
    assert_eq!(pick(&all, h264, automatic, second.as_deref()), Some((Encoder::Vaapi, second.clone())));
    assert_eq!(pick(&all, h264, Encoder::Software, None), Some((Encoder::Software, None)));
    assert_eq!(
        pick(&all, VideoCodec::AsIs, Encoder::Vaapi, Some("/dev/dri/renderD129")),
        Some((Encoder::Vaapi, second.clone()))
    );
    assert_eq!(pick(&all, h264, Encoder::Nvenc, None).map(|(encoder, _)| encoder), Some(Encoder::Vaapi));
    assert_eq!(pick(&all, VideoCodec::H265, automatic, None), Some((Encoder::Nvenc, None)));
    assert_eq!(pick(&all, VideoCodec::Av1, automatic, None), None);
    let fallen = all.without(&[Encoder::Vaapi, Encoder::Software]);
    assert_eq!(pick(&fallen, h264, Encoder::Vaapi, None), Some((Encoder::Software, None)), "it never fails");
}

/// What each encoder is given, one a line: compared with `argv.txt`, which `UPDATE_SNAPSHOTS=1` writes anew.
#[test]
fn arguments_are_those_of_the_snapshot() {
    let mut found = String::new();
    let codecs = [VideoCodec::H264, VideoCodec::H265, VideoCodec::Av1];
    for encoder in Encoder::ALL {
        for codec in codecs {
            for quality in [None, Some(23)] {
                let device = match encoder {
                    Encoder::Nvenc => Some("1"),
                    Encoder::Vaapi | Encoder::QuickSync => Some("/dev/dri/renderD129"),
                    _ => None,
                };
                let device = device.map(str::to_owned);
                let (width, height, fps) = (1280, 720, 30.0);
                let picture = Picture { width, height, fps, kilobits: 2000, quality, encoder, device };
                let options = argv::encoder(&picture, codec, 30);
                if options.is_empty() {
                    continue;
                }
                let before = before_input(encoder, picture.device.as_deref()).join(" ");
                let filter = last_filter(encoder);
                found += &format!("{before} … -vf {filter} {}\n", options.join(" "));
            }
        }
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/encoders/argv.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &found).expect("can be written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == found,
        "run this test with UPDATE_SNAPSHOTS=1 and read what changed in {}",
        file.display()
    );
}

#[test]
fn each_device_is_tried_and_nothing_of_another_system() {
    let trials = trials(&["/dev/dri/renderD128".to_owned(), "/dev/dri/renderD129".to_owned()]);
    let software = trials.iter().filter(|trial| trial.works.encoder == Encoder::Software).count();
    assert_eq!(software, 3, "{trials:?}");
    if cfg!(target_os = "linux") {
        let vaapi: Vec<_> = trials.iter().filter(|trial| trial.works.encoder == Encoder::Vaapi).collect();
        assert_eq!(vaapi.len(), 6, "three codecs on two devices");
        let nvenc = |trials: &[Trial]| -> Vec<Option<String>> {
            let of = trials.iter().filter(|trial| trial.works.encoder == Encoder::Nvenc);
            of.map(|trial| trial.works.device.clone()).collect()
        };
        assert_eq!(nvenc(&trials), [None, None, None], "one card, or nobody knows");
        let cards = super::trials(&["/dev/dri/renderD128".to_owned(), "0".to_owned(), "1".to_owned()]);
        assert_eq!(nvenc(&cards).len(), 6, "two cards");
        assert!(nvenc(&cards).contains(&Some("1".to_owned())));
        assert!(vaapi[1].arguments.iter().any(|word| word == "vaapi=va:/dev/dri/renderD129"));
        assert!(!trials.iter().any(|trial| trial.works.encoder == Encoder::VideoToolbox));
    }
}

#[test]
fn a_full_card_is_told_from_one_that_is_not_there() {
    let says = |line: &str| {
        let lines = [format!("[h264_nvenc @ 0x5581] [error] {line}")];
        (failed(&lines), is_full(&lines))
    };
    assert_eq!(says("OpenEncodeSessionEx failed: out of memory (10): (no details)"), (true, true));
    assert_eq!(says("OpenEncodeSessionEx failed: incompatible client key (21)"), (true, true));
    assert_eq!(says("OpenEncodeSessionEx failed: unsupported device (2)"), (true, false));
    assert_eq!(says("Cannot load libcuda.so.1"), (true, false));
    assert_eq!(says("Cannot allocate memory: out of memory"), (false, false));
    for later in ["Error submitting video frame to the encoder", "video encoding failed"] {
        assert_eq!(says(later), (true, false), "{later}");
    }
}
