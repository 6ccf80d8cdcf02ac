//! The end of the table of codes: servers, their ports, the data folder and the host.

macro_rules! with_servers {
    ($($before:tt)*) => {
        codes! {
            $($before)*

            /// MediaMTX was not found.
            ServerMissing = "server_missing", Retry => [Manager "no mediamtx beside the app or on the PATH"];
            /// The file that was named as MediaMTX is not there.
            ServerNotThere = "server_not_there", Retry => [System "No such file or directory"];
            /// MediaMTX is older than 1.19, which the bundled server needs.
            ServerTooOld = "server_too_old", Retry => [Mediamtx "v1.18."];
            /// MediaMTX may not be executed.
            ServerNotExecutable = "server_not_executable", Retry => [System "Permission denied"];
            /// MediaMTX is a program for another kind of computer.
            ServerWrongMachine = "server_wrong_machine", Retry => [System "Exec format error"];
            /// MediaMTX was found and can't be run, or is another program.
            ServerUnusable = "server_unusable", Retry => [Manager "no version in what it prints"];
            /// MediaMTX does not take its configuration.
            ServerConfig = "server_config", OpenServer => [Mediamtx "json: unknown field"];
            /// MediaMTX crashed by a bug of its own.
            ServerPanicked = "server_panicked", OpenServer => [Mediamtx "panic: "];
            /// MediaMTX was killed: by the system for want of memory, or by a person.
            ServerKilled = "server_killed", OpenServer => [System "ended by signal 9"];
            /// MediaMTX ended by itself.
            ServerCrashed = "server_crashed", OpenServer => [Mediamtx "ERR "];
            /// MediaMTX runs and does not answer.
            ServerSilent = "server_silent", OpenServer => [Manager "the Control API does not answer"];
            /// MediaMTX runs and does not take our password any more.
            ServerLockedOut = "server_locked_out", OpenServer => [
                Manager "the Control API refused our password",
            ];
            /// Somebody else changed MediaMTX's settings while it ran.
            ServerTampered = "server_tampered", OpenServer => [
                Manager "the global configuration is not the one that it was started with",
            ];
            /// MediaMTX runs, and one of its listeners takes no connections any more.
            ServerDeaf = "server_deaf", OpenServer => [Manager "a listener refuses connections on loopback"];
            /// MediaMTX is not running, so the command can't be carried out.
            ServerDown = "server_down", OpenServer => [Manager "the Control API is not there within 15 s"];
            /// MediaMTX refused a change.
            ServerRefused = "server_refused", OpenServer => [Mediamtx "\"status\":\"error\""];
            /// MediaMTX has not taken yet who may watch and send a stream.
            AccessPending = "access_pending", OpenServer;
            /// A server's name that is empty or too long.
            ServerNameUnfit = "server_name_unfit";
            /// Another server has that name.
            ServerNameTaken = "server_name_taken";
            /// Another server that was added has that address: two writers would undo each other's changes there.
            ServerKnown = "server_known";
            /// Streams belong to the server that is to be removed.
            ServerInUse = "server_in_use";
            /// No address of a Control API, or of what streams are sent to.
            ServerAddressUnfit = "server_address_unfit";
            /// An added server: nobody knows its name.
            RemoteNameUnknown = "remote_name_unknown", OpenServer;
            /// An added server: the computer is there, and nobody listens at the port.
            RemoteRefused = "remote_refused", OpenServer;
            /// An added server: the attempt to connect is not answered.
            RemoteNoConnection = "remote_no_connection", OpenServer;
            /// An added server: no connection, for another reason.
            RemoteUnreachable = "remote_unreachable", OpenServer;
            /// An added server: connected, and then silence.
            RemoteSilent = "remote_silent", OpenServer;
            /// An added server: it hung up.
            RemoteHungUp = "remote_hung_up", OpenServer;
            /// An added server: `https` was asked, and it speaks without encryption.
            RemoteNotEncrypted = "remote_not_encrypted", OpenServer;
            /// An added server: `http` was asked, and it wants encryption.
            RemoteNeedsEncryption = "remote_needs_encryption", OpenServer;
            /// An added server: nobody whom the system believes has signed its certificate.
            RemoteCertificateUnknown = "remote_certificate_unknown", OpenServer;
            /// An added server: its certificate's time is over, or has not begun.
            RemoteCertificateExpired = "remote_certificate_expired", OpenServer;
            /// An added server: its certificate is for another name.
            RemoteCertificateName = "remote_certificate_name", OpenServer;
            /// An added server: its certificate is not the one that was agreed to.
            RemoteCertificateChanged = "remote_certificate_changed", OpenServer;
            /// An added server: its certificate is broken or made for something else.
            RemoteCertificateUnfit = "remote_certificate_unfit", OpenServer;
            /// An added server: what it answers is no HTTP, or nothing that is understood.
            RemoteNotHttp = "remote_not_http", OpenServer;
            /// An added server: it sends elsewhere.
            RemoteMoved = "remote_moved", OpenServer;
            /// An added server: a web page came.
            RemoteWebPage = "remote_web_page", OpenServer;
            /// An added server: a proxy can't reach it.
            RemoteGateway = "remote_gateway", OpenServer;
            /// An added server: it says that it is broken.
            RemoteBroken = "remote_broken", OpenServer;
            /// An added server: a MediaMTX, but not its Control API.
            RemoteNoApi = "remote_no_api", OpenServer;
            /// An added server: something else than a MediaMTX.
            RemoteNotMediamtx = "remote_not_mediamtx", OpenServer;
            /// An added server: it wants a user and a password.
            RemotePasswordMissing = "remote_password_missing", OpenServer;
            /// An added server: user or password are wrong.
            RemotePasswordWrong = "remote_password_wrong", OpenServer;
            /// An added server: a proxy forbids it.
            RemoteForbidden = "remote_forbidden", OpenServer;
            /// An added server: older than 1.9.
            RemoteTooOld = "remote_too_old", OpenServer;
            /// An added server: RTSP is off, so nothing can be sent to it.
            RemoteNoRtsp = "remote_no_rtsp", OpenServer;
            /// An added server: where streams are sent to, nobody answers as RTSP does.
            RemotePublishUnreachable = "remote_publish_unreachable", OpenServer;
            /// An added server: it does not take the publishing user or its password.
            RemotePublishLogin = "remote_publish_login", OpenServer;
            /// An added server, tested: whether it takes the publishing user could not be tried.
            RemotePublishUntried = "remote_publish_untried";
            /// An added server, tested: the publishing user may send to some paths alone.
            RemotePublishSome = "remote_publish_some";
            /// An added server has a path of the stream's name that somebody else made.
            PathForeign = "path_foreign", OpenSettings;
            /// On an added server somebody else sends to a path of the stream's name, which has no entry of its own.
            PathBusy = "path_busy", OpenSettings;
            /// Somebody else changed paths of ours on an added server.
            PathDrifted = "path_drifted", OpenServer;
            /// Somebody else changed the list of users of an added server.
            UsersDrifted = "users_drifted", OpenServer;
            /// No password can be asked for on this server: it wants them by RTSP's digest, and we keep none as text.
            AccessDigest = "access_digest";
            /// Who may watch can't be set on this server: the list of users is missing.
            AccessUnenforced = "access_unenforced";
            /// Who may watch can't be set on this server: its list of users lets everybody watch.
            AccessOpenAnyway = "access_open_anyway";
            /// Guest links for streams of this server: not possible.
            GuestElsewhere = "guest_elsewhere";
            /// A list of users that can't be read.
            UsersUnreadable = "users_unreadable";
            /// A list of users that would lock us out.
            UsersWithoutUs = "users_without_us";
            /// Viewers of this server may not be disconnected.
            KickUnwanted = "kick_unwanted";
            /// A shared folder that is not there or can't be written.
            FolderUnusable = "folder_unusable", OpenServer;
            /// A port of ours is taken by another program.
            PortTaken = "port_taken", UseAnotherPort => [
                Mediamtx "bind: address already in use",
                System "Address already in use",
            ];
            /// A port that only an administrator may use.
            PortDenied = "port_denied", UseAnotherPort => [
                Mediamtx "bind: permission denied",
                System "Permission denied",
            ];
            /// Port 0.
            PortInvalid = "port_invalid";
            /// Two listeners of a server with one port.
            PortTwice = "port_twice";
            /// A file that should be a `mediamtx.yml` and is none.
            ConfigUnreadable = "config_unreadable";
            /// Neither an address nor a name.
            HostInvalid = "host_invalid";
            /// A certificate or its key can't be read.
            CertificateUnreadable = "certificate_unreadable";
            /// A certificate or its key is not what it should be.
            CertificateBroken = "certificate_broken";
            /// A key that belongs to another certificate.
            CertificateKey = "certificate_key";
            /// A certificate whose time is over.
            CertificateExpired = "certificate_expired";
            /// The user's certificate is of no use, so the server encrypts with its own.
            CertificateStandIn = "certificate_stand_in";
            /// A certificate whose time is over soon.
            CertificateExpires = "certificate_expires";
            /// No port is free.
            NoFreePort = "no_free_port", Retry => [System "Address already in use"];
            /// The disk is full.
            DiskFull = "disk_full", Retry => [
                System "No space left on device",
                Ffmpeg "No space left on device",
            ];

            /// Another instance uses the data folder.
            DataDirInUse = "data_dir_in_use" => [Manager "the folder's lock is held by another process"];
            /// The data folder can't be written.
            DataDirDenied = "data_dir_denied" => [System "Not a directory", System "Permission denied"];
            /// The drive of the data folder does not answer.
            DataDirSilent = "data_dir_silent" => [Manager "the folder's drive does not answer in time"];
            /// The data folder is from a newer version.
            DataDirNewer = "data_dir_newer" => [Manager "a schema_version that is not known yet"];
            /// The configuration is broken, and so are its backups.
            DataDirBroken = "data_dir_broken" => [Manager "neither config.json nor a backup is JSON"];

            /// The request came under a foreign host name.
            ForeignHost = "foreign_host";
            /// The request came from a foreign web page.
            ForeignOrigin = "foreign_origin";
            /// The request came through a proxy, so its sender may be anywhere.
            Forwarded = "forwarded";
            /// The request's body is not JSON.
            NotJson = "not_json";
            /// The token is missing or wrong.
            Unauthorized = "unauthorized";
            /// Only loopback addresses may be listened on for now.
            NotLoopback = "not_loopback" => [Manager "an address that is not loopback after --listen"];
            /// The address can't be listened on.
            CannotListen = "cannot_listen" => [System "Address already in use"];

            /// Neither a desktop portal nor zenity is there to show a file dialog.
            NoDialog = "no_dialog";
            /// A file could not be saved.
            SaveFailed = "save_failed";
        }
    };
}
