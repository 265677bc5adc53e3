//! The whole page: what it is, the scoreboard, a section for each experiment, and how to get it
//! again.

use std::collections::BTreeSet;

use etastar_analysis::{Finding, StoreAnalysis, View};
use etastar_search::{Manifest, Session, Strategy};

use super::document::{Block, Entry, Report, Section, Table};
use super::number::{count, counted, percent, setting};
use super::scoreboard::{in_short, scoreboard, tally};
use super::sections::{Store, section};
use super::words::{conditions, sentence, slug};
use super::write::ReportError;
use crate::figure::Text;

impl Report {
    /// The report of one store or several, each with its name: a scoreboard of all criteria, if
    /// there are any, and a section for each experiment. `command` is the command line that made
    /// the report.
    ///
    /// # Errors
    /// If there is no store.
    pub fn build(stores: &[(String, StoreAnalysis)], command: &str) -> Result<Self, ReportError> {
        if stores.is_empty() {
            return Err(ReportError::NoStore);
        }
        let mut on_page: Vec<Store<'_>> = Vec::with_capacity(stores.len());
        for (_, analysis) in stores {
            let name = slug(&analysis.manifest.experiment);
            let id = distinct_name(name, |id| on_page.iter().any(|store| store.id == id));
            on_page.push(Store { id, analysis });
        }
        let mut sections: Vec<Section> = in_short(&on_page).into_iter().collect();
        let mut lead = lead(stores);
        match scoreboard(&on_page) {
            Some(mut section) => {
                section
                    .blocks
                    .extend(intervals(stores).map(Block::Paragraph));
                sections.push(section);
            }
            None => lead.extend(intervals(stores)),
        }
        for store in &on_page {
            sections.extend(experiment(store));
        }
        sections.extend(environment(stores, command));
        sections.push(references());
        name_figures_apart(&mut sections);
        Ok(Self {
            title: title(stores),
            lead,
            sections,
            is_alone: false,
        })
    }
}

/// A name, with a number behind it where it is taken.
fn distinct_name(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(&name) {
        return name;
    }
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut free = numbered.skip_while(|numbered| is_taken(numbered));
    free.next().unwrap_or(name)
}

/// Labels that differ in capitals or signs alone have one name, and figures are files of their name.
fn name_figures_apart(sections: &mut [Section]) {
    let mut taken = BTreeSet::new();
    let blocks = sections.iter_mut().flat_map(|section| &mut section.blocks);
    for block in blocks {
        if let Block::Figure(figure) = block {
            figure.name = distinct_name(figure.name.clone(), |name| taken.contains(name));
            taken.insert(figure.name.clone());
        }
    }
}

fn title(stores: &[(String, StoreAnalysis)]) -> Text {
    let title = Text::plain("Maximal initial learning rates of deep ReLU networks: ");
    match stores {
        [(_, one)] => title.and_plain(one.manifest.experiment.clone()),
        _ => title.and_plain("a reproduction"),
    }
}

/// What was done, at which scale, on which backend, with which seed.
fn lead(stores: &[(String, StoreAnalysis)]) -> Vec<Text> {
    let what = Text::markup(
        "This report measures η*, the largest constant learning rate at which a randomly \
         initialised network can begin training and reach a threshold accuracy, and the sharpness \
         λ_{1}. It tests the claims of G. Iyer, B. Hanin and D. Rolnick (ICML 2023, ",
    )
    .and_link("arXiv:2212.07295", "https://arxiv.org/abs/2212.07295")
    .and_plain(
        ") and extensions of ours. The paper publishes only parts of its protocol; every other \
         constant is our choice and is named below. Depth counts hidden layers.",
    );
    let listed = |value: &dyn Fn(&Manifest) -> String| {
        distinct(stores.iter().map(|(_, analysis)| value(&analysis.manifest))).join(", ")
    };
    let scale = Text::plain(format!(
        "Profile {}; backend {}; seed {}.",
        listed(&|manifest| manifest
            .profile
            .clone()
            .unwrap_or_else(|| "none".to_owned())),
        listed(&|manifest| format!(
            "{} ({}, {})",
            manifest.backend, manifest.float, manifest.device
        )),
        listed(&|manifest| manifest.seed.to_string()),
    ));
    vec![what, scale]
}

/// How intervals came about.
fn intervals(stores: &[(String, StoreAnalysis)]) -> Option<Text> {
    let options = stores.first().map(|(_, analysis)| &analysis.options);
    options.map(|options| {
        Text::markup(&format!(
            "Intervals have {} confidence. That of one cell is Student's t, with the variance \
             between repeats pooled over the cells of its series; where a search left its range, it \
             is the interval of the median. Every other interval resamples whole architectures, each \
             with all its cells and repeats ({} resamples). Laws are fitted by maximum likelihood, in \
             which searches that left their range enter as bounds.",
            percent(options.confidence),
            count(options.resamples)
        ))
    })
}

/// Each value once, in order.
fn distinct(values: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

/// One experiment: its question, its grid, what its criteria came to, and its sections.
fn experiment(store: &Store<'_>) -> Vec<Section> {
    let analysis = store.analysis;
    let manifest = &analysis.manifest;
    let title = Text::plain("Experiment ").and_code(manifest.experiment.clone());
    let mut head = Section::new(2, store.id.clone(), title);
    head.paragraph(sentence(&manifest.question));
    let findings: Vec<&Finding> = analysis.findings.iter().collect();
    let verdicts = match findings.len() {
        0 => String::new(),
        all => format!(
            " {}: {}.",
            counted(all, "verdict", "verdicts"),
            tally(&findings)
        ),
    };
    head.paragraph(Text::markup(&(grid(analysis) + &verdicts)));
    if !analysis.specification.caveat.is_empty() {
        head.paragraph(
            Text::plain("What the numbers do not show: ")
                .and_text(sentence(&analysis.specification.caveat)),
        );
    }
    let shown = analysis.specification.show.iter();
    let sections = shown.filter_map(|&view: &View| section(store, view));
    std::iter::once(head).chain(sections).collect()
}

/// The grid and what is done of it, in words.
fn grid(analysis: &StoreAnalysis) -> String {
    let searched = analysis.eta_star.iter().flat_map(|series| &series.cells);
    let measured = analysis.sharpness.iter().flat_map(|series| &series.cells);
    let (searches, networks) = (searched.clone().count(), measured.clone().count());
    let cells: Vec<_> = searched.chain(measured).collect();
    let listed = |values: Vec<f64>| {
        let values = etastar_analysis::distinct(values).into_iter().map(setting);
        values.collect::<Vec<_>>().join(", ")
    };
    let widths = cells
        .iter()
        .flat_map(|cell| cell.hidden.iter().map(|width| *width as f64));
    let depths = cells.iter().map(|cell| cell.depth() as f64);
    let rates = cells.iter().map(|cell| cell.input_rate);
    let example = analysis.eta_star.first().map(|series| &series.cell);
    let mut kinds = Vec::new();
    if searches > 0 {
        kinds.push(counted(searches, "cell of η*", "cells of η*"));
    }
    if networks > 0 {
        kinds.push(counted(networks, "cell of sharpness", "cells of sharpness"));
    }
    format!(
        "Grid: widths {}; depths {}; relative learning rates of the input layer {}. {}; {} of {} \
         repeats are finished. {}",
        listed(widths.collect()),
        listed(depths.collect()),
        listed(rates.collect()),
        kinds.join(", "),
        count(analysis.finished_repeats),
        count(analysis.expected_repeats),
        conditions(
            &analysis.manifest,
            example.filter(|_| analysis.eta_star.len() == 1)
        ),
    )
}

/// The commands, and what every store says of itself.
fn environment(stores: &[(String, StoreAnalysis)], command: &str) -> Vec<Section> {
    let mut section = Section::new(2, "environment", "Environment and how to reproduce");
    section.paragraph(
        "The commands below measure everything again; an interrupted command resumes when it is \
         run again. With the same backend, float type and seed on the same kind of machine the \
         numbers agree bit for bit, on any number of threads.",
    );
    // The first session's: later ones went on with it.
    let first = stores
        .iter()
        .filter_map(|(_, analysis)| analysis.sessions.first());
    // A command that made all of them says it shorter.
    let is_whole = !command.starts_with("etastar ");
    let commands = first.map(|session| without_places(&session.command));
    let commands = commands.filter(|_| !is_whole);
    let commands = distinct(commands.chain([command.to_owned()]));
    section.code(&commands.join("\n"));
    let fields: Vec<Vec<(String, String)>> = stores
        .iter()
        .map(|(store, analysis)| {
            let rules = analysis.rules_commit.clone();
            let rules = rules.map(|commit| ("rules' commit".to_owned(), commit));
            let fields = manifest_fields(store, &analysis.manifest);
            fields.into_iter().chain(rules).collect()
        })
        .collect();
    let names = distinct(fields.iter().flatten().map(|(name, _)| name.clone()));
    let value = |own: &[(String, String)], name: &str| {
        let found = own.iter().find(|(other, _)| other == name);
        found.map_or_else(|| "–".to_owned(), |(_, value)| value.clone())
    };
    let of_all = |name: &String| distinct(fields.iter().map(|own| value(own, name)));
    let (shared, own): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| of_all(name).len() == 1);
    let rows = shared.iter().map(|name| {
        vec![
            Entry::text((*name).clone()),
            Entry::text(Text::code(of_all(name).join(", "))),
        ]
    });
    section.table(Table {
        caption: Text::plain("What all stores have in common."),
        columns: vec![Text::plain("field"), Text::plain("value")],
        rows: rows.collect(),
        name: String::new(),
    });
    if !own.is_empty() {
        let rows = fields.iter().map(|fields| {
            own.iter()
                .map(|name| Entry::text(Text::code(value(fields, name))))
                .collect()
        });
        section.table(Table {
            caption: Text::plain("What differs between stores."),
            columns: own
                .iter()
                .map(|name| Text::plain((*name).clone()))
                .collect(),
            rows: rows.collect(),
            name: String::new(),
        });
    }
    let sessions = stores.iter().flat_map(|(_, analysis)| {
        let name = &analysis.manifest.experiment;
        analysis
            .sessions
            .iter()
            .map(move |session| session_row(name, session))
    });
    let rows: Vec<Vec<Entry>> = sessions.collect();
    if rows.is_empty() {
        section.paragraph("No session is recorded.");
    } else {
        let columns = [
            "experiment",
            "started",
            "ended",
            "version",
            "machine",
            "arithmetic",
            "cores",
            "jobs",
        ];
        section.table(Table {
            caption: Text::plain(
                "Runs of the program on the stores. The arithmetic is a fingerprint of how the \
                 machine rounds: where it is equal, the same trials give the same bits.",
            ),
            columns: columns.map(Text::plain).to_vec(),
            rows,
            name: String::new(),
        });
    }
    vec![section]
}

/// A command without the options that name folders and threads; of the store only its name is left,
/// by which a report is made of it.
fn without_places(command: &str) -> String {
    const PLACES: [&str; 4] = ["--output-dir", "--data-dir", "--jobs", "--time-limit"];
    let mut words = command.split(' ').peekable();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if PLACES.contains(&word) {
            words.next();
        } else if word == "-o" || word == "--output" {
            let path = words.next().unwrap_or_default();
            kept.extend([word, path.rsplit('/').next().unwrap_or(path)]);
        } else if word != "--skip-missing-data" {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// The fields of a manifest, but for what belongs to its analysis.
fn manifest_fields(store: &str, manifest: &Manifest) -> Vec<(String, String)> {
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    let strategy = match manifest.strategy {
        Strategy::Sequential => "one network after the other",
        Strategy::Batched => "many networks in one program",
    };
    let fields = [
        ("store", store.to_owned()),
        ("experiment", manifest.experiment.clone()),
        ("profile", optional(&manifest.profile)),
        ("format version", manifest.format_version.to_string()),
        ("program version", manifest.tool_version.clone()),
        ("program's commit", optional(&manifest.git_commit)),
        ("configuration hash", manifest.configuration_hash.clone()),
        ("backend", manifest.backend.clone()),
        ("float type", manifest.float.clone()),
        ("device", manifest.device.clone()),
        ("trials", strategy.to_owned()),
        ("features", manifest.features.join(", ")),
        ("master seed", manifest.seed.to_string()),
        ("repeats a cell", manifest.repeats.to_string()),
    ];
    let fields = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let files = manifest.datasets.iter();
    fields
        .chain(files.map(|(file, hash)| (format!("SHA-256 of {file}"), hash.clone())))
        .collect()
}

fn session_row(experiment: &str, session: &Session) -> Vec<Entry> {
    let host = &session.host;
    let machine = match &host.processor {
        Some(processor) => format!("{}, {}, {processor}", host.os, host.architecture),
        None => format!("{}, {}", host.os, host.architecture),
    };
    vec![
        Entry::text(Text::code(experiment)),
        Entry::text(session.started_at.clone()),
        Entry::text(
            session
                .finished_at
                .clone()
                .unwrap_or_else(|| "interrupted".to_owned()),
        ),
        Entry::text(session.tool_version.clone()),
        Entry::text(machine),
        Entry::text(session.arithmetic.clone().unwrap_or_else(|| "–".to_owned())),
        Entry::count(host.cores),
        Entry::count(session.jobs),
    ]
}

/// The literature the report rests on.
fn references() -> Section {
    let mut section = Section::new(2, "references", "References");
    let entries = [
        (
            "G. Iyer, B. Hanin, D. Rolnick: Maximal Initial Learning Rates in Deep ReLU Networks. \
             ICML 2023, PMLR 202:14500–14530. ",
            "2212.07295",
            " (η*, its definition and the claims tested here.)",
        ),
        (
            "B. Hanin: Which Neural Net Architectures Give Rise to Exploding and Vanishing \
             Gradients? ",
            "1801.03744",
            " (Fluctuations grow with depth over width.)",
        ),
        (
            "B. Hanin, M. Nica: Products of Many Large Random Matrices and Gradients in Deep \
             Neural Networks. ",
            "1812.05994",
            "",
        ),
        (
            "B. Hanin, M. Nica: Finite Depth and Width Corrections to the Neural Tangent Kernel. ",
            "1909.05989",
            " (Where depth × width comes from.)",
        ),
        (
            "A. Lewkowycz, Y. Bahri, E. Dyer, J. Sohl-Dickstein, G. Gur-Ari: The Large Learning \
             Rate Phase of Deep Learning: the Catapult Mechanism. ",
            "2003.02218",
            "",
        ),
        (
            "A. Jacot, F. Gabriel, C. Hongler: Neural Tangent Kernel: Convergence and \
             Generalization in Neural Networks. ",
            "1806.07572",
            " (The infinite-width limit of the Gauss-Newton matrix.)",
        ),
    ];
    let entries = entries.into_iter().map(|(before, number, after)| {
        Text::plain(before)
            .and_link(
                format!("arXiv:{number}"),
                format!("https://arxiv.org/abs/{number}"),
            )
            .and_plain(after)
    });
    section.list(entries.collect());
    section
}
