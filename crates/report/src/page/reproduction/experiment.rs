//! One experiment of the page.

use super::effect::{badge, told};
use super::place::{first_figure, place};
use super::views::{Shown, labelled, sections_of};
use crate::analysis::{Analysis, Criterion, Finding, View};
use crate::figure::Text;
use crate::fit::plain_name;
use crate::page::ReportInput;
use crate::page::document::Section;
use crate::page::number::{count, counted, percent, setting};
use crate::page::sections;
use crate::page::single::measurements;
use crate::page::study::{Measured, Study, ascending, provenance, total, unique_id};
use crate::page::words::sentence;

/// An experiment with its sections.
pub(super) struct Experiment<'a, 'b> {
    /// Anchor of its section.
    pub(super) id: String,
    pub(super) input: &'b ReportInput<'a>,
    pub(super) sections: Vec<Section>,
    figures: Vec<Pictured>,
}

/// The view a section belongs to, and the series it is about.
type Kind = (Option<View>, Option<String>);

/// The first figure of a section.
struct Pictured {
    view: View,
    label: Option<String>,
    figure: String,
}

impl<'a, 'b> Experiment<'a, 'b> {
    pub(super) fn of(
        input: &'b ReportInput<'a>,
        studies: &[Study<'a>],
        taken: impl Fn(&str) -> bool,
    ) -> Self {
        let id = unique_id(&input.snapshot.manifest.experiment, taken);
        let mut shown: Vec<(Option<View>, Shown)> = Vec::new();
        match input.analysis {
            Some(analysis) => {
                for &view in &analysis.show {
                    let sections = sections_of(view, input, studies).into_iter();
                    shown.extend(sections.map(|section| (Some(view), section)));
                }
                let details = details(analysis, input, studies).into_iter();
                shown.extend(details.map(|section| (None, section)));
            }
            None => {
                let all = measurements(input, studies).into_iter();
                shown.extend(all.map(|mut section| {
                    section.level += 1;
                    let label = None;
                    (None, Shown { label, section })
                }));
            }
        }
        let (views, mut below): (Vec<Kind>, Vec<Section>) = shown
            .into_iter()
            .map(|(view, shown)| ((view, shown.label), shown.section))
            .unzip();
        place(&mut below, &id);
        let figures = views
            .into_iter()
            .zip(&below)
            .filter_map(|((view, label), section)| {
                Some(Pictured {
                    view: view?,
                    label,
                    figure: first_figure(section)?.to_owned(),
                })
            })
            .collect();
        let mut sections = vec![head(&id, input, studies)];
        sections.extend(below);
        Self {
            id,
            input,
            sections,
            figures,
        }
    }

    pub(super) fn name(&self) -> String {
        self.input.snapshot.manifest.experiment.clone()
    }

    /// The figure that shows what a finding is about: of the first view that
    /// its statistic belongs to and that is shown, the one of its dataset.
    pub(super) fn figure_of(&self, finding: &Finding) -> Option<&str> {
        let mut criteria = self.input.analysis?.criteria.iter();
        let criterion = criteria.find(|criterion| is_of(finding, criterion))?;
        let mut views = criterion.statistic.views().iter();
        views.find_map(|view| {
            let own = || self.figures.iter().filter(|one| one.view == *view);
            let labelled = |same: &dyn Fn(&str) -> bool| {
                own().find(|one| one.label.as_deref().is_some_and(same))
            };
            labelled(&|label| label == finding.dataset)
                .or_else(|| labelled(&|label| dataset_of(label) == dataset_of(&finding.dataset)))
                .or_else(|| own().find(|one| one.label.is_none()))
                .map(|one| one.figure.as_str())
        })
    }
}

/// The dataset that a label is about: what precedes brackets or a comma.
fn dataset_of(label: &str) -> String {
    let name = label.split([',', '(']).next().unwrap_or_default();
    plain_name(name)
}

fn is_of(finding: &Finding, criterion: &Criterion) -> bool {
    finding.claim == criterion.claim
        && finding.says == criterion.says
        && finding.statistic == criterion.statistic.words()
        && finding.rule == criterion.rule.words()
}

/// Question, protocol, criteria with verdicts, what the searches met, caveat.
fn head(id: &str, input: &ReportInput<'_>, studies: &[Study<'_>]) -> Section {
    let manifest = &input.snapshot.manifest;
    let title = Text::plain("Experiment ").and_code(manifest.experiment.clone());
    let mut section = Section::new(2, id, title);
    section.paragraph(sentence(&manifest.question));
    section.paragraph(Text::markup(&grid(input)));
    section.paragraph(Text::markup(&match studies.first() {
        Some(study) => study.conditions(),
        None => format!("Protocol: {}", provenance(manifest)),
    }));
    if let [first, _, ..] = manifest.variants.as_slice() {
        let names: Vec<String> = manifest
            .variants
            .iter()
            .map(|variant| format!("`{}`", variant.name))
            .collect();
        section.paragraph(Text::markup(&format!(
            "Variants: {}. The protocol above is that of `{}`, with which the others are compared.",
            names.join(", "),
            first.name
        )));
    }
    if let Some(analysis) = input.analysis {
        criteria(&mut section, analysis, input.findings);
        section.list(searches(studies));
        if !analysis.caveat.is_empty() {
            let caveat = Text::plain("What the numbers do not show: ");
            section.paragraph(caveat.and_text(sentence(&analysis.caveat)));
        }
    }
    for missing in &manifest.not_run {
        section.paragraph(
            Text::plain("Not run on ")
                .and_code(missing.dataset.clone())
                .and_markup(&format!(
                    ", because {}.",
                    missing.reason.trim_end_matches('.')
                )),
        );
    }
    section
}

/// The experiment's grid in a sentence.
fn grid(input: &ReportInput<'_>) -> String {
    let snapshot = input.snapshot;
    let rates = snapshot.cells.iter().map(|record| &record.cell);
    let sharpness = snapshot.sharpness.iter().map(|record| &record.cell);
    let networks: Vec<(&[usize], f64)> = rates
        .map(|cell| (cell.hidden.as_slice(), cell.input_rate))
        .chain(sharpness.map(|cell| (cell.hidden.as_slice(), cell.input_rate)))
        .collect();
    let listed = |values: &mut dyn Iterator<Item = f64>| {
        let values: Vec<String> = ascending(values).into_iter().map(setting).collect();
        values.join(", ")
    };
    let widths = listed(
        &mut networks
            .iter()
            .flat_map(|(h, _)| h.iter().map(|w| *w as f64)),
    );
    let depths = listed(&mut networks.iter().map(|(hidden, _)| hidden.len() as f64));
    let input_rates = listed(&mut networks.iter().map(|(_, rate)| *rate));
    let measured: Vec<String> = [
        (snapshot.cells.len(), "η*"),
        (snapshot.sharpness.len(), "sharpness"),
    ]
    .into_iter()
    .filter(|(cells, _)| *cells > 0)
    .map(|(cells, what)| format!("{} of {what}", counted(cells, "cell", "cells")))
    .collect();
    format!(
        "Grid: widths {widths}; depths {depths}; relative learning rates μ_{{in}} of the input \
         layer {input_rates}. {}.",
        measured.join(" and ")
    )
}

fn criteria(section: &mut Section, analysis: &Analysis, findings: &[Finding]) {
    if analysis.criteria.is_empty() {
        return;
    }
    section.paragraph("Criteria, fixed before the run, and what came of them:");
    let items = analysis.criteria.iter().map(|criterion| {
        let mut item = Text::plain(format!("{}: ", criterion.claim))
            .and_text(sentence(&criterion.says))
            .and_plain(" ")
            .and_markup(&format!(
                "Rule: {}: {}.",
                criterion.statistic.words(),
                criterion.rule.words()
            ));
        for finding in findings.iter().filter(|finding| is_of(finding, criterion)) {
            item = item
                .and_plain(" ")
                .and_code(finding.dataset.clone())
                .and_plain(": ")
                .and_text(badge(finding.verdict))
                .and_plain(" ")
                .and_text(told(finding))
                .and_plain(".");
        }
        item
    });
    section.list(items.collect());
}

/// How many searches left the range or were not monotone: by series where
/// there are two at most, else in all.
fn searches(studies: &[Study<'_>]) -> Vec<Text> {
    let told = match studies {
        [] => Vec::new(),
        [_] | [_, _] => studies
            .iter()
            .map(|study| {
                let on = Text::plain("Searches on ").and_code(study.label.clone());
                counted_searches(on, &study.cells)
            })
            .collect(),
        several => {
            let over = format!("Searches over {} series", count(several.len()));
            let cells = several.iter().flat_map(|study| study.cells.iter().copied());
            let all: Vec<Measured<'_>> = cells.collect();
            vec![counted_searches(Text::plain(over), &all)]
        }
    };
    told.into_iter().flatten().collect()
}

fn counted_searches(head: Text, cells: &[Measured<'_>]) -> Option<Text> {
    let all = total(cells, |cell| cell.repeats());
    if all == 0 {
        return None;
    }
    let below = total(cells, |cell| cell.estimate.nothing_succeeds);
    let above = total(cells, |cell| cell.estimate.nothing_fails);
    let not_monotone = total(cells, |cell| cell.not_monotone());
    Some(head.and_markup(&format!(
        ": {}; {} censored ({} found no rate in range that succeeds, {} none that fails); success \
         not monotone in the rate in {} ({}).",
        count(all),
        count(below + above),
        count(below),
        count(above),
        count(not_monotone),
        percent(not_monotone as f64 / all as f64)
    )))
}

/// What is looked up rather than read, as far as the analysis does not show
/// it already: a heading, and folded parts below it.
fn details(analysis: &Analysis, input: &ReportInput<'_>, studies: &[Study<'_>]) -> Vec<Shown> {
    let whole = |section| Shown {
        label: None,
        section,
    };
    let mut parts = Vec::new();
    if !studies.is_empty() {
        parts.push(whole(sections::overview(input, studies)));
    }
    for view in [View::Laws, View::Cells, View::Protocol] {
        if !analysis.show.contains(&view) {
            parts.extend(sections_of(view, input, studies));
        }
    }
    parts.extend(sections::sharpness_overview(input).map(whole));
    parts.extend(labelled(sections::sharpness_protocol(input)));
    for part in &mut parts {
        part.section.level = 4;
        part.section.folded = true;
    }
    let heading = Section::new(3, "details", Text::plain("Details"));
    std::iter::once(whole(heading)).chain(parts).collect()
}
