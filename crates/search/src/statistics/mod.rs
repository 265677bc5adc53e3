//! Uncertainty of geometric means.
