use etastar_search::{SharpnessCellRecord, SharpnessRecord, Snapshot};

use super::columns::{boolean, integer, real, text};
use super::table::{Column, Table, Value};
use crate::fit::kebab;
use crate::sharpness::CERTIFIED;

/// One row for each network whose sharpness was measured. With an input-layer
/// rate `mu`, every eigenvalue and bound is of `M^{1/2} H M^{1/2}`,
/// `M = diag(mu, 1, .., 1)`.
pub fn sharpness(snapshot: &Snapshot) -> Table {
    let mut rows = Vec::new();
    for record in &snapshot.sharpness {
        let mut repeats: Vec<&SharpnessRecord> = record.repeats.iter().collect();
        repeats.sort_by_key(|repeat| repeat.repeat);
        rows.extend(repeats.into_iter().map(|repeat| row(record, repeat)));
    }
    Table {
        name: "sharpness",
        columns: columns(),
        rows,
    }
}

fn columns() -> Vec<Column> {
    let mut columns = vec![
        text("cell", "Content hash of the cell"),
        text("dataset", "Name of the dataset"),
        integer("depth", "Number of hidden layers"),
        integer(
            "width",
            "Common width of the hidden layers; null where they differ",
        ),
        text(
            "hidden",
            "Widths of the hidden layers from the input side, as 64-32",
        ),
        real(
            "input_rate",
            "Learning rate mu of the input layer relative to the other layers: eigenvalues are \
             of M^(1/2) H M^(1/2), M = diag(mu, 1, .., 1)",
        ),
        boolean("bias", "Whether the layers have biases"),
        real(
            "output_gain",
            "Output-layer variance times fan-in: 2 (He) or 1 (LeCun)",
        ),
        text("loss", "The loss"),
        integer("samples", "Samples over which the loss is averaged"),
        integer("inputs", "Number of input features"),
        integer("outputs", "Number of classes"),
        integer("repeat", "Index of the repeat, from 0: its initial weights"),
        real("hessian_largest", "Largest eigenvalue of the Hessian"),
        real("hessian_smallest", "Smallest eigenvalue of the Hessian"),
        real(
            "residual",
            "Larger residual |H v - theta v| of both eigenpairs",
        ),
        boolean(
            "converged",
            "Whether the residuals of both matrices are within the tolerance",
        ),
        integer("products", "Products with the Hessian"),
        real(
            "gauss_newton_largest",
            "Largest eigenvalue of the Gauss-Newton matrix",
        ),
        real(
            "gauss_newton_residual",
            "Residual |G v - theta v| of its eigenpair",
        ),
        real(
            "trace",
            "Trace of the Hessian and of the Gauss-Newton matrix",
        ),
    ];
    columns.extend(
        CERTIFIED
            .iter()
            .map(|bound| real(bound.name, bound.description)),
    );
    columns.extend([
        real(
            "residual_upper_classwise",
            "Upper bound on |H - G|: block norms by sample and output",
        ),
        real(
            "residual_upper_samplewise",
            "Upper bound on |H - G|: block norms by sample",
        ),
        real(
            "residual_upper_averaged",
            "Upper bound on |H - G|: averaged block norms",
        ),
        real(
            "prediction_plain",
            "lambda_1(G) of the data's infinite-width kernel",
        ),
        real(
            "prediction_finite_width",
            "The same with one finite-width factor (a hypothesis)",
        ),
        real(
            "prediction_layered",
            "The same with one finite-width factor a layer (a hypothesis)",
        ),
        real("seconds", "Wall-clock seconds"),
    ]);
    columns
}

fn row(record: &SharpnessCellRecord, repeat: &SharpnessRecord) -> Vec<Value> {
    let cell = &record.cell;
    let sharpness = &repeat.sharpness;
    let (hessian, gauss_newton) = (&sharpness.hessian, &sharpness.gauss_newton);
    let widths: Vec<String> = cell.hidden.iter().map(usize::to_string).collect();
    let bounds = sharpness.bounds.as_ref();
    let residual = bounds.map(|bounds| bounds.upper.residual);
    let prediction = record.prediction.as_ref();
    let mut row: Vec<Value> = vec![
        record.id.as_str().into(),
        kebab(&cell.dataset.name).into(),
        cell.depth().into(),
        crate::sharpness::constant_width(&cell.hidden).into(),
        widths.join("-").into(),
        cell.input_rate.into(),
        cell.bias.into(),
        cell.output_gain.into(),
        kebab(&cell.loss).into(),
        cell.samples.into(),
        record.inputs.into(),
        record.outputs.into(),
        repeat.repeat.into(),
        hessian.largest.into(),
        hessian.smallest.into(),
        hessian.residual.into(),
        (hessian.converged && gauss_newton.converged).into(),
        hessian.products.into(),
        gauss_newton.largest.into(),
        gauss_newton.residual.into(),
        sharpness.trace.into(),
    ];
    row.extend(
        CERTIFIED
            .iter()
            .map(|bound| Value::from(bounds.map(bound.of))),
    );
    row.extend([
        residual.map(|upper| upper.classwise).into(),
        residual.map(|upper| upper.samplewise).into(),
        residual.map(|upper| upper.averaged).into(),
        prediction.map(|prediction| prediction.plain).into(),
        prediction.map(|prediction| prediction.finite_width).into(),
        prediction.map(|prediction| prediction.layered).into(),
        repeat.seconds.into(),
    ]);
    row
}
