use super::fitting::Fits;
use super::model::{Exponent, Fit};

const HEADER: [&str; 10] = [
    "dataset",
    "input rate",
    "width/depth",
    "law",
    "exponent",
    "R^2",
    "rmse",
    "loo",
    "AICc",
    "cells",
];

/// The fits as a plain table for terminals, followed by the laws that were
/// not fitted and why. Errors are in octaves.
pub fn fit_table(fits: &Fits) -> String {
    let mut rows: Vec<Vec<String>> = vec![HEADER.map(str::to_owned).to_vec()];
    rows.extend(fits.fits.iter().map(row));
    let mut text = if fits.fits.is_empty() {
        String::new()
    } else {
        aligned(&rows)
    };
    for not_fitted in &fits.not_fitted {
        text.push_str(&format!(
            "not fitted: {} on {}, {}, {}: {}\n",
            not_fitted.law.name(),
            not_fitted.dataset,
            not_fitted
                .input_rate
                .map_or("all input rates".to_owned(), |rate| format!(
                    "input rate {rate}"
                )),
            format_args!("width/depth >= {}", not_fitted.width_over_depth),
            not_fitted.reason,
        ));
    }
    text
}

fn row(fit: &Fit) -> Vec<String> {
    let named = [
        ("", fit.joint),
        ("depth ", fit.depth),
        ("width ", fit.width),
    ];
    let exponents: Vec<String> = named
        .into_iter()
        .filter_map(|(name, exponent)| Some(format!("{name}{}", of_exponent(&exponent?))))
        .collect();
    let cells = match fit.cells_without_eta_star {
        0 => fit.cells.to_string(),
        without => format!("{} (+{without} without eta*)", fit.cells),
    };
    let cells = match fit.censored_repeats {
        0 => cells,
        1 => format!("{cells}, 1 repeat censored"),
        repeats => format!("{cells}, {repeats} repeats censored"),
    };
    vec![
        fit.dataset.clone(),
        fit.input_rate
            .map_or("all".to_owned(), |rate| rate.to_string()),
        format!(">= {}", fit.width_over_depth),
        fit.law.name().to_owned(),
        exponents.join(", "),
        format!("{:.3}", fit.r_squared),
        format!("{:.3}", fit.rmse_octaves),
        format!("{:.3}", fit.loo_rmse_octaves),
        fit.aicc.map_or("-".to_owned(), |aicc| format!("{aicc:.1}")),
        cells,
    ]
}

fn of_exponent(exponent: &Exponent) -> String {
    match exponent.interval {
        Some([low, high]) => format!("{:.3} [{low:.3}, {high:.3}]", exponent.value),
        None => format!("{:.3}", exponent.value),
    }
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:<width$}"))
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        })
        .collect()
}
