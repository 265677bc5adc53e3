//! The report as data: sections of paragraphs, tables and figures, in which numbers are already
//! written out.

use std::collections::BTreeSet;

use etastar_analysis::shortest;

use super::number;
use crate::figure::{Figure, Span, Text, to_csv};

/// Rows above which a table is a file of its own: Markdown only links to it, and the web page shows
/// it on demand.
const LONG: usize = 6;

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Title of the page.
    pub(crate) title: Text,
    /// What the page is about.
    pub(crate) lead: Vec<Text>,
    /// Sections, in order; subsections follow their section.
    pub(crate) sections: Vec<Section>,
    /// Whether the page is all there is: no files of figures and data lie beside it.
    pub(crate) is_alone: bool,
}

/// A section or subsection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Anchor, unique in the report.
    pub(crate) id: String,
    /// Heading.
    pub(crate) title: Text,
    /// 2 for a section, 3 for a subsection, 4 for a part of it.
    pub(crate) level: u8,
    /// Whether the web page shows only its heading until asked: for what is looked up rather than
    /// read. Paper and Markdown show all of it.
    pub(crate) folded: bool,
    /// Content, in order.
    pub(crate) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
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
    /// A form that predicts eta\* by this formula, as JSON; on the web page only.
    Calculator(String),
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    /// File name without extension, unique in the report, where the table is long.
    pub(crate) name: String,
    /// What the table holds.
    pub(crate) caption: Text,
    /// Headings.
    pub(crate) columns: Vec<Text>,
    /// Rows, each as long as `columns`.
    pub(crate) rows: Vec<Vec<Entry>>,
}

/// What the fields of a column hold, and so how they are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// A name: on one line.
    Words,
    /// Sentences: on several lines.
    Prose,
    /// Numbers: flush right, on one line.
    Numbers,
}

/// A field of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entry {
    /// What is read.
    pub(crate) text: Text,
    /// The numbers in it, at full precision: none, one, or one and both ends of its interval.
    /// Sorting goes by the first.
    pub(crate) numbers: Vec<f64>,
}

impl Section {
    /// An empty section.
    pub(super) fn new(level: u8, id: impl Into<String>, title: impl Into<Text>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
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

    /// Adds a list, unless it is empty.
    pub(super) fn list(&mut self, items: Vec<Text>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    /// Adds a table, which takes its name from the section.
    pub(super) fn table(&mut self, mut table: Table) {
        let tables = self.blocks.iter();
        let before = tables.filter(|block| matches!(block, Block::Table(_)));
        table.name = match before.count() {
            0 => self.id.clone(),
            count => format!("{}-table-{}", self.id, count + 1),
        };
        self.blocks.push(Block::Table(table));
    }

    pub(super) fn figure(&mut self, figure: Figure) {
        self.blocks.push(Block::Figure(Box::new(figure)));
    }

    pub(super) fn code(&mut self, code: &str) {
        self.blocks.push(Block::Code(code.to_owned()));
    }
}

impl Table {
    /// Whether the table is a file of its own.
    pub(super) fn is_long(&self) -> bool {
        self.rows.len() > LONG
    }

    /// What column `index` holds, by its entries.
    pub(super) fn kind(&self, index: usize) -> ColumnKind {
        let entries = || self.rows.iter().filter_map(|row| row.get(index));
        if entries().any(|entry| !entry.numbers.is_empty()) {
            ColumnKind::Numbers
        } else if entries().any(|entry| entry.text.flat().chars().count() > 40) {
            ColumnKind::Prose
        } else {
            ColumnKind::Words
        }
    }

    /// Whether sorting the rows is of use.
    pub(super) fn is_sortable(&self) -> bool {
        let has_prose = (0..self.columns.len()).any(|index| self.kind(index) == ColumnKind::Prose);
        self.rows.len() > 2 && !has_prose
    }

    /// The table as CSV. A column of numbers with intervals becomes three, with the ends under
    /// `HEADING low` and `HEADING high`. Numbers have all their digits; an entry without a number
    /// has its text, and a dash is an empty field.
    pub(crate) fn csv(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|index| {
                let numbers = self.rows.iter().filter_map(|row| row.get(index));
                numbers
                    .map(|entry| entry.numbers.len())
                    .max()
                    .unwrap_or(0)
                    .max(1)
            })
            .collect();
        let headings = self
            .columns
            .iter()
            .zip(&widths)
            .flat_map(|(heading, &width)| {
                let endings = ["", " low", " high"].into_iter().take(width);
                endings.map(|ending| format!("{}{ending}", heading.flat()))
            });
        let row = |row: &Vec<Entry>| -> Vec<String> {
            let fields = row.iter().zip(&widths).flat_map(|(entry, &width)| {
                // An open end of an interval is an empty field.
                let written = |&number: &f64| match number.is_finite() {
                    true => shortest(number),
                    false => String::new(),
                };
                let mut fields: Vec<String> = entry.numbers.iter().map(written).collect();
                if fields.is_empty() {
                    fields.push(entry.text.flat().trim_matches('–').to_owned());
                }
                fields.resize(width, String::new());
                fields
            });
            fields.collect()
        };
        to_csv(std::iter::once(headings.collect()).chain(self.rows.iter().map(row)))
    }
}

impl Entry {
    pub(super) fn text(text: impl Into<Text>) -> Self {
        Self {
            text: text.into(),
            numbers: Vec::new(),
        }
    }

    /// A number as written.
    pub(super) fn number(number: f64, written: &str) -> Self {
        Self {
            text: Text::markup(written),
            numbers: vec![number],
        }
    }

    pub(super) fn count(count: usize) -> Self {
        Self::number(count as f64, &number::count(count))
    }

    /// A number as `write` sets it, or a dash.
    pub(super) fn optional(number: Option<f64>, write: impl Fn(f64) -> String) -> Self {
        match number {
            Some(number) => Self::number(number, &write(number)),
            None => Self::text("–"),
        }
    }
}

/// Running numbers of figures and tables.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    figures: usize,
    tables: usize,
}

impl Numbers {
    /// `Figure 3.`
    pub(super) fn figure(&mut self) -> String {
        self.figures += 1;
        format!("Figure {}.", self.figures)
    }

    /// `Table 3.`
    pub(super) fn table(&mut self) -> String {
        self.tables += 1;
        format!("Table {}.", self.tables)
    }
}

impl Report {
    /// The first figure, as an SVG document of its own.
    pub fn first_figure(&self) -> Option<String> {
        self.figures().next().map(Figure::svg)
    }

    /// The figures, in order.
    pub(crate) fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure.as_ref()),
            _ => None,
        })
    }

    /// The tables, in order.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }

    /// The anchors that links within the report lead to.
    pub(super) fn targets(&self) -> BTreeSet<&str> {
        fn texts(block: &Block) -> Vec<&Text> {
            match block {
                Block::Paragraph(text) => vec![text],
                Block::List(items) => items.iter().collect(),
                Block::Table(table) => {
                    let entries = table.rows.iter().flatten();
                    entries.map(|entry| &entry.text).collect()
                }
                Block::Code(_) | Block::Figure(_) | Block::Calculator(_) => Vec::new(),
            }
        }
        let all = self.lead.iter().chain(self.blocks().flat_map(texts));
        let links = all.flat_map(Text::spans).filter_map(|span| match span {
            Span::Link { href, .. } => href.strip_prefix('#'),
            _ => None,
        });
        links.collect()
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }
}
