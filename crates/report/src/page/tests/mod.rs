mod document;
mod files;
mod predictive;
mod reproduction;
mod sharpness;
mod synthetic;
