//! Every criterion on every dataset, claim by claim.

use super::command::without_places;
use super::effect::{told, verdict_entry};
use super::experiment::Experiment;
use super::tally::Tally;
use crate::analysis::Finding;
use crate::figure::Text;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::counted;
use crate::page::words::sentence;

/// A finding with the experiment it comes from.
type Row<'a, 'b> = (&'a Experiment<'a, 'b>, &'a Finding);

pub(super) fn scoreboard(experiments: &[Experiment<'_, '_>]) -> Section {
    let mut section = Section::new(2, "scoreboard", Text::plain("Scoreboard"));
    let mut rows: Vec<Row<'_, '_>> = experiments
        .iter()
        .flat_map(|experiment| {
            let findings = experiment.input.findings.iter();
            findings.map(move |finding| (experiment, finding))
        })
        .collect();
    rows.sort_by_key(|(_, finding)| claim_order(&finding.claim));
    if rows.is_empty() {
        section.paragraph(
            "No experiment declares criteria in an `[analysis]` table, so no claim was tested.",
        );
    } else {
        let tally = Tally::of(rows.iter().map(|(_, finding)| *finding));
        section.paragraph(Text::markup(&format!(
            "{}, each of one criterion on one dataset: {}. A criterion is supported where the \
             whole interval of its number satisfies the rule, contradicted where none of it does, \
             and unclear otherwise.",
            counted(tally.total(), "verdict", "verdicts"),
            tally.words()
        )));
        section.list(by_claim(&rows));
        section.table(table(&rows));
    }
    section.list(not_run(experiments));
    section
}

/// The paper's claims in their order, everything else after them.
pub(super) fn claim_order(claim: &str) -> (u32, String) {
    let digits: String = claim
        .strip_prefix('C')
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (digits.parse().unwrap_or(u32::MAX), claim.to_owned())
}

/// Whether the paper states it.
fn is_stated(claim: &str) -> bool {
    claim_order(claim).0 != u32::MAX
}

/// What became of each of the paper's claims, experiment by experiment and
/// dataset by dataset.
fn by_claim(rows: &[Row<'_, '_>]) -> Vec<Text> {
    let mut groups: Vec<(Row<'_, '_>, Vec<&Finding>)> = Vec::new();
    for row in rows.iter().filter(|(_, finding)| is_stated(&finding.claim)) {
        let same = |other: &Row<'_, '_>| {
            other.0.id == row.0.id
                && other.1.claim == row.1.claim
                && other.1.dataset == row.1.dataset
        };
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, findings)) => findings.push(row.1),
            None => groups.push((*row, vec![row.1])),
        }
    }
    groups
        .into_iter()
        .map(|((experiment, first), findings)| {
            let tally = Tally::of(findings.into_iter());
            let criteria = counted(tally.total(), "criterion", "criteria");
            let verdict = if tally.all_supported() {
                format!(
                    ": reproduces the stated claim under this declared protocol ({criteria}, all \
                     supported)."
                )
            } else {
                format!(": {criteria}, {}.", tally.words_of_given())
            };
            Text::plain(format!("{}, ", first.claim))
                .and_link(experiment.name(), format!("#{}", experiment.id))
                .and_plain(" on ")
                .and_code(first.dataset.clone())
                .and_plain(verdict)
        })
        .collect()
}

fn table(rows: &[Row<'_, '_>]) -> Table {
    Table {
        caption: Text::markup(
            "Every criterion on every dataset. The numbers have bootstrap intervals that answer \
             for the noise of repeats and for the choice of architectures. Commands are without \
             the options that name places and threads.",
        ),
        columns: vec![
            Text::markup("claim"),
            Text::markup("what it says, and by which statistic and rule"),
            Text::markup("dataset"),
            Text::markup("verdict"),
            Text::markup("number, interval"),
            Text::markup("shown in"),
            Text::markup("command"),
        ],
        rows: rows.iter().map(entries).collect(),
        name: String::new(),
    }
}

fn entries((experiment, finding): &Row<'_, '_>) -> Vec<Entry> {
    let number = finding.effect.as_ref().map(|effect| effect.value);
    let shown = Text::default().and_link(experiment.name(), format!("#{}", experiment.id));
    vec![
        // Sorting by the claim gives the first order back.
        Entry::text(Text::plain(finding.claim.clone())),
        Entry::text(
            sentence(&finding.says)
                .and_markup(&format!(" Rule: {}: {}.", finding.statistic, finding.rule)),
        ),
        Entry::text(Text::code(finding.dataset.clone())),
        verdict_entry(finding.verdict),
        Entry {
            text: told(finding),
            numbers: number.into_iter().collect(),
        },
        Entry::text(match experiment.figure_of(finding) {
            Some(name) => shown
                .and_plain(", ")
                .and_link("figure", format!("#figure-{name}")),
            None => shown,
        }),
        Entry::text(match experiment.input.measured_by() {
            Some(command) => Text::code(without_places(command)),
            None => Text::plain("–"),
        }),
    ]
}

/// The datasets that could not be had.
fn not_run(experiments: &[Experiment<'_, '_>]) -> Vec<Text> {
    let each = experiments.iter().flat_map(|experiment| {
        let missing = experiment.input.snapshot.manifest.not_run.iter();
        missing.map(move |missing| {
            Text::plain("Not run: ")
                .and_link(experiment.name(), format!("#{}", experiment.id))
                .and_plain(" on ")
                .and_code(missing.dataset.clone())
                .and_markup(&format!(
                    ", because {}.",
                    missing.reason.trim_end_matches('.')
                ))
        })
    });
    each.collect()
}
