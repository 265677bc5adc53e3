//! Extreme eigenvalues and spectral density of a symmetric operator from its
//! products with vectors.
//!
//! The Lanczos process builds an orthonormal basis of the Krylov space of a
//! random start vector, in which the operator is tridiagonal. The extreme
//! eigenvalues of that matrix, the *Ritz values*, lie inside the operator's
//! spectrum and converge to its ends. The start vector has a component along
//! every eigenspace with probability one, so when the Krylov space closes
//! early (an *invariant subspace*), its extreme Ritz values are the operator's.
//!
//! C. Lanczos, J. Res. Nat. Bur. Standards 45 (1950); Y. Saad, *Numerical
//! Methods for Large Eigenvalue Problems* (2011), chapter 6.

mod density;
mod eigenpair;
mod error;
mod krylov;
mod symmetric;
mod tridiagonal;

pub use density::{DensityOptions, SpectralDensity, SpectralNode, spectral_density};
pub use eigenpair::{
    Extremes, LanczosOptions, RitzPair, extreme_eigenvalues, largest_eigenvalue,
    smallest_eigenvalue,
};
pub use error::LanczosError;
pub use symmetric::symmetric_eigenvalues;
