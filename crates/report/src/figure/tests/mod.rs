mod numbers;
mod picture;
mod properties;
