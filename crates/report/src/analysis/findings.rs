use etastar_search::Snapshot;

use super::cells::datasets;
use super::{Analysis, AnalysisOptions, Criterion, Effect, Finding, Verdict};

/// Every criterion of an analysis on every dataset of a store: criterion by
/// criterion, the datasets in the grid's order, those that could not be had
/// last.
pub fn findings(
    snapshot: &Snapshot,
    analysis: &Analysis,
    options: &AnalysisOptions,
) -> Vec<Finding> {
    let datasets = datasets(snapshot);
    let mut findings = Vec::new();
    for criterion in &analysis.criteria {
        for cells in datasets
            .iter()
            .filter(|cells| criterion.statistic.applies(cells))
        {
            let effect = criterion.statistic.effect(cells, options);
            findings.push(match effect {
                Ok(effect) => measured(criterion, &cells.label, effect),
                Err(reason) => not_measured(criterion, &cells.label, reason.to_string()),
            });
        }
        for missing in &snapshot.manifest.not_run {
            findings.push(not_measured(
                criterion,
                &missing.dataset,
                missing.reason.clone(),
            ));
        }
    }
    findings
}

fn measured(criterion: &Criterion, dataset: &str, effect: Effect) -> Finding {
    let reason = effect.bounds().is_none().then(|| {
        "there is no interval: too few architectures, or too few resamples that determine it"
            .to_owned()
    });
    Finding {
        effect: Some(effect),
        verdict: Verdict::of(&criterion.rule, &effect),
        reason,
        ..blank(criterion, dataset)
    }
}

fn not_measured(criterion: &Criterion, dataset: &str, reason: String) -> Finding {
    Finding {
        reason: Some(reason),
        ..blank(criterion, dataset)
    }
}

fn blank(criterion: &Criterion, dataset: &str) -> Finding {
    Finding {
        claim: criterion.claim.clone(),
        says: criterion.says.clone(),
        statistic: criterion.statistic.words(),
        rule: criterion.rule.words(),
        dataset: dataset.to_owned(),
        effect: None,
        verdict: Verdict::NotMeasured,
        reason: None,
    }
}
