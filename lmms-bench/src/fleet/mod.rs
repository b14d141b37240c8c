//! Containers as Lambda keeps them: started on demand, frozen, reaped; and the replay of a trace on them.
