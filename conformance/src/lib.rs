//! Whether a backend computes what it should: every operation that training
//! and sharpness need, against a reference in double precision that is written
//! in plain loops and shares no code with them.
//!
//! | | |
//! |---|---|
//! | [`Reference`] | the network, its loss, gradient and Hessian-vector product in plain loops |
//! | [`Case`] | a network, samples and a direction, the same for every backend |
//! | [`measure`] | the largest error of each [`Operation`] of a backend on a case |
//! | [`tolerance`] | what rounding explains |

mod case;
mod measure;
mod operation;
mod reference;
mod tolerance;

pub use case::{Case, Shape};
pub use measure::measure;
pub use operation::Operation;
pub use reference::{Derivatives, Reference};
pub use tolerance::tolerance;
