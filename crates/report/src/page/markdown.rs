//! The report as Markdown, its figures linked.

use super::document::{Block, Report, Section, Table};
use super::html::Numbers;
use crate::figure::{Figure, Span, Text};

impl Report {
    /// The report with figures linked as `figures/NAME.svg`.
    pub fn markdown(&self) -> String {
        let mut numbers = Numbers::default();
        let mut blocks = vec![format!("# {}", inline(&self.title))];
        blocks.extend(self.lead.iter().map(inline));
        for section in &self.sections {
            set_section(section, &mut numbers, &mut blocks);
        }
        blocks.retain(|block| !block.is_empty());
        let mut document = blocks.join("\n\n");
        document.push('\n');
        document
    }
}

fn set_section(section: &Section, numbers: &mut Numbers, blocks: &mut Vec<String>) {
    let level = "#".repeat(usize::from(section.level));
    blocks.push(format!("{level} {}", inline(&section.title)));
    for block in &section.blocks {
        blocks.push(match block {
            Block::Paragraph(text) => inline(text),
            Block::List(items) => {
                let items: Vec<String> = items.iter().map(|i| format!("- {}", inline(i))).collect();
                items.join("\n")
            }
            Block::Code(code) => fenced(code),
            Block::Table(table) => set_table(table, &numbers.table()),
            Block::Figure(figure) => set_figure(figure, &numbers.figure()),
        });
    }
}

/// Code between fences longer than any run of backticks in it.
fn fenced(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}text\n{code}\n{fence}")
}

fn set_figure(figure: &Figure, number: &str) -> String {
    let name = &figure.name;
    format!(
        "![{number}](figures/{name}.svg)\n\n**{number}** {} [Data (CSV)](figures/{name}.csv).",
        inline(&figure.caption)
    )
}

fn set_table(table: &Table, number: &str) -> String {
    let headings: Vec<String> = table.columns.iter().map(|c| inline(&c.heading)).collect();
    let rules: Vec<&str> = table
        .columns
        .iter()
        .map(|column| if column.numeric { "---:" } else { "---" })
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
