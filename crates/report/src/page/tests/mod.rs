mod document;
mod files;
mod predictive;
mod relations;
mod reproduction;
mod sharpness;
mod synthetic;
