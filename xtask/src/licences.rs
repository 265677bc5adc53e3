//! The licences of what is linked into the program, with their texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::command::Failure;
use crate::files::{self, entries};
use crate::metadata::Package;
use crate::sbom::licence;

/// How the names of such files begin, in any case.
const BEGINNINGS: [&str; 5] = ["licen", "copying", "copyright", "notice", "unlicense"];

/// Names and licences of packages from registries, then every text once, with those it belongs to.
pub(crate) fn notices(packages: &[&Package]) -> Result<String, Failure> {
    let mut list = String::from("etastar is linked with these crates.\n\n");
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages.iter().filter(|one| one.source.is_some()) {
        let name = format!("{} {}", package.name, package.version);
        let licence = licence(package).unwrap_or_else(|| "see its text below".to_owned());
        let found = licence_files(package.folder());
        let remark = match found.is_empty() {
            true => " (its package has no text)",
            false => "",
        };
        let _ = writeln!(list, "{name}: {licence}{remark}");
        for file in found {
            let text = String::from_utf8_lossy(&files::read(&file)?).into_owned();
            texts.entry(plain(&text)).or_default().insert(name.clone());
        }
    }
    let mut texts: Vec<_> = texts.into_iter().map(|(text, of)| (of, text)).collect();
    texts.sort();
    for (of, text) in texts {
        let of: Vec<String> = of.into_iter().collect();
        let _ = write!(list, "\n{}\n{}\n\n{text}\n", "-".repeat(80), of.join(", "));
    }
    Ok(list)
}

/// The files with licences in a package's folder, and in folders of such a name.
fn licence_files(folder: &Path) -> Vec<PathBuf> {
    let is_licence = |path: &PathBuf| {
        let name = files::name(path).to_lowercase();
        let is_code = path.extension().is_some_and(|ending| ending == "rs");
        !is_code
            && BEGINNINGS
                .iter()
                .any(|beginning| name.starts_with(beginning))
    };
    let (folders, mut found): (Vec<PathBuf>, Vec<PathBuf>) = entries(folder)
        .into_iter()
        .filter(is_licence)
        .partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| entries(folder));
    found.extend(below.filter(|path| path.is_file()));
    found
}

/// A text without blanks at the ends of lines, so that copies of it are equal.
fn plain(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_text_are_equal() {
        assert_eq!(plain("\r\nMIT \r\n\r\n  text\r\n"), "MIT\n\n  text");
    }
}
