//! The functions that are compared, and how they are built.
