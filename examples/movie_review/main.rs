//! Movie review: the first application of the paper, after DeathStarBench's media service.
