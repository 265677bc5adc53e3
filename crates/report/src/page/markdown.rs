//! The report as Markdown, its figures linked.

use std::collections::BTreeSet;

use super::document::{Block, ColumnKind, Report, Section, Table};
use super::html::Numbers;
use crate::figure::{Figure, Span, Text};

impl Report {
    /// The report with figures linked as `figures/NAME.svg`.
    pub fn markdown(&self) -> String {
        let mut setting = Setting {
            numbers: Numbers::default(),
            targets: self.targets(),
        };
        let mut blocks = vec![format!("# {}", inline(&self.title))];
        blocks.extend(self.lead.iter().map(inline));
        for section in &self.sections {
            setting.section(section, &mut blocks);
        }
        blocks.retain(|block| !block.is_empty());
        let mut document = blocks.join("\n\n");
        document.push('\n');
        document
    }
}

/// What setting the document keeps in mind.
struct Setting {
    numbers: Numbers,
    /// The anchors that some link of the report leads to.
    targets: BTreeSet<String>,
}

impl Setting {
    /// The anchor as the page has it, if a link leads there: what a heading
    /// is called in a link differs from one reader of Markdown to another.
    fn anchor(&self, id: &str) -> String {
        if self.targets.contains(id) {
            format!("<a id=\"{id}\"></a>\n\n")
        } else {
            String::new()
        }
    }

    fn section(&mut self, section: &Section, blocks: &mut Vec<String>) {
        let level = "#".repeat(usize::from(section.level));
        blocks.push(format!(
            "{}{level} {}",
            self.anchor(&section.id),
            inline(&section.title)
        ));
        for block in &section.blocks {
            blocks.push(match block {
                Block::Paragraph(text) => inline(text),
                Block::List(items) => {
                    let items: Vec<String> =
                        items.iter().map(|i| format!("- {}", inline(i))).collect();
                    items.join("\n")
                }
                Block::Code(code) => fenced(code),
                Block::Table(table) => set_table(table, &self.numbers.table()),
                Block::Figure(figure) => self.figure(figure),
            });
        }
    }

    fn figure(&mut self, figure: &Figure) -> String {
        let name = &figure.name;
        let number = self.numbers.figure();
        format!(
            "{}![{number}](figures/{name}.svg)\n\n**{number}** {} [Data (CSV)](figures/{name}.csv).",
            self.anchor(&format!("figure-{name}")),
            inline(&figure.caption)
        )
    }
}

/// Code between fences longer than any run of backticks in it.
fn fenced(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}text\n{code}\n{fence}")
}

fn set_table(table: &Table, number: &str) -> String {
    let headings: Vec<String> = table.columns.iter().map(|c| inline(&c.heading)).collect();
    let rules: Vec<&str> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            ColumnKind::Numbers => "---:",
            ColumnKind::Words | ColumnKind::Prose => "---",
        })
        .collect();
    let mut lines = vec![
        format!("**{number}** {}", inline(&table.caption)),
        String::new(),
        format!("| {} |", headings.join(" | ")),
        format!("| {} |", rules.join(" | ")),
    ];
    for row in &table.rows {
        let entries: Vec<String> = row.iter().map(|entry| inline(&entry.text)).collect();
        lines.push(format!("| {} |", entries.join(" | ")));
    }
    lines.join("\n")
}

/// Text on one line.
fn inline(text: &Text) -> String {
    text.spans()
        .iter()
        .map(|span| match span {
            Span::Plain(text) => escaped(text),
            Span::Sub(text) => format!("<sub>{}</sub>", escaped(text)),
            Span::Sup(text) => format!("<sup>{}</sup>", escaped(text)),
            Span::Code(text) => code(text),
            Span::Badge { text, .. } => format!("**{}**", escaped(text)),
            Span::Link { text, href } => format!("[{}]({href})", escaped(text)),
        })
        .collect()
}

/// Code, as HTML where a backtick or a bar would end it early.
fn code(text: &str) -> String {
    if text.contains(['`', '|', '\n']) {
        format!("<code>{}</code>", escaped(text))
    } else {
        format!("`{text}`")
    }
}

fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '&' => result.push_str("&amp;"),
            '\n' | '\r' => result.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' => {
                result.push('\\');
                result.push(character);
            }
            other => result.push(other),
        }
    }
    result
}
