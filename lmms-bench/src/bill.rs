//! What AWS would charge.
