//! Standard output: the result and nothing else. Standard error: what a user should know besides.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::CliError;

/// Prints text.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    // What stores and files say moves no cursor of a terminal.
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    stdout.write_all(text.replace(is_control, "\u{fffd}").as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()?;
    Ok(())
}

/// Tells something on standard error. That nobody reads it changes no result.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A path as text: names of files need not be UTF-8.
pub(crate) fn lossy(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

/// Prints one JSON object.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    print(&serde_json::to_string_pretty(value)?)
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
