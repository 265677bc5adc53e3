//! Standard output: the result and nothing else. Standard error: what a user should know besides.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use etastar_report::page::{is_hidden, replace_file};
use serde::Serialize;

use crate::error::CliError;

/// Text in which nothing that stores and files say moves a cursor of a terminal or turns the writing
/// around.
pub(crate) fn printable(text: &str) -> String {
    text.replace(|c| is_hidden(c) && !matches!(c, '\n' | '\t'), "\u{fffd}")
}

/// Prints text.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    print_raw(&printable(text))
}

fn print_raw(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()?;
    Ok(())
}

/// Tells something on standard error. That nobody reads it changes no result.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// A path as text: names of files need not be UTF-8.
pub(crate) fn lossy(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

/// Writes a file that the user has named: as a whole or not at all, and never over a store. Into a
/// device or a pipe it is written as it comes.
pub(crate) fn write_file(path: &Path, content: impl AsRef<[u8]>) -> Result<(), CliError> {
    check_is_no_store(path)?;
    let written = match path.is_file() || !path.exists() {
        true => replace_file(path, content),
        false => std::fs::write(path, content),
    };
    written.map_err(CliError::write(path))
}

/// Refuses to write over a database: it could be the very store that was read, or another one.
fn check_is_no_store(path: &Path) -> Result<(), CliError> {
    const SQLITE: &[u8] = b"SQLite format 3\0";
    let mut head = [0; SQLITE.len()];
    let read = std::fs::metadata(path).and_then(|metadata| match metadata.is_file() {
        true => File::open(path)?.read_exact(&mut head),
        false => Ok(()),
    });
    let is_lock = path.extension().is_some_and(|ending| ending == "lock");
    if is_lock || read.is_ok() && head == SQLITE {
        return Err(CliError::Usage(format!(
            "{} is a store or belongs to one, and would be overwritten; choose another file",
            path.display()
        )));
    }
    Ok(())
}

/// Prints one JSON object.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    print_raw(&serde_json::to_string_pretty(value)?)
}

/// A table with a head, and aligned columns two blanks apart.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let head = [head.map(str::to_owned)];
    columns(&head.into_iter().chain(rows).collect::<Vec<_>>())
}

/// Rows of cells with aligned columns, two blanks apart.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let lengths = rows.iter().map(|row| row[column].chars().count());
            let width = lengths.max().unwrap_or(0);
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
