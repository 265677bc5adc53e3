//! Products of matrices, and the transposition that some of them need.

use std::cell::RefCell;

/// A matrix in a slice, row-major or the transpose of one that is.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// The row-major matrix `[rows, columns]`.
    ///
    /// # Panics
    /// If the slice has another number of values.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a {rows} x {columns} matrix");
        Self {
            values,
            rows,
            columns,
            transposed: false,
        }
    }

    /// Its transpose; nothing is moved.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// Steps to the next row and to the next column.
    fn strides(self) -> (isize, isize) {
        // A slice is never longer than `isize::MAX`.
        if self.transposed {
            (1, self.rows as isize)
        } else {
            (self.columns as isize, 1)
        }
    }
}

/// Writes `left right` over the row-major `result`.
///
/// # Panics
/// If `left` has not as many columns as `right` has rows, or `result` has not
/// as many values as their product.
pub fn product_into(result: &mut [f32], left: Matrix<'_>, right: Matrix<'_>) {
    if meets_few_cache_sets(left, right) {
        product_by_columns(left, right, result);
    } else {
        multiply(left, right, result, Update::Overwrite);
    }
}

/// Adds `factor left right` to the row-major `sum`, in place.
///
/// # Panics
/// If `left` has not as many columns as `right` has rows, or `sum` has not as
/// many values as their product.
pub fn add_product(sum: &mut [f32], factor: f32, left: Matrix<'_>, right: Matrix<'_>) {
    multiply(left, right, sum, Update::Add { factor });
}

enum Update {
    Overwrite,
    Add { factor: f32 },
}

fn multiply(left: Matrix<'_>, right: Matrix<'_>, result: &mut [f32], update: Update) {
    let (read_result, factor) = match update {
        Update::Overwrite => (false, 1.0),
        Update::Add { factor } => (true, factor),
    };
    assert_eq!(
        left.columns, right.rows,
        "the inner dimensions of a product"
    );
    assert_eq!(result.len(), left.rows * right.columns, "a product's size");
    let (left_row, left_column) = left.strides();
    let (right_row, right_column) = right.strides();
    // SAFETY: `Matrix::new` and the assertions above guarantee that every
    // element `[i, j]` of the three matrices, `i < rows` and `j < columns`, lies
    // within its slice at `i * row stride + j * column stride`; `result` is
    // borrowed mutably and so overlaps neither operand.
    #[expect(unsafe_code, reason = "the gemm crate has no safe interface")]
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            result.as_mut_ptr(),
            1,
            right.columns as isize,
            read_result,
            left.values.as_ptr(),
            left_column,
            left_row,
            right.values.as_ptr(),
            right_column,
            right_row,
            1.0,
            factor,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Whether the rows of a transposed right operand are a multiple of 1 KiB
/// apart. The product reads dozens of its rows side by side, and at such a
/// distance they share a few sets of the first-level cache and evict each
/// other: at 512 columns it takes 1.7 times as long.
fn meets_few_cache_sets(left: Matrix<'_>, right: Matrix<'_>) -> bool {
    right.transposed && !left.transposed && right.rows.is_multiple_of(256) && right.columns > 16
}

/// The product, computed column by column, so that the operand to be read side
/// by side is `left`, transposed beforehand.
fn product_by_columns(left: Matrix<'_>, right: Matrix<'_>, result: &mut [f32]) {
    WORKSPACE.with_borrow_mut(|workspace| {
        let (rows, inner, columns) = (left.rows, left.columns, right.columns);
        let needed = rows * (inner + columns);
        if workspace.len() < needed {
            workspace.resize(needed, 0.0);
        }
        let (by_columns, rest) = workspace.split_at_mut(rows * inner);
        transpose(left.values, rows, inner, by_columns);
        let product = &mut rest[..rows * columns];
        // (left right)^T = right^T left^T, in which the transpose of `left` is
        // the right operand.
        let right = right.transposed();
        let left = Matrix::new(by_columns, inner, rows);
        multiply(right, left, product, Update::Overwrite);
        transpose(product, columns, rows, result);
    });
}

thread_local! {
    /// Kept between products: it is needed at every step of a training.
    static WORKSPACE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Rows and columns of a tile: a cache line of `f32`.
const TILE: usize = 16;

/// Writes the transpose of the row-major matrix `[rows, columns]`, tile by
/// tile, so that both sides stay in the cache.
fn transpose(matrix: &[f32], rows: usize, columns: usize, into: &mut [f32]) {
    assert_eq!(matrix.len(), rows * columns, "a {rows} x {columns} matrix");
    assert_eq!(into.len(), matrix.len(), "the size of its transpose");
    for first_row in (0..rows).step_by(TILE) {
        let tile_rows = TILE.min(rows - first_row);
        for first_column in (0..columns).step_by(TILE) {
            for column in first_column..columns.min(first_column + TILE) {
                let start = column * rows + first_row;
                let row = &mut into[start..start + tile_rows];
                let source = matrix[first_row * columns + column..].iter();
                for (to, from) in row.iter_mut().zip(source.step_by(columns)) {
                    *to = *from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers whose products and sums are exact in `f32`.
    fn integers(count: usize, seed: usize) -> Vec<f32> {
        let values = (0..count).map(|i| ((i * 31 + seed * 17) % 13) as f32 - 6.0);
        values.collect()
    }

    fn product(left: Matrix<'_>, right: Matrix<'_>) -> Vec<f32> {
        let mut result = vec![f32::NAN; left.rows * right.columns];
        product_into(&mut result, left, right);
        result
    }

    fn at(matrix: Matrix<'_>, row: usize, column: usize) -> f32 {
        let (row_stride, column_stride) = matrix.strides();
        matrix.values[row * row_stride as usize + column * column_stride as usize]
    }

    fn by_definition(left: Matrix<'_>, right: Matrix<'_>) -> Vec<f32> {
        let mut result = Vec::new();
        for row in 0..left.rows {
            for column in 0..right.columns {
                let terms = (0..left.columns).map(|i| at(left, row, i) * at(right, i, column));
                result.push(terms.sum());
            }
        }
        result
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_definition(
            (rows, inner, columns) in (1usize..20, 1usize..20, 1usize..20),
            (left_transposed, right_transposed) in (any::<bool>(), any::<bool>()),
            factor in -3i8..4,
        ) {
            let (a, b) = (integers(rows * inner, 1), integers(inner * columns, 2));
            let matrix = |values, rows, columns, transposed| {
                if transposed {
                    Matrix::new(values, columns, rows).transposed()
                } else {
                    Matrix::new(values, rows, columns)
                }
            };
            let left = matrix(&a, rows, inner, left_transposed);
            let right = matrix(&b, inner, columns, right_transposed);
            let expected = by_definition(left, right);
            prop_assert_eq!(&product(left, right), &expected);
            let mut sum = integers(rows * columns, 3);
            let added: Vec<f32> = sum
                .iter()
                .zip(&expected)
                .map(|(before, product)| before + f32::from(factor) * product)
                .collect();
            add_product(&mut sum, f32::from(factor), left, right);
            prop_assert_eq!(sum, added);
        }
    }

    #[test]
    fn rows_that_share_cache_sets_are_multiplied_alike() {
        for (rows, inner, columns) in [(3, 256, 17), (128, 512, 40), (1, 256, 300)] {
            let (a, b) = (integers(rows * inner, 1), integers(inner * columns, 2));
            let left = Matrix::new(&a, rows, inner);
            let right = Matrix::new(&b, columns, inner).transposed();
            assert!(meets_few_cache_sets(left, right));
            assert_eq!(product(left, right), by_definition(left, right));
        }
    }

    #[test]
    fn nothing_is_a_matrix_too() {
        let (left, right) = (Matrix::new(&[], 2, 0), Matrix::new(&[], 0, 3));
        assert_eq!(product(left, right), [0.0; 6]);
        assert!(product(right, Matrix::new(&[], 3, 0)).is_empty());
    }

    #[test]
    #[should_panic(expected = "inner dimensions")]
    fn operands_that_do_not_fit_are_refused() {
        product(Matrix::new(&[1.0], 1, 1), Matrix::new(&[1.0, 2.0], 2, 1));
    }

    #[test]
    #[should_panic(expected = "a 2 x 2 matrix")]
    fn a_matrix_of_too_few_values_is_refused() {
        Matrix::new(&[1.0], 2, 2);
    }

    proptest! {
        #[test]
        fn rows_become_columns((rows, columns) in (0usize..50, 0usize..50)) {
            let matrix: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
            let mut transposed = vec![f32::NAN; rows * columns];
            transpose(&matrix, rows, columns, &mut transposed);
            for row in 0..rows {
                for column in 0..columns {
                    prop_assert_eq!(
                        transposed[column * rows + row],
                        matrix[row * columns + column]
                    );
                }
            }
        }
    }
}
