use crate::figure::Text;
use crate::page::ReportInput;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{count, counted};
use crate::page::study::{Measured, Study, total};

/// How much was measured, dataset by dataset.
pub(in crate::page) fn overview(input: &ReportInput<'_>, studies: &[Study<'_>]) -> Section {
    let mut section = Section::new(2, "measured", Text::plain("What was measured"));
    let all: Vec<Measured<'_>> = studies
        .iter()
        .flat_map(|s| s.cells.iter().copied())
        .collect();
    if all.is_empty() {
        section.paragraph("The grid has no cells.");
        return section;
    }
    let asked = input.snapshot.manifest.repeats;
    let finished = all.iter().filter(|cell| cell.repeats() >= asked).count();
    section.paragraph(Text::markup(&format!(
        "The grid has {}; {} of them are finished, with {} each. In all there are {} and {}. \
         Depth is the number of hidden layers; η* is the geometric mean, over repeats, of the \
         largest learning rate of a search's final bracket that succeeded; an octave is a factor \
         of two.",
        counted(all.len(), "cell", "cells"),
        count(finished),
        counted(asked, "repeat", "repeats"),
        counted(
            total(&all, |cell| cell.repeats()),
            "finished repeat",
            "finished repeats"
        ),
        counted(total(&all, |cell| cell.trials()), "trial", "trials"),
    )));
    section.table(table(studies, asked));
    let unmeasured: Vec<Text> = all
        .iter()
        .filter(|cell| cell.repeats() < asked)
        .map(|cell| {
            Text::markup(&format!(
                "{}: {} of {} finished",
                cell.name(),
                count(cell.repeats()),
                counted(asked, "repeat", "repeats"),
            ))
        })
        .collect();
    if !unmeasured.is_empty() {
        section.paragraph(Text::markup(&format!(
            "Not measured, or not to the end: {}.",
            counted(unmeasured.len(), "cell", "cells")
        )));
        section.list(unmeasured);
    }
    section
}

fn table(studies: &[Study<'_>], asked: usize) -> Table {
    let rows = studies
        .iter()
        .map(|study| {
            let sum = |key: &dyn Fn(&Measured<'_>) -> usize| total(&study.cells, key);
            let finished = study.cells.iter().filter(|c| c.repeats() >= asked).count();
            vec![
                Entry::text(Text::code(study.label.clone())),
                Entry::count(study.cells.len()),
                Entry::count(finished),
                Entry::count(sum(&|cell| cell.repeats())),
                Entry::count(sum(&|cell| cell.estimate.found)),
                Entry::count(sum(&|cell| cell.estimate.nothing_succeeds)),
                Entry::count(sum(&|cell| cell.estimate.nothing_fails)),
                Entry::count(sum(&|cell| cell.not_monotone())),
                Entry::count(sum(&|cell| cell.trials())),
            ]
        })
        .collect();
    Table {
        caption: Text::markup(
            "Cells, repeats and trials. A repeat is censored where no rate in range succeeded \
             (η* is below the range) or none failed (η* is at least its upper end); it is not \
             monotone where a rate failed below one that succeeded.",
        ),
        columns: vec![
            Text::markup("dataset"),
            Text::markup("cells"),
            Text::markup("finished"),
            Text::markup("repeats"),
            Text::markup("found η*"),
            Text::markup("none succeeded"),
            Text::markup("none failed"),
            Text::markup("not monotone"),
            Text::markup("trials"),
        ],
        rows,
        name: String::new(),
    }
}
