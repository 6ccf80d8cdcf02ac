use serde::{Deserialize, Serialize};

/// Of a computer, what is left for everything else than streams.
const KEPT: f64 = 0.05;

/// What the engine's computer has left for streams. Told by the picture whenever it changes; all 0 during the first
/// seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Computer {
    /// Processor cores that streams may use in all. A second thread of a core counts as part of one.
    pub cores: f64,
    /// Of these, unused over the last seconds. What gives way to streams, such as preparing, counts as unused; what
    /// streams will need that are starting does not.
    pub free_cores: f64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of memory that programs can still have.
    pub free_memory: u64,
    /// How fast it encodes was measured. Until then nothing is said of streams that encode.
    pub measured: bool,
}

/// What one stream takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Processor cores, the server's share included.
    pub cores: f64,
    /// Bytes of memory.
    pub memory: u64,
}

impl Computer {
    /// So many, or more, are not counted.
    pub const MANY: u32 = 999;

    /// For how many more such streams there is room, about.
    pub fn more(&self, load: Load) -> u32 {
        let many = f64::from(Computer::MANY);
        let by = |free: f64, each: f64| if each > 0.0 { (free / each).clamp(0.0, many) } else { many };
        let memory = self.free_memory as f64 - KEPT * self.memory as f64;
        by(self.free_cores, load.cores).min(by(memory, load.memory as f64)) as u32
    }
}

/// What this computer has left for streams, and how many more like one that would be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// What is left.
    pub computer: Computer,
    /// One more like that which was asked about, as it would be sent at once. Absent where nobody knows: asked for the
    /// first time, the computer is measured, which takes seconds.
    #[serde(default)]
    pub now: Option<Fit>,
    /// The same from a prepared file; absent where none can be made, or it would gain no room.
    #[serde(default)]
    pub prepared: Option<Fit>,
}

/// What one stream takes, and for how many more like it there is room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// What it takes.
    pub load: Load,
    /// See [`Computer::more`].
    pub more: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_runs_out_first_is_the_limit() {
        let computer =
            Computer { cores: 2.0, free_cores: 1.9, memory: 8 << 30, free_memory: 4 << 30, measured: true };
        let more = |cores, memory| computer.more(Load { cores, memory });
        assert_eq!(more(0.93, 150 << 20), 2);
        assert_eq!(more(0.96, 150 << 20), 1);
        assert_eq!(more(2.0, 150 << 20), 0);
        assert_eq!(more(0.01, 1 << 30), 3, "memory, of which some is kept");
        assert_eq!(more(0.0, 0), Computer::MANY);
        assert_eq!(Computer::default().more(Load { cores: 0.1, memory: 1 }), 0);
    }
}
