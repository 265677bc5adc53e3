use nalgebra::DMatrix;

/// A real symmetric matrix known by its products with vectors.
///
/// Vectors live on the host in double precision; what computes the product
/// may be less precise.
pub trait LinearOperator {
    /// Number of rows, and of columns.
    fn dimension(&self) -> usize;

    /// The product with `vector`.
    ///
    /// # Panics
    /// Implementations may panic if `vector.len()` is not
    /// [`dimension`](Self::dimension).
    fn apply(&self, vector: &[f64]) -> Vec<f64>;
}

impl<A: LinearOperator + ?Sized> LinearOperator for &A {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        (**self).apply(vector)
    }
}

/// The whole matrix, column by column: `dimension` products and `dimension^2`
/// numbers, so for small networks only.
pub fn assemble(operator: &impl LinearOperator) -> DMatrix<f64> {
    let dimension = operator.dimension();
    let mut matrix = DMatrix::zeros(dimension, dimension);
    let mut unit = vec![0.0; dimension];
    for column in 0..dimension {
        unit[column] = 1.0;
        matrix
            .column_mut(column)
            .copy_from_slice(&operator.apply(&unit));
        unit[column] = 0.0;
    }
    matrix
}
