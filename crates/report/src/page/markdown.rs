//! The report as Markdown, with links to its figures and long tables.

use std::collections::BTreeSet;

use super::document::{Block, ColumnKind, Numbers, Report, Section, Table};
use crate::figure::{Figure, Span, Text, visible};

impl Report {
    /// The report with its figures as `figures/NAME.svg` and its long tables as `tables/NAME.csv`.
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
        visible(blocks.join("\n\n") + "\n")
    }
}

/// What the document needs while it is set.
struct Setting<'a> {
    numbers: Numbers,
    /// The anchors that some link of the report leads to.
    targets: BTreeSet<&'a str>,
}

impl Setting<'_> {
    /// The page's anchor, if a link leads there. The anchors that readers of Markdown make of
    /// headings differ from one reader to another.
    fn anchor(&self, id: &str) -> String {
        if self.targets.contains(id) {
            format!("<a id=\"{id}\"></a>")
        } else {
            String::new()
        }
    }

    fn section(&mut self, section: &Section, blocks: &mut Vec<String>) {
        let level = "#".repeat(usize::from(section.level));
        let anchor = self.anchor(&section.id);
        blocks.push(format!("{level} {anchor}{}", inline(&section.title)));
        for block in &section.blocks {
            let text = match block {
                Block::Paragraph(text) => inline(text),
                Block::List(items) => {
                    let items = items.iter().map(|item| format!("- {}", inline(item)));
                    items.collect::<Vec<_>>().join("\n")
                }
                Block::Code(code) => fenced(code),
                Block::Table(table) => set_table(table, &self.numbers.table()),
                Block::Figure(figure) => self.figure(figure),
                Block::Calculator(_) => continue,
            };
            blocks.push(text);
        }
    }

    fn figure(&mut self, figure: &Figure) -> String {
        let name = &figure.name;
        let number = self.numbers.figure();
        format!(
            "{}![{number}](figures/{name}.svg)\n**{number}** {} [Data (CSV)](figures/{name}.csv).",
            self.anchor(&format!("figure-{name}")),
            inline(&figure.caption)
        )
    }
}

/// Code between fences longer than any run of backticks in it.
fn fenced(code: &str) -> String {
    let runs = code.split(|character| character != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{code}\n{fence}")
}

fn set_table(table: &Table, number: &str) -> String {
    let caption = format!("**{number}** {}", inline(&table.caption));
    if table.is_long() {
        let (rows, name) = (table.rows.len(), &table.name);
        return format!("{caption} [{rows} rows (CSV)](tables/{name}.csv).");
    }
    let line = |fields: Vec<String>| format!("\n| {} |", fields.join(" | "));
    let rules = (0..table.columns.len()).map(|index| match table.kind(index) {
        ColumnKind::Numbers => "---:".to_owned(),
        ColumnKind::Words | ColumnKind::Prose => "---".to_owned(),
    });
    let headings = line(table.columns.iter().map(inline).collect());
    let rows = table.rows.iter();
    let rows = rows.map(|row| line(row.iter().map(|entry| inline(&entry.text)).collect()));
    let rows: String = rows.collect();
    format!("{caption}\n{headings}{}{rows}", line(rules.collect()))
}

/// Text on one line.
fn inline(text: &Text) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => escaped(text),
        Span::Sub(text) => format!("<sub>{}</sub>", escaped(text)),
        Span::Sup(text) => format!("<sup>{}</sup>", escaped(text)),
        // As HTML where a backtick or a bar would end the code early.
        Span::Code(text) if text.contains(['`', '|', '\n']) => {
            format!("<code>{}</code>", escaped(text))
        }
        Span::Code(text) => format!("`{text}`"),
        Span::Badge { text, .. } => format!("**{}**", escaped(text)),
        Span::Link { text, href } => format!("[{}]({href})", escaped(text)),
    };
    text.spans().iter().map(span).collect()
}

fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '&' => result.push_str("&amp;"),
            '\n' | '\r' => result.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' => result.extend(['\\', character]),
            other => result.push(other),
        }
    }
    result
}
