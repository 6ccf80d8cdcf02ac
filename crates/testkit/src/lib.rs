//! Programs that misbehave on request, real media files and readers for the tests of the other crates.
