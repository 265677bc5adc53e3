//! Gradients, optimisers and steps against independent oracles.

mod gradient;
mod optimisers;
mod oracle;
