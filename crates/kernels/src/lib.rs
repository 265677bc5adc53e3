//! Kernels of training on the processor, on slices of `f32`: products of
//! matrices, ReLU, softmax cross-entropy. One thread, and the same bits at
//! every run.
//!
//! Knows nothing of tensors: a backend that keeps its numbers in slices calls
//! these. The products are those of the `gemm` crate, which chooses AVX-512,
//! AVX2 or NEON at run time; the project's only `unsafe` block is that call.

mod cross_entropy;
mod product;
mod relu;

pub use cross_entropy::softmax_cross_entropy;
pub use product::{Matrix, add_product, product_into};
pub use relu::{add_rows, relu, relu_backward};
