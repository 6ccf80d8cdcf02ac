//! "Nothing changed since": a fingerprint over the content of files, in the order of their names.

use std::path::{Path, PathBuf};

use anyhow::Result;
use fs_err as fs;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The fingerprint of every file at or below `paths`, by name and content.
pub(crate) fn of_files(root: &Path, paths: &[&str]) -> Result<String> {
    let mut hash = Sha256::new();
    for path in paths {
        for file in files_below(&root.join(path))? {
            let content = fs::read(&file)?;
            hash.update(file.strip_prefix(root).unwrap_or(&file).to_string_lossy().as_bytes());
            hash.update(content.len().to_le_bytes());
            hash.update(content);
        }
    }
    Ok(hex(&hash.finalize()))
}

/// Every file at or below `path`, sorted; none where there is nothing.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            files.extend(files_below(&entry?.path())?);
        }
    }
    files.sort();
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_is_the_known_one() {
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_fingerprint_follows_names_and_content() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let print = || of_files(folder.path(), &["a", "absent"]);
        fs::create_dir(folder.path().join("a"))?;
        fs::write(folder.path().join("a/x"), "1")?;
        let first = print()?;
        assert_eq!(print()?, first, "the same files have the same fingerprint");
        fs::write(folder.path().join("a/x"), "2")?;
        let second = print()?;
        assert_ne!(second, first, "other content");
        fs::rename(folder.path().join("a/x"), folder.path().join("a/y"))?;
        assert_ne!(print()?, second, "another name");
        Ok(())
    }
}
