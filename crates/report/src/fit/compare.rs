use serde::Serialize;

use super::model::{Fit, Law};

/// The laws fitted to one set of cells, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The dataset of the cells.
    pub dataset: String,
    /// Their input-layer rate, or `None` where all rates are pooled.
    pub input_rate: Option<f64>,
    /// The filter `width >= width_over_depth * depth`.
    pub width_over_depth: f64,
    /// Number of cells.
    pub cells: usize,
    /// The laws by ascending AICc; by leave-one-out error where the cells are
    /// too few for an AICc.
    pub ranking: Vec<Ranked>,
    /// The law with the least leave-one-cell-out error.
    pub best_by_leave_one_out: Law,
}

/// A law's place in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranked {
    /// The law.
    pub law: Law,
    /// Its AICc minus the least one. A difference below 2 decides nothing;
    /// above 10, the law has essentially no support (K. P. Burnham and D. R.
    /// Anderson, Model Selection and Multimodel Inference, 2002, section 2.6).
    pub delta_aicc: Option<f64>,
    /// Its leave-one-cell-out error minus the least one, in octaves.
    pub delta_loo_octaves: f64,
}

/// Ranks the laws that were fitted to the same cells, wherever there are at
/// least two, in the order of the fits. Both criteria judge prediction:
/// AICc by a penalty on parameters, leave-one-out by leaving out cells.
///
/// Both take the cells' deviations for independent. Where rates are pooled
/// they are not quite: cells of one architecture share their noise, so
/// differences between laws look somewhat more certain than they are.
pub fn compare(fits: &[Fit]) -> Vec<Comparison> {
    let mut groups: Vec<Vec<&Fit>> = Vec::new();
    for fit in fits {
        match groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| same_cells(first, fit)))
        {
            Some(group) => group.push(fit),
            None => groups.push(vec![fit]),
        }
    }
    groups
        .iter()
        .filter(|group| group.len() > 1)
        .filter_map(|group| rank(group))
        .collect()
}

fn same_cells(a: &Fit, b: &Fit) -> bool {
    a.dataset == b.dataset
        && a.input_rate == b.input_rate
        && a.width_over_depth == b.width_over_depth
}

fn rank(group: &[&Fit]) -> Option<Comparison> {
    let first = group.first()?;
    let by_loo = |a: &&&Fit, b: &&&Fit| a.loo_rmse_octaves.total_cmp(&b.loo_rmse_octaves);
    let best = group.iter().min_by(by_loo)?;
    let least_aicc = group
        .iter()
        .filter_map(|fit| fit.aicc)
        .min_by(f64::total_cmp);
    let mut sorted = group.to_vec();
    sorted.sort_by(|a, b| {
        // A law without an AICc has too many parameters for the cells: last.
        let key = |fit: &Fit| fit.aicc.unwrap_or(f64::INFINITY);
        key(a)
            .total_cmp(&key(b))
            .then(a.loo_rmse_octaves.total_cmp(&b.loo_rmse_octaves))
    });
    let delta = |value: f64, least: f64| if value == least { 0.0 } else { value - least };
    Some(Comparison {
        dataset: first.dataset.clone(),
        input_rate: first.input_rate,
        width_over_depth: first.width_over_depth,
        cells: first.cells,
        ranking: sorted
            .iter()
            .map(|fit| Ranked {
                law: fit.law,
                delta_aicc: fit.aicc.zip(least_aicc).map(|(a, least)| delta(a, least)),
                delta_loo_octaves: delta(fit.loo_rmse_octaves, best.loo_rmse_octaves),
            })
            .collect(),
        best_by_leave_one_out: best.law,
    })
}
