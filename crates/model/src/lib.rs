//! The multilayer perceptron.

mod loss;

pub use loss::Loss;
