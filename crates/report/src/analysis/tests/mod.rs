mod comparisons;
mod coverage;
mod eta_star;
mod sharpness;
mod specification;
mod support;
mod variants;
