//! The files of the repository, as the tests of its tidiness read them.

use std::fs;
use std::path::Path;

/// What is ours below the top folder: neither build results nor a `dev` on its data.
const FOLDERS: [&str; 10] = [
    ".cargo",
    ".ci",
    "benches",
    "docs",
    "fuzz/src",
    "fuzz/targets",
    "migrations",
    "scripts",
    "src",
    "tests",
];

/// Files at the top: those with one of these endings, and these names. `Cargo.lock` is cargo's.
const TOP_ENDINGS: [&str; 2] = [".md", ".toml"];
const TOP_NAMES: [&str; 3] = [".gitignore", "LICENSE", "README"];

/// A text file, by its path from the top with `/` between the parts.
pub(crate) struct TreeFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file, in the order of paths.
pub(crate) fn files() -> Vec<TreeFile> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for entry in fs::read_dir(top).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let ours = TOP_ENDINGS.iter().any(|ending| name.ends_with(ending))
            || TOP_NAMES.contains(&name.as_str());
        if ours {
            paths.push(name);
        }
    }
    for folder in FOLDERS {
        gather(top, folder, &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .filter_map(|path| Some(TreeFile { text: text_of(&top.join(&path))?, path }))
        .collect()
}

/// Those whose path begins and ends so.
pub(crate) fn files_of(beginning: &str, ending: &str) -> Vec<TreeFile> {
    let found: Vec<TreeFile> = files()
        .into_iter()
        .filter(|file| file.path.starts_with(beginning) && file.path.ends_with(ending))
        .collect();
    assert!(!found.is_empty(), "no file {beginning}…{ending}: what is checked has moved");
    found
}

impl TreeFile {
    /// Numbered lines without those that are only a comment.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The top-level module of a file under `src/`: `ledger` of `src/ledger/plan/mod.rs`.
    pub(crate) fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = below.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn gather(top: &Path, folder: &str, paths: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(top.join(folder)) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            gather(top, &path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// None for what is no text.
fn text_of(path: &Path) -> Option<String> {
    String::from_utf8(fs::read(path).unwrap()).ok()
}
