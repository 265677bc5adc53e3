mod eta_star;
mod specification;
mod support;
mod variants;
