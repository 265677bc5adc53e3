//! The report of one sweep or of a whole reproduction: a document of
//! sentences, tables and figures, built once from the records and written as a
//! web page and as Markdown.
//!
//! [`Report::build`] turns numbers into words; [`Report::html`] and
//! [`Report::markdown`] only set them, so both say the same; [`write()`] puts
//! everything into a directory.

mod build;
mod document;
mod error;
mod html;
mod input;
mod markdown;
mod number;
mod reproduction;
mod sections;
mod single;
mod study;
mod words;
mod write;

pub use document::{Block, Entry, Report, Section, Table};
pub use error::ReportError;
pub use input::ReportInput;
pub use write::{Written, write};

#[cfg(test)]
mod tests;
