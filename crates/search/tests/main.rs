//! Searches, sweeps and trials, on real trainings and on mock ones.

mod checkpoint;
mod dead;
mod ensemble;
mod sweep;
