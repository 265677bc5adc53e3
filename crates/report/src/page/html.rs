//! The report as one web page that needs nothing else: no network, no
//! fonts, no script but for the sorting of tables and the unfolding of
//! sections.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::document::{Block, ColumnKind, Report, Section, Table};
use crate::figure::{Figure, Span, Text, stylesheet};

const STYLE: &str = include_str!("page.css");
const SORT: &str = include_str!("sort.js");
const UNFOLD: &str = include_str!("unfold.js");

impl Report {
    /// The page.
    pub fn html(&self) -> String {
        let mut numbers = Numbers::default();
        let body: Vec<Markup> = self
            .sections
            .iter()
            .map(|section| set_section(section, &mut numbers))
            .collect();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title.flat()) }
                    style { (PreEscaped(STYLE)) (PreEscaped(stylesheet())) }
                }
                body {
                    main {
                        header {
                            h1 { (inline(&self.title)) }
                            @for paragraph in &self.lead {
                                p class="lead" { (inline(paragraph)) }
                            }
                        }
                        nav aria-label="Contents" {
                            (contents(&self.sections))
                        }
                        @for section in &body { (section) }
                    }
                    script { (PreEscaped(SORT)) (PreEscaped(UNFOLD)) }
                }
            }
        }
        .into_string()
    }
}

/// Links to all sections and, below each, to its subsections.
fn contents(sections: &[Section]) -> Markup {
    let mut groups: Vec<(&Section, Vec<&Section>)> = Vec::new();
    for section in sections.iter().filter(|section| section.level <= 3) {
        match groups.last_mut() {
            Some((_, below)) if section.level == 3 => below.push(section),
            _ => groups.push((section, Vec::new())),
        }
    }
    let link = |section: &Section| {
        html! { a href={ "#" (section.id) } { (inline(&section.title)) } }
    };
    html! {
        ul {
            @for (section, below) in &groups {
                li {
                    (link(section))
                    @if !below.is_empty() {
                        ul { @for section in below { li { (link(section)) } } }
                    }
                }
            }
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

fn set_section(section: &Section, numbers: &mut Numbers) -> Markup {
    let blocks: Vec<Markup> = section
        .blocks
        .iter()
        .map(|block| set_block(block, numbers))
        .collect();
    let title = inline(&section.title);
    let heading = match section.level {
        0..=2 => html! { h2 { (title) } },
        3 => html! { h3 { (title) } },
        _ => html! { h4 { (title) } },
    };
    html! {
        section id=(section.id) {
            @if section.folded {
                details {
                    summary { (heading) }
                    @for block in &blocks { (block) }
                }
            } @else {
                (heading)
                @for block in &blocks { (block) }
            }
        }
    }
}

fn set_block(block: &Block, numbers: &mut Numbers) -> Markup {
    match block {
        Block::Paragraph(text) => html! { p { (inline(text)) } },
        Block::List(items) => html! {
            ul { @for item in items { li { (inline(item)) } } }
        },
        Block::Code(code) => html! { pre { code { (code) } } },
        Block::Table(table) => set_table(table, &numbers.table()),
        Block::Figure(figure) => set_figure(figure, &numbers.figure()),
    }
}

fn set_figure(figure: &Figure, number: &str) -> Markup {
    html! {
        figure id={ "figure-" (figure.name) } {
            div class={ "picture columns-" (figure.panels.len().min(3)) } {
                (PreEscaped(figure.inline_svg()))
            }
            figcaption {
                b { (number) } " " (inline(&figure.caption)) " "
                a href={ "figures/" (figure.name) ".csv" } { "Data (CSV)" } ", "
                a href={ "figures/" (figure.name) ".svg" } { "picture (SVG)" } "."
            }
        }
    }
}

fn set_table(table: &Table, number: &str) -> Markup {
    let class = |kind: ColumnKind| match kind {
        ColumnKind::Words => None,
        ColumnKind::Prose => Some("prose"),
        ColumnKind::Numbers => Some("number"),
    };
    html! {
        p class="caption" { b { (number) } " " (inline(&table.caption)) }
        div class="table" {
            table class=[table.sortable.then_some("sortable")] {
                thead {
                    tr {
                        @for column in &table.columns {
                            th scope="col" class=[class(column.kind)] {
                                @if table.sortable {
                                    button type="button" { (inline(&column.heading)) }
                                } @else {
                                    (inline(&column.heading))
                                }
                            }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (entry, column) in row.iter().zip(&table.columns) {
                                td class=[class(column.kind)] data-key=[entry.key] {
                                    (inline(&entry.text))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn inline(text: &Text) -> Markup {
    html! {
        @for span in text.spans() {
            @match span {
                Span::Plain(text) => (text),
                Span::Sub(text) => sub { (text) },
                Span::Sup(text) => sup { (text) },
                Span::Code(text) => code { (text) },
                Span::Badge { text, tone } => b class={ "badge " (tone.class()) } { (text) },
                Span::Link { text, href } => a href=(href) { (text) },
            }
        }
    }
}
