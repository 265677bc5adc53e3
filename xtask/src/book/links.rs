//! Whether every link of built pages leads somewhere, without a network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use html5gum::{Token, Tokenizer};
use percent_encoding::percent_decode_str;

use crate::command::Failure;
use crate::files::{self, entries};

/// Pages whose links are not checked: the one that a server shows in place of a missing one has links
/// relative to the server's root, and the one for printers repeats those of all others.
const UNCHECKED: [&str; 2] = ["404.html", "print.html"];

/// What one page has.
#[derive(Debug, Default)]
struct Page {
    /// What links may name after a `#`.
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

/// Checks the links of all pages of a folder; gives the number of pages and of links.
///
/// # Errors
/// If a link leads to a page, a file or an anchor that is not there: it names all of them.
pub(crate) fn check(folder: &Path) -> Result<[usize; 2], Failure> {
    let mut pages = BTreeMap::new();
    read_pages(folder, &mut pages)?;
    let mut count = 0;
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in page.links.iter().filter(|link| !leads_outside(link)) {
            count += 1;
            if !leads_somewhere(&pages, folder, path, link) {
                let path = path.strip_prefix(folder).unwrap_or(path);
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    if broken.is_empty() {
        return Ok([pages.len(), count]);
    }
    broken.dedup();
    let list = broken.join("\n");
    Err(Failure::new(format!("these links lead nowhere:\n{list}")))
}

/// Reads the pages of a folder and of those in it.
fn read_pages(folder: &Path, pages: &mut BTreeMap<PathBuf, Page>) -> Result<(), Failure> {
    for path in entries(folder) {
        if path.is_dir() {
            read_pages(&path, pages)?;
        } else if is_page(&path) && !UNCHECKED.contains(&files::name(&path).as_str()) {
            let page = page(&files::read_text(&path)?);
            pages.insert(path, page);
        }
    }
    Ok(())
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "html")
}

fn page(html: &str) -> Page {
    let mut page = Page::default();
    for Ok(token) in Tokenizer::new(html) {
        let Token::StartTag(tag) = token else {
            continue;
        };
        for (name, value) in &tag.attributes {
            let value = String::from_utf8_lossy(value).into_owned();
            match &name[..] {
                b"id" | b"name" => {
                    page.anchors.insert(value);
                }
                b"href" | b"src" => page.links.push(value),
                _ => {}
            }
        }
    }
    page
}

/// Whether a link has a scheme: `https://..`, `mailto:..`.
fn leads_outside(link: &str) -> bool {
    let scheme = link.split_once(':').map_or("", |(scheme, _)| scheme);
    !scheme.is_empty() && scheme.chars().all(|one| one.is_ascii_alphanumeric())
}

/// Whether a link on a page leads to a file of the folder and, where it names one, to an anchor.
fn leads_somewhere(
    pages: &BTreeMap<PathBuf, Page>,
    folder: &Path,
    from: &Path,
    link: &str,
) -> bool {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let file = decoded(file.split('?').next().unwrap_or_default());
    let mut path = match file.is_empty() {
        true => from.to_owned(),
        false => flat(&from.with_file_name(file)),
    };
    if path.is_dir() {
        path.push("index.html");
    }
    let has_anchor = |page: &Page| anchor.is_empty() || page.anchors.contains(&decoded(anchor));
    match pages.get(&path) {
        Some(page) => has_anchor(page),
        None => path.starts_with(folder) && path.is_file() && anchor.is_empty(),
    }
}

/// A path without `.` and `..`.
fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                flat.pop();
            }
            _ => flat.push(part),
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a folder whose first page has this link.
    fn check_link(link: &str) -> Result<[usize; 2], Failure> {
        let folder = tempfile::tempdir().map_err(Failure::file(Path::new("")))?;
        let path = |name: &str| folder.path().join(name);
        files::create_folder(&path("below"))?;
        files::write(&path("a.html"), format!("<p id=here><a href=\"{link}\">"))?;
        files::write(
            &path("below/b.html"),
            "<h2 id='x y'><a href=../a.html#here>",
        )?;
        files::write(&path("c.svg"), "")?;
        check(folder.path())
    }

    #[test]
    fn links_that_lead_somewhere() {
        for link in [
            "",
            "#here",
            "a.html",
            "below/b.html#x%20y",
            "./below/../a.html?q=1#here",
            "c.svg",
        ] {
            assert!(matches!(check_link(link), Ok([2, 2])), "{link}");
        }
        assert!(matches!(check_link("https://example.org/x"), Ok([2, 1])));
        assert!(matches!(check_link("mailto:a@example.org"), Ok([2, 1])));
    }

    #[test]
    fn links_that_lead_nowhere() {
        for link in [
            "#there",
            "d.html",
            "below/b.html#x",
            "below",
            "c.svg#here",
            "../a.html",
            "a.md",
        ] {
            assert!(check_link(link).is_err(), "{link}");
        }
    }
}
