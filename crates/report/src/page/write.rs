//! The report's files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::document::Report;
use super::html::GENERATOR;

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// There is nothing to report.
    #[error("no store is given: name at least one")]
    NoStore,
    /// The directory could not be made.
    #[error(
        "cannot create the directory {}: {source}. Choose a directory that can be written to",
        path.display()
    )]
    CreateDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The directory has other files than those of a report.
    #[error(
        "the directory {} has other files in it, such as {}. Choose a new directory for the report, \
         or that of an older report",
        path.display(), file.display()
    )]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// One of them.
        file: PathBuf,
    },
    /// A file could not be written.
    #[error(
        "cannot write {}: {source}. Check that its directory can be written to and that the disk \
         is not full, or choose another directory",
        path.display()
    )]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Where the files of a report are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The web page.
    pub index: PathBuf,
    /// The Markdown document.
    pub markdown: PathBuf,
    /// The figures, in order.
    pub figures: Vec<PathBuf>,
    /// The numbers behind each figure, in the same order, and then the long tables.
    pub data: Vec<PathBuf>,
}

/// Writes `index.html`, `report.md`, `figures/NAME.svg` and `figures/NAME.csv` for each figure, and
/// `tables/NAME.csv` for each long table into `directory`, which is created if need be. Each file
/// is replaced as a whole, the page last: a reader never sees half a file. Figures and tables that the
/// page of an older report links to are removed, and nothing else is.
///
/// # Errors
/// When a directory cannot be created, holds something else than a report, or a file cannot be
/// written.
pub fn write(report: &Report, directory: &Path) -> Result<Written, ReportError> {
    let mut written = Written {
        index: directory.join("index.html"),
        markdown: directory.join("report.md"),
        figures: Vec::new(),
        data: Vec::new(),
    };
    let page = older_page(directory)?;
    let [figures, tables] = ["figures", "tables"].map(|name| directory.join(name));
    for folder in [&figures, &tables] {
        if folder.is_symlink() {
            return Err(foreign(directory, folder));
        }
    }
    create(&figures)?;
    if page.is_none() {
        // From now on the directory is a report's, however this ends.
        replace(
            &written.index,
            &format!("<!-- {GENERATOR}: not finished -->\n"),
        )?;
    }
    for figure in report.figures() {
        let picture = figures.join(format!("{}.svg", figure.name));
        replace(&picture, &figure.svg())?;
        written.figures.push(picture);
        let data = figures.join(format!("{}.csv", figure.name));
        replace(&data, &figure.csv())?;
        written.data.push(data);
    }
    for table in report.tables().filter(|table| table.is_long()) {
        create(&tables)?;
        let data = tables.join(format!("{}.csv", table.name));
        replace(&data, &table.csv())?;
        written.data.push(data);
    }
    replace(&written.markdown, &report.markdown())?;
    replace(&written.index, &report.html())?;
    let page = page.unwrap_or_default();
    for (folder, name) in [(figures, "figures"), (tables, "tables")] {
        for path in files_in(&folder) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let is_ours = page.contains(&format!("{name}/{stem}.csv"))
                && path
                    .extension()
                    .is_some_and(|kind| kind == "svg" || kind == "csv");
            if is_ours && !written.figures.contains(&path) && !written.data.contains(&path) {
                // What stays behind is not linked to.
                let _ = fs::remove_file(path);
            }
        }
    }
    Ok(written)
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn foreign(directory: &Path, file: &Path) -> ReportError {
    ReportError::ForeignDirectory {
        path: directory.to_owned(),
        file: file.to_owned(),
    }
}

/// The page of the report that is in the directory, if there is one. A directory that has other files
/// and no page of ours is refused.
fn older_page(directory: &Path) -> Result<Option<String>, ReportError> {
    let page = directory.join("index.html");
    match fs::read(&page) {
        Ok(text) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            let head: String = text.chars().take(1000).collect();
            match head.contains(GENERATOR) {
                true => Ok(Some(text)),
                false => Err(foreign(directory, &page)),
            }
        }
        Err(_) => match files_in(directory).first() {
            Some(file) => Err(foreign(directory, file)),
            None => Ok(None),
        },
    }
}

fn create(directory: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(directory).map_err(|source| ReportError::CreateDirectory {
        path: directory.to_owned(),
        source,
    })
}

fn replace(path: &Path, content: &str) -> Result<(), ReportError> {
    replace_file(path, content).map_err(|source| ReportError::WriteFile {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file beside its place and then moves it there: readers find the old content or the new
/// one, and a link that somebody put in its way is not followed.
///
/// # Errors
/// If the folder or the disk does not allow it.
pub fn replace_file(path: &Path, content: impl AsRef<[u8]>) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    // Left by a process of that number that was killed, or by somebody else: never written to.
    let _ = fs::remove_file(&temporary);
    let put = || {
        let mut file = fs::File::create_new(&temporary)?;
        file.write_all(content.as_ref())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    put().inspect_err(|_| {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    })
}
