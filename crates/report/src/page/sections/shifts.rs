use super::dots::{Dot, names, scale, series, upright};
use super::scope::{entry, intervals, written};
use crate::analysis::{AnalysisOptions, Shift, shifts as computed};
use crate::figure::{Axis, Figure, Panel, Scale, Text};
use crate::page::ReportInput;
use crate::page::document::{Column, Entry, Section, Table};
use crate::page::number::{counted, octaves};
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
    section.list(shifts.iter().map(sentence).collect());
    section.figure(figure(input, &shifts, &against));
    section.table(table(&shifts, &against));
    Some(section)
}

fn sentence(shift: &Shift) -> Text {
    let variant = Text::code(shift.variant.clone())
        .and_plain(" on ")
        .and_code(shift.dataset.clone())
        .and_plain(": ");
    match (&shift.effect, &shift.reason) {
        (Some(effect), _) => variant.and_markup(&format!(
            "{} octaves over {}{}.",
            written(effect, octaves),
            counted(shift.cells, "cell", "cells"),
            match effect.interval {
                Some([low, high]) if low > 0.0 || high < 0.0 => "",
                Some(_) => "; the interval contains 0",
                None => "; too few architectures for an interval",
            }
        )),
        (None, reason) => {
            let reason = reason.as_deref().unwrap_or("no cell is measured");
            variant.and_plain(format!("not measured: {reason}."))
        }
    }
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
        title: None,
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
            Column::words("variant"),
            Column::words("dataset"),
            Column::numbers("shift"),
            Column::numbers("spread"),
            Column::numbers("cells"),
            Column::numbers("unpaired"),
            Column::numbers("repeats"),
            Column::numbers("censored"),
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
        sortable: true,
    }
}
