use std::fmt;

/// FFmpeg's version, as in the first line of `ffmpeg -version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `5` of 5.1.9; [`Version::GIT`] for a build from FFmpeg's git, which has no number.
    pub major: u32,
    /// `1` of 5.1.9.
    pub minor: u32,
    /// `9` of 5.1.9; 0 when it isn't given.
    pub patch: u32,
}

impl Version {
    /// The oldest version whose options are used here: `-timeout` on the RTSP output, `-stats_period`.
    pub const MINIMUM: Version = Version { major: 5, minor: 1, patch: 0 };

    /// The `major` of a build from git (`N-12345-gabc…`, `git-2024-…`): newer than every release.
    pub const GIT: u32 = u32::MAX;

    /// Reads the version from what `ffmpeg -version` or `ffprobe -version` prints; `None` when it isn't FFmpeg's.
    pub fn parse(banner: &str) -> Option<Version> {
        let line = banner.lines().find(|line| line.contains(" version "))?;
        let (program, rest) = line.trim().split_once(" version ")?;
        if !matches!(program, "ffmpeg" | "ffprobe" | "ffplay") {
            return None;
        }
        let word = rest.split_whitespace().next()?;
        let from_git = ["N-", "git-", "master"].iter().any(|start| word.starts_with(start));
        if from_git || word.contains("-git-") {
            return Some(Version { major: Self::GIT, minor: 0, patch: 0 });
        }
        // `n8.0` is how FFmpeg's own tags, and so many distributions, write it.
        let mut numbers = word
            .trim_start_matches(['n', 'v'])
            .split(|c: char| !c.is_ascii_digit())
            .map_while(|part| part.parse::<u32>().ok());
        let major = numbers.next()?;
        // A Debian revision (`5.1-2`) is no patch level.
        let dotted = word.split(['-', '+', '~']).next().unwrap_or_default().matches('.').count();
        let mut after_dot = numbers.take(dotted);
        Some(Version { major, minor: after_dot.next().unwrap_or(0), patch: after_dot.next().unwrap_or(0) })
    }

    /// Whether it is new enough, see [`Version::MINIMUM`].
    pub fn is_supported(self) -> bool {
        self >= Self::MINIMUM
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Version { major: Self::GIT, .. } => f.write_str("git"),
            Version { major, minor, patch: 0 } => write!(f, "{major}.{minor}"),
            Version { major, minor, patch } => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banners() {
        for (banner, shown, supported) in [
            ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers", "5.1.9", true),
            ("ffprobe version 5.1.9-0+deb12u1 Copyright (c) 2007-2026 the FFmpeg developers", "5.1.9", true),
            ("ffmpeg version 7.0.2-static https://johnvansickle.com/ffmpeg/  Copyright (c)", "7.0.2", true),
            ("ffmpeg version n8.0 Copyright (c) 2000-2025", "8.0", true),
            ("ffmpeg version n7.1.1-56-gc2184b65d2-20250622 Copyright", "7.1.1", true),
            ("ffmpeg version 8.0-full_build-www.gyan.dev Copyright", "8.0", true),
            ("ffmpeg version N-12345-gabcdef0123 Copyright", "git", true),
            ("ffmpeg version git-2020-01-01-abc Copyright", "git", true),
            ("ffmpeg version 2024-05-02-git-71669f2ad5-full_build-www.gyan.dev", "git", true),
            ("ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright", "4.4.2", false),
            ("ffmpeg version 5.0 Copyright", "5.0", false),
            ("ffmpeg version 5.1-2 Copyright", "5.1", true),
            ("warning: libx\nffmpeg version 6.1.1-3ubuntu5 Copyright", "6.1.1", true),
        ] {
            let version = Version::parse(banner).unwrap_or_else(|| panic!("{banner:?} has a version"));
            assert_eq!(
                (version.to_string().as_str(), version.is_supported()),
                (shown, supported),
                "{banner:?}"
            );
        }
        for other in
            ["", "GNU bash, version 5.2.15", "ffmpeg version", "ffmpeg version unknown", "avconv version 12"]
        {
            assert_eq!(Version::parse(other), None, "{other:?}");
        }
    }
}
