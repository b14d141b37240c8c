//! Generated programs.
