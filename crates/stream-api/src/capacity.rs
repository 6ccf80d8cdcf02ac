use serde::{Deserialize, Serialize};

/// What this machine has left for streams, and how many more like one that would be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// Processor cores that streams may use in all. A second thread of a core counts as part of one.
    pub cores: f64,
    /// Of these, unused over the last seconds. What gives way to streams, such as preparing, counts as unused; what
    /// streams will need that are starting does not.
    pub free_cores: f64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of memory that programs can still have.
    pub free_memory: u64,
    /// How fast it encodes was measured. Until then nothing is said of streams that encode; asked for the first time,
    /// it is measured, which takes seconds.
    pub measured: bool,
    /// One more like that which was asked about, as it would be sent at once.
    #[serde(default)]
    pub now: Option<Fit>,
    /// The same from a prepared file; absent where none can be made, or it would gain no room.
    #[serde(default)]
    pub prepared: Option<Fit>,
}

/// What one stream takes, and how many more like it there is room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Processor cores, the server's share included.
    pub cores: f64,
    /// Bytes of memory.
    pub memory: u64,
    /// How many more, about.
    pub more: u32,
}
