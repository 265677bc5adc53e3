mod document;
mod files;
mod relations;
mod reproduction;
mod sharpness;
mod synthetic;
