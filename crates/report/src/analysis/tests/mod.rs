mod comparisons;
mod coverage;
mod eta_sharpness;
mod eta_star;
mod late_stage;
mod sharpness;
mod specification;
mod support;
