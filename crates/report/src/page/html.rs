//! The report as one web page without a network, fonts, or scripts other than those that sort
//! tables and unfold sections.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::document::{Block, ColumnKind, Numbers, Report, Section, Table};
use super::scoreboard::IN_SHORT;
use crate::figure::{Figure, STYLE_SHEET, Span, Text, visible};

/// Says of a page that it is ours.
pub(super) const GENERATOR: &str = "etastar report";

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(include_str!("page.js"), include_str!("calculator.js"));

impl Report {
    /// The page.
    pub fn html(&self) -> String {
        let mut numbers = Numbers::default();
        let first = usize::from(self.sections.first().is_some_and(|one| one.id == IN_SHORT));
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="generator" content=(GENERATOR);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title.flat()) }
                    style { (PreEscaped(STYLE)) (PreEscaped(STYLE_SHEET)) }
                }
                body {
                    main {
                        header {
                            h1 { (inline(&self.title)) }
                            @for paragraph in &self.lead {
                                p class="lead" { (inline(paragraph)) }
                            }
                        }
                        @for (index, section) in self.sections.iter().enumerate() {
                            // What came out is what a reader sees first.
                            @if index == first && !self.is_alone { (nav(&self.sections)) }
                            (set_section(section, &mut numbers, self.is_alone))
                        }
                    }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        visible(page.into_string())
    }
}

/// Links to all sections and, below each, to its subsections.
fn nav(sections: &[Section]) -> Markup {
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
        nav aria-label="Contents" {
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
}

fn set_section(section: &Section, numbers: &mut Numbers, is_alone: bool) -> Markup {
    let title = inline(&section.title);
    let heading = match section.level {
        0..=2 => html! { h2 { (title) } },
        3 => html! { h3 { (title) } },
        _ => html! { h4 { (title) } },
    };
    let blocks = html! { @for block in &section.blocks { (set_block(block, numbers, is_alone)) } };
    html! {
        section id=(section.id) {
            @if section.folded {
                details { summary { (heading) } (blocks) }
            } @else {
                (heading) (blocks)
            }
        }
    }
}

fn set_block(block: &Block, numbers: &mut Numbers, is_alone: bool) -> Markup {
    match block {
        Block::Paragraph(text) => html! { p { (inline(text)) } },
        Block::List(items) => html! {
            ul { @for item in items { li { (inline(item)) } } }
        },
        Block::Code(code) => html! { pre { code { (code) } } },
        Block::Table(table) => set_table(table, &numbers.table()),
        Block::Figure(figure) => set_figure(figure, &numbers.figure(), is_alone),
        Block::Calculator(formula) => set_calculator(formula),
    }
}

/// The form; a script computes what it says.
fn set_calculator(formula: &str) -> Markup {
    let field = |name: &str, label: &str, value: &str, most: Option<&str>, step: &str| {
        let least = if step == "1" { "1" } else { "0" };
        html! {
            label {
                (label) " "
                input type="number" name=(name) value=(value) min=(least) max=[most] step=(step)
                    required;
            }
        }
    };
    // As text of a script element, JSON must not close it.
    let formula = formula.replace('<', "\\u003c");
    html! {
        form class="calculator" {
            b { "η* by the published law (cross-entropy, 10 outputs)" }
            (field("width", "width", "512", None, "1"))
            (field("depth", "depth", "8", None, "1"))
            (field("inputRate", "input rate", "1", Some("1"), "any"))
            (field("inputs", "inputs", "784", None, "1"))
            output { "This needs a browser that runs scripts; " code { "etastar predict" } " gives the same number." }
            script type="application/json" { (PreEscaped(formula)) }
        }
    }
}

fn set_figure(figure: &Figure, number: &str, is_alone: bool) -> Markup {
    html! {
        figure id={ "figure-" (figure.name) } {
            div class={ "picture columns-" (figure.panels.len().min(3)) } {
                (PreEscaped(figure.inline_svg()))
            }
            figcaption {
                b { (number) } " " (inline(&figure.caption))
                @if !is_alone {
                    " " a href={ "figures/" (figure.name) ".csv" } { "Data (CSV)" } ", "
                    a href={ "figures/" (figure.name) ".svg" } { "picture (SVG)" } "."
                }
            }
        }
    }
}

fn set_table(table: &Table, number: &str) -> Markup {
    let caption = html! { b { (number) } " " (inline(&table.caption)) };
    html! {
        @if table.is_long() {
            details class="long" {
                summary class="caption" { (caption) " (" (table.rows.len()) " rows)" }
                p { a href={ "tables/" (table.name) ".csv" } { "Data (CSV)" } "." }
                (set_rows(table))
            }
        } @else {
            p class="caption" { (caption) }
            (set_rows(table))
        }
    }
}

fn set_rows(table: &Table) -> Markup {
    let is_sortable = table.is_sortable();
    let classes: Vec<Option<&str>> = (0..table.columns.len())
        .map(|index| match table.kind(index) {
            ColumnKind::Words => None,
            ColumnKind::Prose => Some("prose"),
            ColumnKind::Numbers => Some("number"),
        })
        .collect();
    html! {
        div class="table" {
            table class=[is_sortable.then_some("sortable")] {
                thead {
                    tr {
                        @for (heading, class) in table.columns.iter().zip(&classes) {
                            th scope="col" class=[class] {
                                @if is_sortable {
                                    button type="button" { (inline(heading)) }
                                } @else {
                                    (inline(heading))
                                }
                            }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (entry, class) in row.iter().zip(&classes) {
                                td class=[class] data-key=[entry.numbers.first()] {
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
