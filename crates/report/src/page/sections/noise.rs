use etastar_search::Vary;

use super::dots::{Dot, names, scale, series};
use super::scope::{entry, intervals, written};
use super::shifts::datasets;
use crate::analysis::{AnalysisOptions, Noise, noise as computed};
use crate::figure::{Axis, Figure, Panel, Scale, Text};
use crate::page::ReportInput;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, octaves};
use crate::page::study::provenance;

/// How much eta\* differs between repeats, by variant; absent where the
/// experiment has no variants.
pub(in crate::page) fn noise(input: &ReportInput<'_>) -> Option<Section> {
    let noise = computed(input.snapshot, &AnalysisOptions::default());
    if noise.is_empty() {
        return None;
    }
    let title = "Noise of η* between repeats";
    let mut section = Section::new(3, "noise", Text::markup(title));
    section.paragraph(
        "Standard deviation of log_{2} η* between the repeats of one cell, pooled over the cells \
         of a variant, in octaves. Repeats differ in the initial weights, in the order of the \
         batches, or in both.",
    );
    section.list(sentences(&noise));
    section.figure(figure(input, &noise));
    section.table(table(&noise));
    Some(section)
}

fn varied(vary: Vary) -> &'static str {
    match vary {
        Vary::Both => "both",
        Vary::Initialisation => "initial weights",
        Vary::BatchOrder => "batch order",
    }
}

/// The first variant's noise beside that of the variants whose repeats differ
/// in one thing alone, dataset by dataset.
fn sentences(noise: &[Noise]) -> Vec<Text> {
    let datasets = datasets(noise.iter().map(|one| one.dataset.as_str())).into_iter();
    datasets
        .map(|dataset| {
            let own = || noise.iter().filter(|one| one.dataset == dataset);
            let alone = own().filter(|one| one.vary != Vary::Both);
            let first = own().next().filter(|one| one.vary == Vary::Both);
            let mut text = Text::plain("On ").and_code(dataset);
            for (order, one) in first.into_iter().chain(alone).enumerate() {
                let number = match &one.effect {
                    Some(effect) => format!("{} octaves", written(effect, octaves)),
                    None => "not measured".to_owned(),
                };
                text = text
                    .and_plain(if order == 0 { ": " } else { "; " })
                    .and_code(one.variant.clone())
                    .and_markup(&format!(
                        " (repeats differ in {}) {number} over {}",
                        varied(one.vary),
                        counted(one.cells, "cell", "cells")
                    ));
            }
            text.and_plain(".")
        })
        .collect()
}

fn figure(input: &ReportInput<'_>, noise: &[Noise]) -> Figure {
    let dots: Vec<Dot> = noise
        .iter()
        .filter_map(|noise| {
            let effect = noise.effect.as_ref()?;
            Some(Dot {
                row: noise.variant.clone(),
                group: noise.dataset.clone(),
                value: effect.value,
                interval: effect.interval,
                note: format!(
                    "repeats differ in {}; {}",
                    varied(noise.vary),
                    counted(noise.cells, "cell", "cells")
                ),
            })
        })
        .collect();
    let rows = names(&dots, |dot| &dot.row);
    let groups = names(&dots, |dot| &dot.group);
    Figure {
        name: "noise".to_owned(),
        caption: Text::markup(&format!(
            "Standard deviation of log_{{2}} η* between repeats, pooled over the cells of each \
             variant, with {}. Protocol: {}",
            intervals(),
            provenance(&input.snapshot.manifest)
        )),
        x: Axis::new(
            "standard deviation of log_{2} η*, octaves",
            "noise_octaves",
            Scale::Linear,
        ),
        y: Axis::new("", "variant", scale(&rows)),
        panels: vec![Panel {
            title: Text::default(),
            series: series(&dots, &rows, &groups),
        }],
    }
}

fn table(noise: &[Noise]) -> Table {
    Table {
        caption: Text::markup(&format!(
            "Standard deviation of log_{{2}} η* between repeats, in octaves, with {}. Cells: with \
             at least two repeats that found an η*. Censored: repeats whose search left its \
             range; they do not enter.",
            intervals()
        )),
        columns: vec![
            Text::markup("variant"),
            Text::markup("repeats differ in"),
            Text::markup("dataset"),
            Text::markup("standard deviation"),
            Text::markup("cells"),
            Text::markup("repeats"),
            Text::markup("censored"),
        ],
        rows: noise
            .iter()
            .map(|noise| {
                vec![
                    Entry::text(Text::code(noise.variant.clone())),
                    Entry::text(varied(noise.vary)),
                    Entry::text(Text::code(noise.dataset.clone())),
                    entry(noise.effect.as_ref(), octaves),
                    Entry::count(noise.cells),
                    Entry::count(noise.repeats),
                    Entry::count(noise.censored),
                ]
            })
            .collect(),
        name: String::new(),
    }
}
