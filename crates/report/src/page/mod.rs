//! The report of one store or of a whole reproduction, as a web page and as Markdown.
//!
//! [`Report::build`] turns analyses into a document of sentences, tables and figures;
//! [`Report::html`] and [`Report::markdown`] only set it, so both say the same; [`write()`] puts
//! everything into a directory. Nothing is computed here: every number is in the analysis.

mod curve;
mod document;
mod html;
mod markdown;
mod number;
mod reproduction;
mod scoreboard;
mod sections;
mod words;
mod write;

pub use crate::figure::is_hidden;
pub use document::Report;
pub use write::{ReportError, Written, replace_file, write};

#[cfg(test)]
mod tests;
