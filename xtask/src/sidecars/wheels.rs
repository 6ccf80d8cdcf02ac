//! The PyPI package imageio-ffmpeg brings static builds of FFmpeg for every system: 0.4.9 has 4.2.2, 0.6.0 has 7.0.2,
//! 0.8.1 has 9.0.2 and some commits. None holds ffprobe.

/// A wheel of imageio-ffmpeg: a zip file with FFmpeg in `imageio_ffmpeg/binaries/`.
pub(super) struct Wheel {
    /// Of FFmpeg.
    pub(super) version: &'static str,
    /// Operating system and processor, in the words of MediaMTX's releases.
    pub(super) platform: (&'static str, &'static str),
    /// Where PyPI keeps it, below `packages/`.
    pub(super) folder: &'static str,
    /// Its file name.
    pub(super) name: &'static str,
    /// Its SHA-256, as PyPI lists it.
    pub(super) sum: &'static str,
}

/// Every wheel that is fetched, each for one version and platform.
pub(super) const WHEELS: &[Wheel] = &[
    Wheel {
        version: "4.2.2",
        platform: ("darwin", "amd64"),
        folder: "dc/95/9470ac4c10eb4265ba6eef2717b4758daec3ca0d5877eb40e9a5a3933bac",
        name: "imageio_ffmpeg-0.4.9-py3-none-macosx_10_9_intel.macosx_10_9_x86_64.macosx_10_10_intel.macosx_10_10_x86_64.whl",
        sum: "24095e882a126a0d217197b86265f821b4bb3cf9004104f67c1384a2b4b49168",
    },
    Wheel {
        version: "4.2.2",
        platform: ("linux", "amd64"),
        folder: "1a/98/3df1d8dd8f2c121b6c588b1e0d604f36592d56df9c41fb155ed546c6a5ed",
        name: "imageio_ffmpeg-0.4.9-py3-none-manylinux2010_x86_64.whl",
        sum: "2996c64af3e5489227096580269317719ea1a8121d207f2e28d6c24ebc4a253e",
    },
    Wheel {
        version: "4.2.2",
        platform: ("linux", "arm64"),
        folder: "95/ed/f39ca78db7230175a99a22799af2d589105227f5f5f52b65160492c6573f",
        name: "imageio_ffmpeg-0.4.9-py3-none-manylinux2014_aarch64.whl",
        sum: "7eead662d2f46d748c0ab446b68f423eb63d2b54d0a8ef96f80607245540866d",
    },
    Wheel {
        version: "4.2.2",
        platform: ("windows", "amd64"),
        folder: "c6/01/716106099e48c4f419876d5814679a94dd7d6f441217c97c1b608123c6bb",
        name: "imageio_ffmpeg-0.4.9-py3-none-win_amd64.whl",
        sum: "7e900c695c6541b1cb17feb1baacd4009b30a53a45b81c23d53a67ab13ffb766",
    },
    Wheel {
        version: "7.0.2",
        platform: ("darwin", "amd64"),
        folder: "da/58/87ef68ac83f4c7690961bce288fd8e382bc5f1513860fc7f90a9c1c1c6bf",
        name: "imageio_ffmpeg-0.6.0-py3-none-macosx_10_9_intel.macosx_10_9_x86_64.whl",
        sum: "9d2baaf867088508d4a3458e61eeb30e945c4ad8016025545f66c4b5aaef0a61",
    },
    Wheel {
        version: "7.0.2",
        platform: ("linux", "arm64"),
        folder: "33/e7/1925bfbc563c39c1d2e82501d8372734a5c725e53ac3b31b4c2d081e895b",
        name: "imageio_ffmpeg-0.6.0-py3-none-manylinux2014_aarch64.whl",
        sum: "1d47bebd83d2c5fc770720d211855f208af8a596c82d17730aa51e815cdee6dc",
    },
    Wheel {
        version: "7.0.2",
        platform: ("windows", "amd64"),
        folder: "2c/c6/fa760e12a2483469e2bf5058c5faff664acf66cadb4df2ad6205b016a73d",
        name: "imageio_ffmpeg-0.6.0-py3-none-win_amd64.whl",
        sum: "02fa47c83703c37df6bfe4896aab339013f62bf02c5ebf2dce6da56af04ffc0a",
    },
    Wheel {
        version: "7.0.2",
        platform: ("darwin", "arm64"),
        folder: "40/5c/f3d8a657d362cc93b81aab8feda487317da5b5d31c0e1fdfd5e986e55d17",
        name: "imageio_ffmpeg-0.6.0-py3-none-macosx_11_0_arm64.whl",
        sum: "b1ae3173414b5fc5f538a726c4e48ea97edc0d2cdc11f103afee655c463fa742",
    },
    Wheel {
        version: "7.0.2",
        platform: ("linux", "amd64"),
        folder: "a0/2d/43c8522a2038e9d0e7dbdf3a61195ecc31ca576fb1527a528c877e87d973",
        name: "imageio_ffmpeg-0.6.0-py3-none-manylinux2014_x86_64.whl",
        sum: "c7e46fcec401dd990405049d2e2f475e2b397779df2519b544b8aab515195282",
    },
    Wheel {
        version: "9.0.2",
        platform: ("darwin", "amd64"),
        folder: "da/24/2c3a7c69453bfb8374ddbbb5007346bad4a4247bc86882f3521cd615f929",
        name: "imageio_ffmpeg-0.8.1-py3-none-macosx_10_13_x86_64.whl",
        sum: "9538a10e598257263b5de1a1c1b86e7603417bc219245b1e279b452e5e48cc20",
    },
    Wheel {
        version: "9.0.2",
        platform: ("darwin", "arm64"),
        folder: "2b/47/9f9b654f853598bae0850fa22bba168103e45d31b5a2a893ed474f28d54a",
        name: "imageio_ffmpeg-0.8.1-py3-none-macosx_12_0_arm64.whl",
        sum: "5636d691e36e5274b13fe38182b1f627b2e35dcecc63944012c2470f9484fc45",
    },
    Wheel {
        version: "9.0.2",
        platform: ("linux", "arm64"),
        folder: "53/02/e139e53a71f33f728cb2ce6c1124edc29e4c008427923f01a4d37f9a1867",
        name: "imageio_ffmpeg-0.8.1-py3-none-manylinux_2_28_aarch64.whl",
        sum: "fad3176f859b25869e60a8ed79957d4e3ed74a97a95e5f0cdcb91455f6c6d00e",
    },
    Wheel {
        version: "9.0.2",
        platform: ("linux", "amd64"),
        folder: "de/0f/49292fbef69ee10ebcf97bb741602521caafcc6966d5fa1a2b868cc15655",
        name: "imageio_ffmpeg-0.8.1-py3-none-manylinux_2_28_x86_64.whl",
        sum: "050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda",
    },
    Wheel {
        version: "9.0.2",
        platform: ("windows", "amd64"),
        folder: "82/0c/a1d49f3dd2688bd750b4986f8e271ad11f8e729a896070ea25f587b44da8",
        name: "imageio_ffmpeg-0.8.1-py3-none-win_amd64.whl",
        sum: "f27ca4cb85e2d4946deedbce1a81245dfd942a2bcf94b53676fb3956aa95bf1b",
    },
];
