use super::dots::{Dot, names, scale, series, upright};
use super::scope::{entry, intervals, written};
use crate::analysis::{AnalysisOptions, Effect, Shift, shifts as computed};
use crate::figure::{Axis, Figure, Panel, Scale, Text};
use crate::page::ReportInput;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{count, counted, octaves};
use crate::page::study::provenance;

/// What each variant does to eta\*, against the first; absent where the
/// experiment has only one.
pub(in crate::page) fn shifts(input: &ReportInput<'_>) -> Option<Section> {
    let shifts = computed(input.snapshot, &AnalysisOptions::default());
    let against = shifts.first()?.against.clone();
    let title = "Shifts of η* by variant";
    let mut section = Section::new(3, "shifts", Text::markup(title));
    section.paragraph(
        Text::markup(
            "A shift is the mean, over cells paired by dataset, architecture and input rate, of \
             log_{2} η* of a variant less log_{2} η* of ",
        )
        .and_code(against.clone())
        .and_plain(", in octaves: 1 octave is a factor of two."),
    );
    section.list(sentences(&shifts));
    section.figure(figure(input, &shifts, &against));
    section.table(table(&shifts, &against));
    Some(section)
}

/// Which variants shift eta\* and which do not, dataset by dataset.
fn sentences(shifts: &[Shift]) -> Vec<Text> {
    let mut told = Vec::new();
    for dataset in datasets(shifts.iter().map(|shift| shift.dataset.as_str())) {
        let own = || shifts.iter().filter(|shift| shift.dataset == dataset);
        let is_sure = |effect: &Effect| {
            let ends = effect.interval;
            ends.is_some_and(|[low, high]| low > 0.0 || high < 0.0)
        };
        let mut sure: Vec<(&Shift, &Effect)> = own()
            .filter_map(|shift| Some((shift, shift.effect.as_ref()?)))
            .filter(|(_, effect)| is_sure(effect))
            .collect();
        sure.sort_by(|a, b| b.1.value.abs().total_cmp(&a.1.value.abs()));
        let mut text = Text::plain("On ").and_code(dataset).and_plain(format!(
            ", the interval excludes 0 for {} of {}",
            count(sure.len()),
            counted(own().count(), "variant", "variants")
        ));
        for (order, (shift, effect)) in sure.iter().enumerate() {
            text = text
                .and_plain(if order == 0 { ": " } else { ", " })
                .and_code(shift.variant.clone())
                .and_markup(&format!(" {}", written(effect, octaves)));
        }
        told.push(text.and_plain(if sure.is_empty() { "." } else { " octaves." }));
        for shift in own().filter(|shift| shift.effect.is_none()) {
            let reason = shift.reason.as_deref().unwrap_or("no cell is measured");
            let text = Text::plain("On ").and_code(dataset).and_plain(", ");
            told.push(
                text.and_code(shift.variant.clone())
                    .and_plain(format!(" was not measured: {reason}.")),
            );
        }
    }
    told
}

/// The datasets, each once, in order.
pub(super) fn datasets<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut datasets = Vec::new();
    for dataset in all {
        if !datasets.contains(&dataset) {
            datasets.push(dataset);
        }
    }
    datasets
}

fn figure(input: &ReportInput<'_>, shifts: &[Shift], against: &str) -> Figure {
    let dots: Vec<Dot> = shifts
        .iter()
        .filter_map(|shift| {
            let effect = shift.effect.as_ref()?;
            Some(Dot {
                row: shift.variant.clone(),
                group: shift.dataset.clone(),
                value: effect.value,
                interval: effect.interval,
                note: counted(shift.cells, "cell", "cells"),
            })
        })
        .collect();
    let rows = names(&dots, |dot| &dot.row);
    let groups = names(&dots, |dot| &dot.group);
    let mut drawn = vec![upright("no shift", 0.0, &rows)];
    drawn.extend(series(&dots, &rows, &groups));
    Figure {
        name: "shifts".to_owned(),
        caption: Text::markup("Shift of η* by each variant against ")
            .and_code(against)
            .and_markup(&format!(
                ", mean over paired cells, with {}. Protocol: {}",
                intervals(),
                provenance(&input.snapshot.manifest)
            )),
        x: Axis::new(
            "shift of log_{2} η*, octaves",
            "shift_octaves",
            Scale::Linear,
        ),
        y: Axis::new("", "variant", scale(&rows)),
        panels: vec![Panel {
            title: Text::default(),
            series: drawn,
        }],
    }
}

fn table(shifts: &[Shift], against: &str) -> Table {
    Table {
        caption: Text::markup("Variants against ")
            .and_code(against)
            .and_markup(&format!(
                ", in octaves, with {}. Spread: standard deviation of the difference over cells. \
                 Unpaired: cells without an η* or without a counterpart that has one. Censored: \
                 repeats of the variant whose search left its range; they do not enter.",
                intervals()
            )),
        columns: vec![
            Text::markup("variant"),
            Text::markup("dataset"),
            Text::markup("shift"),
            Text::markup("spread"),
            Text::markup("cells"),
            Text::markup("unpaired"),
            Text::markup("repeats"),
            Text::markup("censored"),
        ],
        rows: shifts
            .iter()
            .map(|shift| {
                vec![
                    Entry::text(Text::code(shift.variant.clone())),
                    Entry::text(Text::code(shift.dataset.clone())),
                    entry(shift.effect.as_ref(), octaves),
                    Entry::optional(shift.spread, octaves),
                    Entry::count(shift.cells),
                    Entry::count(shift.unpaired),
                    Entry::count(shift.repeats),
                    Entry::count(shift.censored),
                ]
            })
            .collect(),
        name: String::new(),
    }
}
