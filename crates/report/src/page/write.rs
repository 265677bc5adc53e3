//! The report's files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::document::Report;

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
/// is replaced as a whole, the page last: a reader never sees half a file.
///
/// # Errors
///
/// When a directory cannot be created or a file cannot be written.
pub fn write(report: &Report, directory: &Path) -> Result<Written, ReportError> {
    let mut written = Written {
        index: directory.join("index.html"),
        markdown: directory.join("report.md"),
        figures: Vec::new(),
        data: Vec::new(),
    };
    let figures = directory.join("figures");
    create(&figures)?;
    for figure in report.figures() {
        let picture = figures.join(format!("{}.svg", figure.name));
        replace(&picture, &figure.svg())?;
        written.figures.push(picture);
        let data = figures.join(format!("{}.csv", figure.name));
        replace(&data, &figure.csv())?;
        written.data.push(data);
    }
    let tables = directory.join("tables");
    for table in report.tables().filter(|table| table.is_long()) {
        create(&tables)?;
        let data = tables.join(format!("{}.csv", table.name));
        replace(&data, &table.csv())?;
        written.data.push(data);
    }
    replace(&written.markdown, &report.markdown())?;
    replace(&written.index, &report.html())?;
    Ok(written)
}

fn create(directory: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(directory).map_err(|source| ReportError::CreateDirectory {
        path: directory.to_owned(),
        source,
    })
}

/// Writes a file beside its place and then moves it there.
fn replace(path: &Path, content: &str) -> Result<(), ReportError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let put = || {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    put().map_err(|source| {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
        ReportError::WriteFile {
            path: path.to_owned(),
            source,
        }
    })
}
