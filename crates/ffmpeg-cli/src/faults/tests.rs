use super::*;

fn classified(tail: &[&str]) -> Classified {
    let tail: Vec<String> = tail.iter().map(|line| (*line).to_owned()).collect();
    let context = Context { path: "/v/rtsp:// 401 Unauthorized.mp4".into() };
    classify(Exit { code: Some(1), signal: None }, &tail, &context)
}

const ENDING: [&str; 2] = ["[error] Error initializing output stream 0:1 -- ", "[error] "];

/// Each as printed by 5.1.9 (against MediaMTX 1.20.1); the last few by 7.0 and newer.
#[test]
fn ends_of_ffmpeg() {
    const HEADER: &str = "[error] Could not write header for output file #0 (incorrect codec parameters ?): ";
    let header = |why: &str| format!("{HEADER}{why}");
    let cases: &[(&[&str], Code, bool)] = &[
        (
            &[
                "[rtsp @ 0x55dff4429240] [error] method ANNOUNCE failed: 401 Unauthorized",
                &header("Server returned 401 Unauthorized (authorization failed)"),
            ],
            Code::PublishDenied,
            false,
        ),
        (
            &[
                "[tcp @ 0x55acdb7620c0] [error] Connection to tcp://127.0.0.1:1?timeout=5000000 failed: Connection refused",
                &header("Connection refused"),
            ],
            Code::PublishUnreachable,
            false,
        ),
        (
            &[
                "[rtmp @ 0x55acdb7620c0] [error] Server error: authentication failed",
                "[error] Could not open output rtmp://127.0.0.1:1935/ok: Operation not permitted",
            ],
            Code::PublishDenied,
            false,
        ),
        (&[&header("Server returned 400 Bad Request")], Code::PublishNoPath, false),
        (&[&header("Invalid data found when processing input")], Code::PublishTracks, false),
        (
            &[
                "[rtsp @ 0x7ffe88000710] [error] AAC with no global headers is currently not supported.",
                &header("Invalid data found when processing input"),
            ],
            Code::SourceSoundUnsendable,
            true,
        ),
        (
            &[
                "[error] av_interleaved_write_frame(): Broken pipe",
                "[error] Error writing trailer of rtsp://pub:secretpw@127.0.0.1:28554/ok: Broken pipe",
            ],
            Code::PublishClosed,
            false,
        ),
        (
            &["[error] file:/v/rtsp:// 401 Unauthorized.mp4: No such file or directory"],
            Code::SourceMissing,
            true,
        ),
        (&["[error] file:/v/rtsp:// 401 Unauthorized.mp4: Permission denied"], Code::SourceDenied, true),
        (&["[error] file:/v/rtsp:// 401 Unauthorized.mp4: Is a directory"], Code::SourceIsFolder, true),
        (
            &[
                "[hls @ 0x56162d1f7280] [error] Format not on whitelist 'mov,mp4'",
                "[error] file:/v/rtsp:// 401 Unauthorized.mp4: Invalid argument",
            ],
            Code::SourceIsPlaylist,
            true,
        ),
        (
            &[
                "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x564c0ba35280] [error] moov atom not found",
                "[error] file:/v/rtsp:// 401 Unauthorized.mp4: Invalid data found when processing input",
            ],
            Code::SourceIncomplete,
            true,
        ),
        (&["[fatal] Unknown encoder 'libx264'"], Code::FfmpegNoEncoder, true),
        (
            &[
                "[AVFilterGraph @ 0x563359e62fc0] [error] No such filter: 'bwdif'",
                "[error] Error reinitializing filters!",
                "[error] Failed to inject frame into filter network: Invalid argument",
                "[fatal] Error while processing the decoded data for stream #0:0",
                "[aac @ 0x563359df2a80] [warning] 2 frames left in the queue on closing",
            ],
            Code::FfmpegNoFilter,
            true,
        ),
        (
            &[
                "[error] Unrecognized option 'nosuchopt'.",
                "[fatal] Error splitting the argument list: Option not found",
            ],
            Code::FfmpegNoOption,
            true,
        ),
        (
            &[
                "x264 [error]: invalid preset 'nope'",
                "[error] Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0",
            ],
            Code::EncoderRefused,
            true,
        ),
        (&["[error] av_interleaved_write_frame(): No space left on device"], Code::DiskFull, false),
        (&["[in#0 @ 0x1] [error] Error opening input: No such file or directory"], Code::SourceMissing, true),
        (
            &[
                "[out#0/rtsp @ 0x1] [error] Could not write header (incorrect codec parameters ?): Connection refused",
                "[fatal] Error opening output files: Connection refused",
            ],
            Code::PublishUnreachable,
            false,
        ),
        // FFmpeg goes on after these, so they explain nothing.
        (
            &["[error] Error while decoding stream #0:0: Invalid data found when processing input"],
            Code::FfmpegCrashed,
            false,
        ),
        (&["[tcp @ 0x1] [warning] Connection refused, trying again"], Code::FfmpegCrashed, false),
        (&[], Code::FfmpegCrashed, false),
    ];
    for (tail, code, permanent) in cases {
        for ending in [&[] as &[&str], &ENDING] {
            let found = classified(&[*tail, ending].concat());
            assert_eq!((found.error.code, found.permanent), (*code, *permanent), "{tail:?}: {}", found.error);
            assert!(!found.error.message.contains('{'), "all is filled in: {}", found.error);
            assert!(!found.error.message.contains("secretpw"), "no password: {}", found.error);
        }
    }
}

#[test]
fn unknown_ends_carry_the_last_error_without_credentials() {
    let found = classified(&[
        "[error] Odd thing at rtsp://me:secretpw@h/a",
        "[error] Error initializing output stream 0:1 -- ",
    ]);
    assert_eq!(found.error.args["reason"], "Odd thing at rtsp://***@h/a");
    for line in ["rtmp://h/a?user=me&pass=secretpw: x", "srt://h?streamid=publish:a:me:secretpw y"] {
        let found = classified(&[&format!("[error] Odd {line}")]);
        assert_eq!(found.error.code, Code::FfmpegCrashed);
        let reason = &found.error.args["reason"];
        assert!(reason.starts_with("Odd ") && !reason.contains("secretpw"), "{reason}");
    }
    let killed = classify(Exit { code: None, signal: Some(11) }, &[], &Context { path: String::new() });
    assert_eq!((killed.error.code, &*killed.error.args["reason"]), (Code::FfmpegSignal, "signal 11"));
}
