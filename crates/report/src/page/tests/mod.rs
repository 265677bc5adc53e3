mod document;
mod files;
mod synthetic;
