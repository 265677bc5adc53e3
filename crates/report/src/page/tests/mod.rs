mod document;
mod files;
mod sharpness;
mod synthetic;
