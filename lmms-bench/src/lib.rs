//! What `lmms` is worth, measured: a local Lambda that bills, rivals for it, and a report.
//!
//! | module | is |
//! |---|---|
//! | [`trace`] | when which event arrives: recorded, or generated from a seed |
//! | [`fleet`] | containers as Lambda keeps them: started on demand, frozen, reaped; and the replay of a trace on them |
//! | [`bill`] | what AWS would charge |
//! | [`lineup`] | the functions that are compared, and how they are built |
//! | [`measure`] | cold starts, latencies and replays, each with its spread |
//! | [`results`] | what was measured: the file between measuring and reporting |
//! | [`logs`] | `[LMMS_STATS]` lines, from a run here or from CloudWatch |
//! | [`report`] | the page, and the same as Markdown |
//! | [`scale`] | what follows for more requests, containers and interfaces than fit on a machine |

pub mod bill;
pub mod fleet;
pub mod lineup;
pub mod logs;
pub mod measure;
pub mod report;
pub mod results;
pub mod scale;
pub mod trace;
