use super::view::View;
use crate::figure::Text;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{fixed, interval, octaves, rate, setting};
use crate::sharpness::GrowthLaw;

/// The power laws of both matrices.
pub(super) fn exponents(view: &View<'_>) -> Section {
    let id = format!("{}-exponents", view.id);
    let mut section = Section::new(3, id, Text::plain("Exponents"));
    let laws = &view.series.laws;
    if laws.is_empty() {
        section.paragraph(
            "No power law was fitted: that takes three cells of constant width at one input rate, \
             not all of the same depth × width.",
        );
        return section;
    }
    section.paragraph(
        "The law λ_{1} = C (depth × width)^{b} is a straight line in log_{2}, fitted by least \
         squares to the mean of log_{2} λ_{1} over the repeats of each cell.",
    );
    let known: Vec<[f64; 2]> = laws.iter().filter_map(|law| law.interval).collect();
    if !known.is_empty() {
        let holding = known
            .iter()
            .filter(|[low, high]| *low <= 1.0 && 1.0 <= *high);
        section.paragraph(Text::markup(&format!(
            "The exponent's interval contains 1 in {} of {} fits.",
            holding.count(),
            known.len()
        )));
    }
    section.table(Table {
        caption: Text::markup(&format!(
            "Power laws of {}, for the Hessian H and the Gauss-Newton matrix G. k: only cells with \
             width ≥ k × depth; b with {} intervals ({}); rmse: rms residual over cells, in \
             octaves. The intervals answer for the draw of the weights, not for the choice of \
             cells.",
            view.series.label,
            view.confidence(),
            view.interval_method()
        )),
        columns: vec![
            Text::markup("matrix"),
            Text::markup("μ_{in}"),
            Text::markup("k"),
            Text::markup("cells"),
            Text::markup("b"),
            Text::markup("interval"),
            Text::markup("C"),
            Text::markup("R^{2}"),
            Text::markup("rmse"),
        ],
        rows: laws.iter().map(row).collect(),
        name: String::new(),
    });
    section
}

fn row(law: &GrowthLaw) -> Vec<Entry> {
    let three = |value| fixed(value, 3);
    let bounds = match law.interval {
        Some(ends) => Entry::number(ends[0], &interval(ends, three)),
        None => Entry::text("–"),
    };
    vec![
        Entry::text(law.matrix.symbol()),
        Entry::number(law.input_rate, &setting(law.input_rate)),
        Entry::number(law.width_over_depth, &setting(law.width_over_depth)),
        Entry::count(law.cells),
        Entry::number(law.exponent, &three(law.exponent)),
        bounds,
        Entry::number(law.log2_constant, &rate(law.log2_constant.exp2())),
        Entry::number(law.r_squared, &three(law.r_squared)),
        Entry::number(law.rmse_octaves, &octaves(law.rmse_octaves)),
    ]
}
