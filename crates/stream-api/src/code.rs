//! Every code, with the one action that helps and the lines by which it is recognised: the table of faults.
//! `docs/faults.md` is made from it, and the integration tests produce each line for real. The table goes on in
//! `code_servers.rs`.

use serde::Serialize;

use crate::{FaultAction, Program, Sign, words};

with_servers! {
    /// The request can't be read.
    BadRequest = "bad_request";
    /// No such command or page.
    NoSuchRoute = "no_such_route";
    /// The route is there, under another HTTP method.
    WrongMethod = "wrong_method";
    /// The request's body is too large.
    TooLarge = "too_large";
    /// No stream with that id.
    NoSuchStream = "no_such_stream";
    /// No run with that id among the last ones of the stream.
    NoSuchRun = "no_such_run";
    /// No server with that id.
    NoSuchServer = "no_such_server", OpenSettings;
    /// A bug of ours.
    Internal = "internal", Retry;
    /// The engine is shutting down.
    ShuttingDown = "shutting_down";

    /// A name is needed.
    NameEmpty = "name_empty" => [Manager "a name without characters"];
    /// More than 200 characters.
    NameTooLong = "name_too_long" => [Manager "a name of more than 200 characters"];
    /// A character that is not allowed.
    NameBadCharacter = "name_bad_character" => [Manager "a character that MediaMTX refuses in a path"];
    /// A part that is empty or starts or ends with a dot.
    NameBadEdges = "name_bad_edges" => [Manager "a part that is empty or starts or ends with a dot"];
    /// An ending that MediaMTX gives a meaning of its own.
    NameReserved = "name_reserved" => [Manager "an ending such as .m3u8 or /whep"];
    /// Another stream has it.
    NameTaken = "name_taken" => [Manager "the name of another stream, in any case of letters"];

    /// Viewers can't be called so.
    ViewerUnfit = "viewer_unfit";
    /// A password of too few or too many characters.
    PasswordLength = "password_length";
    /// A password with a character that some players can't send.
    PasswordBadCharacter = "password_bad_character";
    /// Not an IP address or a range of them.
    IpRangeUnfit = "ip_range_unfit";
    /// A guest link that was revoked, or never was.
    NoSuchLink = "no_such_link";
    /// More guest links than a stream can have.
    TooManyLinks = "too_many_links";

    /// Not an absolute path.
    SourceRelative = "source_relative" => [Manager "a path that does not begin at the root"];
    /// No such file.
    SourceMissing = "source_missing", LocateFile => [
        Ffmpeg "No such file or directory",
        Ffprobe "No such file or directory",
        System "No such file or directory",
    ];
    /// Neither the file nor its folder is there: a drive or a share that is not connected.
    SourceFolderMissing = "source_folder_missing", LocateFile => [System "No such file or directory"];
    /// No such file any more, while a stream goes on with what FFmpeg has open of it.
    SourceGone = "source_gone", LocateFile => [System "No such file or directory"];
    /// Another file is there, or something else in it, while a stream goes on with what FFmpeg has open.
    SourceChanged = "source_changed", Restart => [System "another size or time of the last change"];
    /// No permission to read it.
    SourceDenied = "source_denied", Retry => [
        Ffmpeg "Permission denied",
        Ffprobe "Permission denied",
        System "Permission denied",
    ];
    /// A folder.
    SourceIsFolder = "source_is_folder", LocateFile => [Ffmpeg "Is a directory", Ffprobe "Is a directory"];
    /// A device, socket or pipe.
    SourceNotRegular = "source_not_regular", LocateFile => [Manager "a device, socket or pipe"];
    /// 0 bytes.
    SourceEmpty = "source_empty", LocateFile => [
        Manager "a file of 0 bytes",
        Ffprobe "Invalid data found when processing input",
    ];
    /// Not a video or audio file that FFmpeg knows.
    SourceNotMedia = "source_not_media", LocateFile => [Ffprobe "Invalid data found when processing input"];
    /// A picture.
    SourceIsPicture = "source_is_picture", LocateFile => [Ffprobe "Format not on whitelist"];
    /// A playlist, or a script that would make FFmpeg open other files.
    SourceIsPlaylist = "source_is_playlist", LocateFile => [
        Ffmpeg "Format not on whitelist",
        Ffprobe "Format not on whitelist",
    ];
    /// Its end is missing: a copy, download or recording that was not finished.
    SourceIncomplete = "source_incomplete", LocateFile => [
        Ffmpeg "moov atom not found",
        Ffprobe "moov atom not found",
    ];
    /// Damaged.
    SourceDamaged = "source_damaged", LocateFile => [
        Ffmpeg "Invalid data found when processing input",
        Ffprobe "Invalid data found when processing input",
    ];
    /// The disk can't read it.
    SourceUnreadable = "source_unreadable", Retry => [Ffmpeg "Input/output error", Ffprobe "Input/output error"];
    /// Neither pictures nor sound: subtitles alone, for instance.
    SourceNoTracks = "source_no_tracks", LocateFile => [Ffprobe r#""codec_type": "subtitle""#];
    /// Its tracks have a codec that FFmpeg does not know.
    SourceCodecUnknown = "source_codec_unknown", LocateFile => [
        Ffprobe r#""codec_type": "video""#,
        Ffmpeg "Decoder (codec none) not found",
        Ffmpeg "Decoding requested, but no decoder found",
    ];
    /// AAC as in MPEG-TS, which FFmpeg's RTSP output does not take as it is.
    SourceSoundUnsendable = "source_sound_unsendable", LocateFile => [Ffmpeg "AAC with no global headers"];
    /// ffprobe took too long.
    SourceTimeout = "source_timeout", Retry => [Manager "ffprobe does not end within 10 s"];
    /// A folder of `--media` is not there, no folder, or can't be read.
    MediaFolderUnusable = "media_folder_unusable" => [
        System "No such file or directory",
        System "Not a directory",
    ];
    /// Nothing that a prepared file could be made of: it does not loop a file.
    PrepareUnfit = "prepare_unfit";
    /// A prepared file would need more room than prepared files have.
    PrepareTooLarge = "prepare_too_large";
    /// Making a prepared file would fill the disk.
    PrepareNoSpace = "prepare_no_space";
    /// The source changed while a file was prepared of it.
    PrepareChanged = "prepare_changed";
    /// A file could not be prepared, for another reason.
    PrepareFailed = "prepare_failed";
    /// No such prepared file.
    NoSuchPrepared = "no_such_prepared";
    /// A prepared file that is on air.
    PreparedInUse = "prepared_in_use";
    /// Less room than one prepared file needs.
    PreparedRoomUnfit = "prepared_room_unfit";
    /// No settings are kept under that name.
    NoSuchPreset = "no_such_preset";
    /// Settings can't be kept under such a name.
    PresetNameUnfit = "preset_name_unfit";
    /// Settings of picture and sound for what is no file.
    EncodingUnfit = "encoding_unfit";
    /// How a stream is to be sent can't be done so.
    SettingUnfit = "setting_unfit";
    /// Outside the folders that the headless host may use.
    SourceOutsideMedia = "source_outside_media" => [Manager "a path outside the folders of --media"];

    /// An address is needed.
    AddressEmpty = "address_empty";
    /// Not the beginning of an address that the server can fetch.
    AddressScheme = "address_scheme";
    /// No name or IP address of a host.
    AddressHost = "address_host";
    /// No port, where one is needed, or none that can be.
    AddressPort = "address_port";
    /// Not the SHA-256 of a certificate.
    FingerprintUnfit = "fingerprint_unfit";

    /// A camera or server: nobody knows its name.
    PullNameUnknown = "pull_name_unknown", OpenSettings => [Mediamtx "[path …source] …no such host"];
    /// A camera or server: it is there and nobody listens at that port.
    PullConnectionRefused = "pull_connection_refused", OpenSettings => [
        Mediamtx "[path …source] …connection refused",
    ];
    /// A camera or server: no way leads there.
    PullUnreachable = "pull_unreachable", OpenSettings;
    /// A camera or server: no answer in time.
    PullSilent = "pull_silent", OpenSettings => [
        Mediamtx "[path …source] …i/o timeout",
        Mediamtx "[path …] [SRT source] connection timeout. server didn't respond",
    ];
    /// A camera or server: it wants another user or password.
    PullLogin = "pull_login", OpenSettings => [
        Mediamtx "[path …] [RTSP source] bad status code: 401 (Unauthorized)",
        Mediamtx "[path …] [RTMP source] …authentication failed",
    ];
    /// A camera or server: it has nothing at that path.
    PullNoPath = "pull_no_path", OpenSettings => [
        Mediamtx "[path …] [RTSP source] bad status code: 404 (Not Found)",
    ];
    /// An SRT server refuses, without saying whether for its stream, the user or the passphrase.
    PullRejected = "pull_rejected", OpenSettings => [
        Mediamtx "[path …] [SRT source] connection rejected: REJECT",
    ];
    /// A camera or server: nothing in it that the server can pass on.
    PullCodec = "pull_codec", OpenSettings;
    /// A camera or server: its certificate is not to be trusted.
    PullCertificate = "pull_certificate", OpenSettings;
    /// A camera or server: it closed the connection.
    PullClosed = "pull_closed", OpenSettings => [
        Mediamtx "[path …source] EOF",
        Mediamtx "[path …source] …connection reset by peer",
    ];
    /// The port at which media should arrive is taken.
    PullPortTaken = "pull_port_taken", OpenSettings => [
        Mediamtx "[path …] [MPEG-TS source] listen udp …: bind: address already in use",
    ];
    /// A camera or server, for another reason.
    PullFailed = "pull_failed", OpenSettings;
    /// A camera or server that was on air stopped sending.
    PullLost = "pull_lost", OpenSettings;
    /// The password that a source needs is not where secrets are kept.
    SecretMissing = "secret_missing", OpenSettings;
    /// A password is in the user's keychain, which does not answer.
    KeychainLocked = "keychain_locked", Retry;
    /// The publisher of an incoming stream left.
    PublisherLeft = "publisher_left";

    /// FFmpeg was not found.
    FfmpegMissing = "ffmpeg_missing", InstallFfmpeg => [Manager "no ffmpeg beside the app or on the PATH"];
    /// FFmpeg is there, ffprobe is not.
    FfprobeMissing = "ffprobe_missing", InstallFfmpeg => [Manager "no ffprobe beside the app or on the PATH"];
    /// The file that was named as FFmpeg or ffprobe is not there.
    FfmpegNotThere = "ffmpeg_not_there", Retry => [System "No such file or directory"];
    /// FFmpeg or ffprobe is older than 5.1.
    FfmpegTooOld = "ffmpeg_too_old", InstallFfmpeg => [Ffmpeg "ffmpeg version 4.", Ffprobe "ffprobe version 4."];
    /// FFmpeg or ffprobe may not be executed.
    FfmpegNotExecutable = "ffmpeg_not_executable", Retry => [System "Permission denied"];
    /// FFmpeg or ffprobe is a program for another kind of computer.
    FfmpegWrongMachine = "ffmpeg_wrong_machine", InstallFfmpeg => [System "Exec format error"];
    /// A library that FFmpeg or ffprobe needs is missing.
    FfmpegLibraryMissing = "ffmpeg_library_missing", InstallFfmpeg => [
        System "error while loading shared libraries: …: cannot open shared object file",
    ];
    /// FFmpeg or ffprobe does not answer when asked for its version.
    FfmpegSilent = "ffmpeg_silent", Retry => [Manager "no version within 10 s"];
    /// FFmpeg or ffprobe was found and can't be run, or is another program.
    FfmpegUnusable = "ffmpeg_unusable", InstallFfmpeg => [Manager "no version in what it prints"];
    /// FFmpeg was built without an encoder that this needs.
    FfmpegNoEncoder = "ffmpeg_no_encoder", InstallFfmpeg => [
        Ffmpeg "Unknown encoder '…'",
        Ffmpeg "Encoder not found",
        Ffmpeg "encoder found for codec",
        Ffmpeg "Automatic encoder selection failed",
    ];
    /// FFmpeg was built without a decoder that this needs.
    FfmpegNoDecoder = "ffmpeg_no_decoder", InstallFfmpeg => [
        Ffmpeg "Unknown decoder '…'",
        Ffmpeg "Decoder not found",
    ];
    /// FFmpeg was built without a filter that this needs.
    FfmpegNoFilter = "ffmpeg_no_filter", InstallFfmpeg => [
        Ffmpeg "No such filter: '…'",
        Ffmpeg "Filter not found",
    ];
    /// FFmpeg does not know an option: it is older or newer than the versions known here.
    FfmpegNoOption = "ffmpeg_no_option", InstallFfmpeg => [
        Ffmpeg "Unrecognized option '…'",
        Ffmpeg "Option not found",
        Ffprobe "Failed to set value '…' for option",
    ];
    /// FFmpeg was built without a format that this needs.
    FfmpegNoFormat = "ffmpeg_no_format", InstallFfmpeg => [
        Ffmpeg "Requested output format '…' is not",
        Ffmpeg "Unknown input format",
    ];
    /// FFmpeg was built without a protocol that this needs.
    FfmpegNoProtocol = "ffmpeg_no_protocol", InstallFfmpeg => [Ffmpeg "Protocol not found"];
    /// An encoder did not take its parameters.
    EncoderRefused = "encoder_refused", OpenSettings => [
        Ffmpeg "Error while opening encoder",
        Ffmpeg "Could not open encoder",
    ];
    /// No memory was left.
    OutOfMemory = "out_of_memory", Retry => [
        Ffmpeg "Cannot allocate memory",
        System "failed to map segment from shared object",
    ];
    /// Too many files are open.
    TooManyFiles = "too_many_files", Retry => [
        Ffmpeg "Too many open files",
        System "cannot open shared object file: Error 24",
    ];
    /// FFmpeg was killed: by the system for want of memory, or by a person.
    FfmpegKilled = "ffmpeg_killed", Retry => [System "ended by signal 9"];
    /// FFmpeg crashed.
    FfmpegSignal = "ffmpeg_signal", Retry => [System "ended by signal 11"];
    /// FFmpeg came to the end of a source that should loop.
    FfmpegEndedEarly = "ffmpeg_ended_early", Retry => [Ffmpeg "progress=end"];
    /// FFmpeg ended without a reason that we know.
    FfmpegCrashed = "ffmpeg_crashed", Retry => [Ffmpeg "Conversion failed!", Ffmpeg "At least one output file"];
    /// FFmpeg made no progress within 15 s of its start.
    NoProgress = "no_progress", Retry => [Ffmpeg "out_time_us=…, none within 15 s"];
    /// FFmpeg ran and then made no progress any more.
    Stalled = "stalled", Retry => [Ffmpeg "out_time_us=…, the same for 5 s"];

    /// This machine has no room for what is to be started.
    WouldOverload = "would_overload";
    /// A stream on air is sent slower than it plays.
    Overloaded = "overloaded", Prepare => [Ffmpeg "out_time_us=…, below 0.97 of real time for 15 s"];
    /// What is on air is not recorded: the disk is full.
    RecordingNoSpace = "recording_no_space" => [Mediamtx "[recorder] …: no space left on device"];
    /// What is on air is not recorded: no permission to write.
    RecordingDenied = "recording_denied" => [Mediamtx "[recorder] …: permission denied"];
    /// What is on air is not recorded: nobody can write there.
    RecordingReadOnly = "recording_read_only" => [Mediamtx "[recorder] …: read-only file system"];
    /// What is on air is not recorded, for another reason.
    RecordingFailed = "recording_failed" => [Mediamtx "ERR [path …] [recorder] "];

    /// More people watch than a small computer can serve.
    ManyViewers = "many_viewers" => [Manager "more than 100 viewers at once"];
    /// The connection to the viewers is nearly full.
    UplinkBusy = "uplink_busy" => [Manager "80 % of the connection's speed or more for 10 s"];
    /// No speed that a connection can have.
    UplinkUnfit = "uplink_unfit";

    /// The server does not know FFmpeg's user and password.
    PublishDenied = "publish_denied", Retry => [Ffmpeg "401 Unauthorized", Mediamtx "failed to authenticate"];
    /// The server has no such path.
    PublishNoPath = "publish_no_path", Retry => [
        Ffmpeg "400 Bad Request",
        Mediamtx "path '…' is not configured",
    ];
    /// The server does not take the tracks, or somebody else publishes there.
    PublishTracks = "publish_tracks", Retry => [
        Ffmpeg "Invalid data found when processing input",
        Mediamtx "someone is already publishing to path '…'",
        Mediamtx "but stream expects",
    ];
    /// The server closed the connection.
    PublishClosed = "publish_closed", Retry => [Ffmpeg "Broken pipe", Ffmpeg "Connection reset by peer"];
    /// The server refused the publisher for another reason.
    PublishRefused = "publish_refused", Retry => [Ffmpeg "Server returned 5XX Server Error reply"];
    /// The server can't be reached by FFmpeg.
    PublishUnreachable = "publish_unreachable", Retry => [Ffmpeg "Connection refused"];
}
