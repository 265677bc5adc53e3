//! A multilayer perceptron with ReLU activations in plain loops and double
//! precision. It is slow, and simple enough to verify by reading.

use etastar_model::Loss;

/// A row-major matrix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn new(rows: usize, columns: usize, values: Vec<f64>) -> Self {
        Self {
            rows,
            columns,
            values,
        }
    }

    fn zeros(rows: usize, columns: usize) -> Self {
        Self::new(rows, columns, vec![0.0; rows * columns])
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    fn product(&self, other: &Self) -> Self {
        let mut result = Self::zeros(self.rows, other.columns);
        for i in 0..self.rows {
            for j in 0..other.columns {
                let terms = (0..self.columns).map(|k| self.at(i, k) * other.at(k, j));
                result.values[i * other.columns + j] = terms.sum();
            }
        }
        result
    }

    fn transposed(&self) -> Self {
        let mut result = Self::zeros(self.columns, self.rows);
        for i in 0..self.rows {
            for j in 0..self.columns {
                result.values[j * self.rows + i] = self.at(i, j);
            }
        }
        result
    }

    /// Entry by entry.
    fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        let values = pairs.map(|(a, b)| join(*a, *b)).collect();
        Self::new(self.rows, self.columns, values)
    }

    fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        let values = self.values.iter().map(|value| change(*value)).collect();
        Self::new(self.rows, self.columns, values)
    }
}

/// A network without biases.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// One `[in, out]` matrix a layer.
    pub(crate) weights: Vec<Matrix>,
}

/// The mean loss of a batch and its derivatives, each derivative layer by
/// layer from the input side, each layer's `[in, out]` row by row.
#[derive(Debug, Clone)]
pub(crate) struct Derivatives {
    /// Outputs, `[samples, outputs]` row by row.
    pub(crate) outputs: Vec<f64>,
    /// Mean loss.
    pub(crate) loss: f64,
    /// Its gradient.
    pub(crate) gradient: Vec<f64>,
    /// Its Hessian times the direction.
    pub(crate) hessian_vector_product: Vec<f64>,
    /// The least magnitude of any input of a ReLU: how far the network is from
    /// a kink, where a rounding error would be a jump.
    pub(crate) distance_to_kink: f64,
}

impl Reference {
    /// The loss of a batch with one-hot `targets`, its gradient, and its
    /// Hessian times `direction`.
    ///
    /// The Hessian-vector product is the derivative of the gradient along the
    /// direction: every line of the two sweeps is differentiated as it stands
    /// (B. A. Pearlmutter, Neural Computation 6(1), 1994). The second
    /// derivative of ReLU is 0.
    pub(crate) fn derivatives(
        &self,
        inputs: &Matrix,
        targets: &Matrix,
        loss: Loss,
        direction: &[Matrix],
    ) -> Derivatives {
        let last = self.weights.len() - 1;
        let mut activations = vec![inputs.clone()];
        let mut tangents = vec![inputs.map(|_| 0.0)];
        let mut masks = Vec::new();
        let mut distance_to_kink = f64::INFINITY;
        for (layer, (weight, along)) in self.weights.iter().zip(direction).enumerate() {
            let activation = &activations[layer];
            let z = activation.product(weight);
            let z_tangent = tangents[layer]
                .product(weight)
                .with(&activation.product(along), |a, b| a + b);
            if layer == last {
                activations.push(z);
                tangents.push(z_tangent);
            } else {
                let least = z
                    .values
                    .iter()
                    .map(|z| z.abs())
                    .fold(f64::INFINITY, f64::min);
                distance_to_kink = distance_to_kink.min(least);
                let mask = z.map(|z| if z > 0.0 { 1.0 } else { 0.0 });
                activations.push(z.with(&mask, |z, on| z * on));
                tangents.push(z_tangent.with(&mask, |z, on| z * on));
                masks.push(mask);
            }
        }
        let outputs = &activations[last + 1];
        let samples = inputs.rows as f64;
        let (value, mut delta, mut delta_tangent) =
            output_derivatives(outputs, &tangents[last + 1], targets, loss);
        let mut gradient = vec![Vec::new(); last + 1];
        let mut product = vec![Vec::new(); last + 1];
        for layer in (0..=last).rev() {
            let transposed = activations[layer].transposed();
            gradient[layer] = transposed.product(&delta).map(|g| g / samples).values;
            let first = tangents[layer].transposed().product(&delta);
            let second = transposed.product(&delta_tangent);
            product[layer] = first.with(&second, |a, b| (a + b) / samples).values;
            if layer > 0 {
                let back = self.weights[layer].transposed();
                let along = direction[layer].transposed();
                let mask = &masks[layer - 1];
                let tangent = delta_tangent
                    .product(&back)
                    .with(&delta.product(&along), |a, b| a + b);
                delta_tangent = tangent.with(mask, |d, on| d * on);
                delta = delta.product(&back).with(mask, |d, on| d * on);
            }
        }
        Derivatives {
            outputs: outputs.values.clone(),
            loss: value,
            gradient: gradient.concat(),
            hessian_vector_product: product.concat(),
            distance_to_kink,
        }
    }
}

/// Mean loss; the derivative of each sample's loss in its outputs; and that
/// derivative's own along a tangent of the outputs.
fn output_derivatives(
    outputs: &Matrix,
    tangent: &Matrix,
    targets: &Matrix,
    loss: Loss,
) -> (f64, Matrix, Matrix) {
    let samples = outputs.rows as f64;
    match loss {
        Loss::SquaredError => {
            let residual = outputs.with(targets, |f, y| f - y);
            let squares: f64 = residual.values.iter().map(|r| r * r).sum();
            (0.5 * squares / samples, residual, tangent.clone())
        }
        Loss::CrossEntropy => {
            let mut value = 0.0;
            let mut delta = outputs.clone();
            let mut along = outputs.clone();
            for row in 0..outputs.rows {
                let of = |matrix: &Matrix| -> Vec<f64> {
                    (0..matrix.columns).map(|k| matrix.at(row, k)).collect()
                };
                let (f, t, y) = (of(outputs), of(tangent), of(targets));
                let largest = f.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = f.iter().map(|f| (f - largest).exp()).sum();
                let p: Vec<f64> = f.iter().map(|f| (f - largest).exp() / sum).collect();
                let mean: f64 = p.iter().zip(&t).map(|(p, t)| p * t).sum();
                for k in 0..f.len() {
                    let place = row * outputs.columns + k;
                    value -= y[k] * (f[k] - largest - sum.ln());
                    delta.values[place] = p[k] - y[k];
                    along.values[place] = p[k] * (t[k] - mean);
                }
            }
            (value / samples, delta, along)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Case, Shape};

    /// The reference against central differences of itself: the loss for the
    /// gradient, the gradient for the Hessian.
    #[test]
    fn derivatives_are_those_of_the_loss() {
        let shape = Shape {
            inputs: 5,
            width: 6,
            depth: 3,
            outputs: 3,
            samples: 4,
        };
        for loss in [Loss::CrossEntropy, Loss::SquaredError] {
            let case = Case::new(shape, loss, 3);
            let exact = case.derivatives();
            let step = 1e-6;
            let moved = |by: f64| {
                let mut moved = case.clone();
                moved.reference.weights = case
                    .reference
                    .weights
                    .iter()
                    .zip(&case.direction)
                    .map(|(weight, along)| weight.with(along, |w, d| w + by * d))
                    .collect();
                moved.derivatives()
            };
            let (up, down) = (moved(step), moved(-step));
            let slope = (up.loss - down.loss) / (2.0 * step);
            let direction: Vec<f64> = case
                .direction
                .iter()
                .flat_map(|d| d.values.clone())
                .collect();
            let expected: f64 = exact
                .gradient
                .iter()
                .zip(&direction)
                .map(|(g, d)| g * d)
                .sum();
            assert!((slope - expected).abs() < 1e-8 * (1.0 + expected.abs()));
            for ((up, down), exact) in up
                .gradient
                .iter()
                .zip(&down.gradient)
                .zip(&exact.hessian_vector_product)
            {
                let slope = (up - down) / (2.0 * step);
                assert!(
                    (slope - exact).abs() < 1e-7 * (1.0 + exact.abs()),
                    "{slope} {exact}"
                );
            }
        }
    }
}
