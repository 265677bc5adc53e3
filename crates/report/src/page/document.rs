//! The report as data: numbers are already written out.

use std::collections::BTreeSet;

use crate::figure::{Figure, Span, Text};

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Title of the page.
    pub title: Text,
    /// What the page is about.
    pub lead: Vec<Text>,
    /// Sections, in order; subsections follow their section.
    pub sections: Vec<Section>,
}

/// A section or subsection.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Anchor, unique in the report.
    pub id: String,
    /// Heading.
    pub title: Text,
    /// 2 for a section, 3 for a subsection, 4 for a part of it.
    pub level: u8,
    /// Whether the web page shows only its heading until asked: for what is
    /// looked up rather than read. Paper and Markdown show all of it.
    pub folded: bool,
    /// Content, in order.
    pub blocks: Vec<Block>,
}

impl Section {
    /// An empty section.
    pub(super) fn new(level: u8, id: impl Into<String>, title: Text) -> Self {
        Self {
            id: id.into(),
            title,
            level,
            folded: false,
            blocks: Vec::new(),
        }
    }

    /// The same section, folded.
    pub(super) fn folded(mut self) -> Self {
        self.folded = true;
        self
    }

    pub(super) fn paragraph(&mut self, text: impl Into<Text>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    pub(super) fn list(&mut self, items: Vec<Text>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    pub(super) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    pub(super) fn figure(&mut self, figure: Figure) {
        self.blocks.push(Block::Figure(Box::new(figure)));
    }

    pub(super) fn code(&mut self, code: &str) {
        self.blocks.push(Block::Code(code.to_owned()));
    }
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Text),
    /// An unordered list.
    List(Vec<Text>),
    /// Literal text on lines of its own.
    Code(String),
    /// A table.
    Table(Table),
    /// A figure.
    Figure(Box<Figure>),
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What the table holds.
    pub caption: Text,
    /// Headings.
    pub columns: Vec<Column>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Entry>>,
    /// Whether a click on a heading sorts the rows of the web page.
    pub sortable: bool,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Heading.
    pub heading: Text,
    /// What its fields hold.
    pub kind: ColumnKind,
}

/// What the fields of a column hold, and so how they are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A name: on one line.
    Words,
    /// Sentences: on several lines.
    Prose,
    /// Numbers: flush right, on one line.
    Numbers,
}

impl Column {
    pub(super) fn words(heading: &str) -> Self {
        Self {
            heading: Text::markup(heading),
            kind: ColumnKind::Words,
        }
    }

    pub(super) fn prose(heading: &str) -> Self {
        Self {
            heading: Text::markup(heading),
            kind: ColumnKind::Prose,
        }
    }

    pub(super) fn numbers(heading: &str) -> Self {
        Self {
            heading: Text::markup(heading),
            kind: ColumnKind::Numbers,
        }
    }
}

/// A field of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What is read.
    pub text: Text,
    /// What sorting goes by, where that is a number.
    pub key: Option<f64>,
}

impl Entry {
    pub(super) fn text(text: impl Into<Text>) -> Self {
        Self {
            text: text.into(),
            key: None,
        }
    }

    /// A number as written.
    pub(super) fn number(key: f64, written: &str) -> Self {
        Self {
            text: Text::markup(written),
            key: Some(key),
        }
    }

    pub(super) fn count(count: usize) -> Self {
        Self::number(count as f64, &super::number::count(count))
    }

    /// A number as `write` sets it, or a dash.
    pub(super) fn optional(number: Option<f64>, write: impl Fn(f64) -> String) -> Self {
        match number {
            Some(number) => Self::number(number, &write(number)),
            None => Self::text("–"),
        }
    }
}

impl Report {
    /// The figures, in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure.as_ref()),
            _ => None,
        })
    }

    /// The tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }

    /// The anchors that links within the report lead to.
    pub(super) fn targets(&self) -> BTreeSet<String> {
        let mut targets = BTreeSet::new();
        let mut note = |text: &Text| {
            for span in text.spans() {
                if let Span::Link { href, .. } = span
                    && let Some(id) = href.strip_prefix('#')
                {
                    targets.insert(id.to_owned());
                }
            }
        };
        self.lead.iter().for_each(&mut note);
        for block in self.blocks() {
            match block {
                Block::Paragraph(text) => note(text),
                Block::List(items) => items.iter().for_each(&mut note),
                Block::Table(table) => {
                    let entries = table.rows.iter().flatten();
                    entries.for_each(|entry| note(&entry.text));
                }
                Block::Code(_) | Block::Figure(_) => {}
            }
        }
        targets
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }
}
