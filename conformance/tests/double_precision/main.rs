//! Double precision, and single against it, in a process of its own: Burn keeps
//! the default float type by device, and the first one used decides.

mod forms;
mod precision;
