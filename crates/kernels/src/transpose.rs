//! Transposition, tile by tile, so that both sides stay in the cache.

/// Rows and columns of a tile: a cache line of `f32`.
const TILE: usize = 16;

/// Writes the transpose of the row-major matrix `[rows, columns]`.
pub(crate) fn transpose(matrix: &[f32], rows: usize, columns: usize, into: &mut [f32]) {
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
