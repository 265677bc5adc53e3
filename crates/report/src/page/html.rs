//! The report as one web page that needs nothing else: no network, no
//! fonts, no script but the sorting of tables.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::document::{Block, Report, Section, Table};
use crate::figure::{Figure, Span, Text, stylesheet};

const STYLE: &str = include_str!("page.css");
const SORT: &str = include_str!("sort.js");

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
                            ul {
                                @for section in &self.sections {
                                    li class={ "level-" (section.level) } {
                                        a href={ "#" (section.id) } { (inline(&section.title)) }
                                    }
                                }
                            }
                        }
                        @for section in &body { (section) }
                    }
                    script { (PreEscaped(SORT)) }
                }
            }
        }
        .into_string()
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
    html! {
        section id=(section.id) {
            @if section.level <= 2 {
                h2 { (inline(&section.title)) }
            } @else {
                h3 { (inline(&section.title)) }
            }
            @for block in &blocks { (block) }
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
    let class = |numeric: bool| numeric.then_some("number");
    html! {
        p class="caption" { b { (number) } " " (inline(&table.caption)) }
        div class="table" {
            table class=[table.sortable.then_some("sortable")] {
                thead {
                    tr {
                        @for column in &table.columns {
                            th scope="col" class=[class(column.numeric)] {
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
                                td class=[class(column.numeric)] data-key=[entry.key] {
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
                Span::Link { text, href } => a href=(href) { (text) },
            }
        }
    }
}
