//! The page of a reproduction: one or several experiments, each with what its
//! analysis concludes.

mod command;
mod effect;
mod environment;
mod experiment;
mod lead;
mod place;
mod scoreboard;
mod tally;
mod views;

use super::ReportInput;
use super::document::Report;
use super::sections;
use super::study::Study;
use experiment::Experiment;

/// A store with its studies.
type Studied<'a, 'b> = (&'b ReportInput<'a>, Vec<Study<'a>>);

pub(super) fn report(all: &[Studied<'_, '_>], command: &str) -> Report {
    let mut experiments: Vec<Experiment<'_, '_>> = Vec::with_capacity(all.len());
    for (input, studies) in all {
        let taken =
            |id: &str| RESERVED.contains(&id) || experiments.iter().any(|other| other.id == id);
        experiments.push(Experiment::of(input, studies, taken));
    }
    let inputs: Vec<&ReportInput<'_>> = all.iter().map(|(input, _)| *input).collect();
    let mut sections = vec![scoreboard::scoreboard(&experiments)];
    for experiment in experiments {
        sections.extend(experiment.sections);
    }
    sections.extend(environment::environment(&inputs, command));
    let sharpness = inputs.iter().any(|input| !input.sharpness.is_empty());
    sections.push(sections::references(sharpness));
    Report {
        title: lead::title(&inputs),
        lead: lead::lead(&inputs),
        sections,
    }
}

/// Anchors of the page's own sections.
const RESERVED: [&str; 3] = ["scoreboard", "environment", "references"];
