//! Cold starts, latencies and replays, each with its spread.
