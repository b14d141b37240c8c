//! What follows for more requests, containers and interfaces than fit on a machine.
