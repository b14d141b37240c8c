//! When which event arrives: recorded, or generated from a seed.
