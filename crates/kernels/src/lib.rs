//! Kernels of training on the processor, on slices of `f32`: products of
//! matrices, ReLU, softmax cross-entropy. One thread, and the same bits at
//! every run.
//!
//! Knows nothing of tensors: a backend that keeps its numbers in slices calls
//! these. The products are those of the `gemm` crate, which chooses AVX-512,
//! AVX2 or NEON at run time; the project's only `unsafe` block is that call.
//!
//! ```
//! use etastar_kernels::{Matrix, product_into, relu};
//!
//! // One sample with two features, into two units.
//! let (input, weights) = ([1.0, 2.0], [1.0, -1.0, 0.5, -0.5]);
//! let mut units = [0.0; 2];
//! product_into(&mut units, Matrix::new(&input, 1, 2), Matrix::new(&weights, 2, 2));
//! assert_eq!(units, [2.0, -2.0]);
//! relu(&mut units);
//! assert_eq!(units, [2.0, 0.0]);
//! ```

mod cross_entropy;
mod product;
mod relu;

pub use cross_entropy::softmax_cross_entropy;
pub use product::{Matrix, add_product, product_into};
pub use relu::{add_rows, relu, relu_backward};
