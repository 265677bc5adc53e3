mod document;
mod files;
mod reproduction;
mod sharpness;
mod synthetic;
