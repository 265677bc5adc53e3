//! What came out: in short for each claim, and every criterion on every dataset.

use etastar_analysis::{Evidence, Finding, PredictOptions, PublishedFormula, Verdict, View};

use super::document::{Block, Entry, Section, Table};
use super::number::{count, counted, fixed, percent};
use super::sections::{Store, section as section_of, views};
use super::words::{effect, sentence};
use crate::figure::{Text, Tone};

/// Anchor of the first screen.
pub(super) const IN_SHORT: &str = "in-short";

/// The first screen: one figure, and a line with number and verdict for every criterion, those of
/// the paper's claims before our own. Confirmatory criteria only, where there are any.
pub(super) fn in_short(stores: &[Store<'_>]) -> Option<Section> {
    let all = || stores.iter().flat_map(|store| &store.analysis.findings);
    let confirms = all().any(|finding| finding.evidence == Evidence::Confirmatory);
    let is_told = |finding: &&Finding| {
        finding.verdict != Verdict::NotMeasured
            && (finding.evidence == Evidence::Confirmatory || !confirms)
    };
    let told: Vec<&Finding> = all().filter(is_told).collect();
    if told.is_empty() {
        return None;
    }
    let mut section = Section::new(2, IN_SHORT, "In short");
    let of_told = stores
        .iter()
        .filter(|store| store.analysis.findings.iter().any(|one| is_told(&one)));
    let figure = of_told.filter_map(|store| section_of(store, View::EffectiveSize));
    let figure = figure
        .flat_map(|one| one.blocks)
        .find_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        });
    section.blocks.extend(figure.map(|mut figure| {
        figure.name = format!("in-short-{}", figure.name);
        Block::Figure(figure)
    }));
    section.blocks.extend(calculator());
    let (mut papers, ours): (Vec<&Finding>, Vec<&Finding>) = told
        .into_iter()
        .partition(|finding| is_of_the_paper(finding));
    // C1 to C4, whichever experiment judges them.
    papers.sort_by_key(|finding| finding.criterion.claim.chars().nth(1));
    for (title, findings) in [("The paper's claims", papers), ("Our extensions", ours)] {
        if !findings.is_empty() {
            let title = format!("{title}: {}.", tally(&findings));
            section.paragraph(Text::plain(title));
            section.list(lines(&findings));
        }
    }
    Some(section)
}

/// What `etastar predict` says without a store, for any network.
fn calculator() -> Option<Block> {
    let formula = PublishedFormula::new(&PredictOptions::default()).ok()?;
    let formula = serde_json::to_string(&formula).ok()?;
    Some(Block::Calculator(formula))
}

/// Whether a criterion judges a claim of the paper, C1 to C4, and not one of ours.
fn is_of_the_paper(finding: &Finding) -> bool {
    let mut letters = finding.criterion.claim.chars();
    letters.next() == Some('C') && letters.next().is_some_and(|c| c.is_ascii_digit())
}

/// A line for every criterion, with its number and verdict on each dataset.
fn lines(findings: &[&Finding]) -> Vec<Text> {
    let same = |a: &&Finding, b: &&Finding| a.criterion == b.criterion;
    let each = findings.chunk_by(same).filter_map(|own| {
        let says = sentence(&own.first()?.criterion.says);
        let line = Text::plain(format!("{}: ", own.first()?.criterion.claim)).and_text(says);
        Some(own.iter().fold(line, |line, finding| {
            line.and_plain(" ")
                .and_text(badge(finding.verdict))
                .and_plain(" ")
                .and_code(finding.dataset.clone())
                .and_plain(" ")
                .and_text(number(finding))
        }))
    });
    each.collect()
}

/// What is confirmatory, and what exploratory means.
fn evidence(stores: &[Store<'_>]) -> String {
    let confirmatory = |has_commit: bool| {
        let stores = stores.iter().map(|store| store.analysis);
        let stores = stores.filter(|analysis| analysis.rules_commit.is_some() == has_commit);
        let findings = stores.flat_map(|analysis| &analysis.findings);
        let own = findings.filter(|finding| finding.evidence == Evidence::Confirmatory);
        count(own.count())
    };
    let declared = match confirmatory(false).as_str() {
        "0" => String::new(),
        number => format!(
            " {number} are confirmatory according to their experiment files alone: no commit of \
             their rules was given."
        ),
    };
    format!(
        "{} of them are confirmatory: their rules were committed before anything was measured at \
         that seed and on those sizes.{declared} The others are exploratory: results of this kind had \
         already been seen when their rules were written.",
        confirmatory(true)
    )
}

/// How many verdicts may be due to chance.
fn by_chance(findings: &[&Finding], stores: &[Store<'_>]) -> String {
    let confidence = stores
        .first()
        .map(|store| store.analysis.options.confidence);
    let tail = (1.0 - confidence.unwrap_or_default()) / 2.0;
    let decided = [Verdict::Supported, Verdict::Contradicted];
    let decided = findings
        .iter()
        .filter(|finding| decided.contains(&finding.verdict))
        .count();
    format!(
        "A verdict needs the whole interval on one side of its rule, so it is wrong by chance with a \
         probability of at most {}; the expected number of wrong ones is at most {} of these {}. No \
         further adjustment is made; a criterion that matters is tested on several datasets.",
        percent(tail),
        fixed(tail * decided as f64, 1),
        count(decided)
    )
}

/// A verdict as a badge.
fn badge(verdict: Verdict) -> Text {
    let (sign, tone) = match verdict {
        Verdict::Supported => ("✓", Tone::Positive),
        Verdict::Contradicted => ("✗", Tone::Negative),
        Verdict::Unclear => ("?", Tone::Neutral),
        Verdict::NotMeasured => ("–", Tone::Absent),
    };
    Text::default().and_badge(format!("{sign} {}", verdict.name()), tone)
}

/// How many findings came to each verdict, in words.
pub(super) fn tally(findings: &[&Finding]) -> String {
    let each = Verdict::ALL.into_iter().filter_map(|verdict| {
        let own = findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count();
        (own > 0).then(|| format!("{} {}", count(own), verdict.name()))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Every criterion on every dataset.
pub(super) fn scoreboard(stores: &[Store<'_>]) -> Option<Section> {
    let all = || {
        stores
            .iter()
            .flat_map(|s| s.analysis.findings.iter().map(move |f| (s, f)))
    };
    let findings: Vec<&Finding> = all().map(|(_, finding)| finding).collect();
    if findings.is_empty() {
        return None;
    }
    let mut section = Section::new(2, "scoreboard", "Scoreboard");
    section.paragraph(Text::markup(&format!(
        "{}, each of one criterion on one dataset: {}. A criterion is supported where the whole \
         interval of its number satisfies the rule, contradicted where none of it does, and \
         unclear otherwise. The store records every criterion before the first trial. {} {}",
        counted(findings.len(), "verdict", "verdicts"),
        tally(&findings),
        evidence(stores),
        by_chance(&findings, stores)
    )));
    let rows = all().map(|(store, finding)| {
        let shown = &store.analysis.specification.show;
        let mut own = views(&finding.criterion.statistic).iter();
        let place = match own.find(|view| shown.contains(view)) {
            Some(view) => format!("#{}", store.anchor(*view)),
            None => format!("#{}", store.id),
        };
        let says = sentence(&finding.criterion.says)
            .and_plain(" ")
            .and_markup(&format!(
                "Number: {}. Rule: {}.",
                finding.number, finding.rule
            ));
        vec![
            Entry::text(finding.criterion.claim.clone()),
            Entry::text(says),
            Entry::text(Text::code(finding.dataset.clone())),
            Entry::text(badge(finding.verdict)),
            Entry::text(provenance(store, finding)),
            Entry::text(number(finding)),
            Entry::text(
                Text::default().and_link(store.analysis.manifest.experiment.clone(), place),
            ),
        ]
    });
    let columns = [
        "claim",
        "what it says, by which number and rule",
        "dataset",
        "verdict",
        "evidence",
        "number",
        "experiment",
    ];
    section.table(Table {
        caption: Text::markup("Every criterion on every dataset."),
        columns: columns.iter().map(|column| Text::markup(column)).collect(),
        rows: rows.collect(),
        name: String::new(),
    });
    let missing = stores.iter().flat_map(|store| {
        store.analysis.manifest.not_run.iter().map(|one| {
            Text::plain(format!(
                "Not run: {} on ",
                store.analysis.manifest.experiment
            ))
            .and_code(one.dataset.clone())
            .and_plain(format!(", because {}.", one.reason))
        })
    });
    section.list(missing.collect());
    Some(section)
}

/// What a verdict is worth, and the commits of its rule and of the program that measured it.
fn provenance(store: &Store<'_>, finding: &Finding) -> Text {
    let analysis = store.analysis;
    let mut text = Text::plain(finding.evidence.name());
    let commits = [
        ("rule", &analysis.rules_commit),
        ("program", &analysis.manifest.git_commit),
    ];
    for (what, commit) in commits {
        if let Some(commit) = commit {
            let short: String = commit.chars().take(7).collect();
            text = text.and_plain(format!(", {what} ")).and_code(short);
        }
    }
    text
}

/// A finding's number, or why there is none.
fn number(finding: &Finding) -> Text {
    match (&finding.effect, &finding.reason) {
        (Some(own), None) => Text::markup(&effect(own)),
        (Some(own), Some(reason)) => Text::markup(&format!("{}; {reason}", effect(own))),
        (None, reason) => Text::plain(reason.clone().unwrap_or_default()),
    }
}
