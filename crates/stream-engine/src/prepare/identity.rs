//! What a prepared file is called: by what it was made of and how.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    time::UNIX_EPOCH,
};

use ffmpeg_cli::prepare::Recipe;
use sha2::{Digest as _, Sha256};

/// Bytes that are read at the beginning, in the middle and at the end of a source.
const SAMPLE: u64 = 64 << 10;

/// The name of a prepared file, without its ending: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(String);

impl Key {
    /// None for what is no key.
    pub(super) fn of(text: &str) -> Option<Key> {
        let fits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Key(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Of what `recipe` makes of nothing.
    pub(super) fn of_nothing(recipe: &Recipe) -> Key {
        Key::from_digest(Sha256::new_with_prefix(recipe.name()))
    }

    /// Of what `recipe` makes of the file at `source`: of its size, the time when it was last changed, and samples of
    /// its content. Its path is not in it, so a file that was moved is known again. Reads little; blocks.
    ///
    /// # Errors
    /// When the source can't be read.
    pub(super) fn made(source: &Path, recipe: &Recipe) -> io::Result<Key> {
        let mut digest = Sha256::new_with_prefix(recipe.name());
        let mut file = File::open(source)?;
        let meta = file.metadata()?;
        let changed = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        digest.update(meta.len().to_le_bytes());
        digest.update(changed.unwrap_or_default().as_nanos().to_le_bytes());
        for at in [0, (meta.len() / 2).saturating_sub(SAMPLE / 2), meta.len().saturating_sub(SAMPLE)] {
            let mut sample = Vec::new();
            file.seek(SeekFrom::Start(at))?;
            (&mut file).take(SAMPLE).read_to_end(&mut sample)?;
            digest.update(sample);
        }
        Ok(Key::from_digest(digest))
    }

    fn from_digest(digest: Sha256) -> Key {
        let mut name = String::with_capacity(32);
        for byte in &digest.finalize()[..16] {
            // Writing into a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        Key(name)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        time::{Duration, SystemTime},
    };

    use super::*;

    #[test]
    fn a_change_of_source_or_recipe_is_another_file_and_a_move_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let recipe = Recipe::test_pattern();
        let key = |path: &Path| Key::made(path, &recipe).unwrap();
        let at = SystemTime::now() - Duration::from_secs(100);
        let write = |path: &Path, content: &[u8]| {
            fs::write(path, content).unwrap();
            File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
        };
        write(&a, b"some content");
        let first = key(&a);
        assert_eq!(Key::of(first.as_str()), Some(first.clone()));
        fs::rename(&a, &b).unwrap();
        assert_eq!(key(&b), first, "it only moved");
        write(&b, b"some_content");
        assert_ne!(key(&b), first, "other content of the same size and time");
        write(&b, b"some content");
        assert_eq!(key(&b), first);
        File::options().write(true).open(&b).unwrap().set_modified(SystemTime::now()).unwrap();
        assert_ne!(key(&b), first, "it was written since");
        assert_ne!(Key::of_nothing(&recipe), first);
        for no_key in ["", "../../etc/passwd", &"A".repeat(32), &"a".repeat(33)] {
            assert_eq!(Key::of(no_key), None, "{no_key}");
        }
    }
}
