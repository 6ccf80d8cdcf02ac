//! Encoders that failed while a stream used them.

use std::time::{Duration, Instant};

use stream_api::Encoder;

/// After this the stream tries an encoder again when it starts for another reason: a card that was in full use may have
/// room by then.
const AGAIN: Duration = Duration::from_secs(600);

/// Those of one stream, each with the moment when it failed.
#[derive(Debug, Default)]
pub(super) struct Fallen(Vec<(Encoder, Instant)>);

impl Fallen {
    pub(super) fn add(&mut self, encoder: Encoder, now: Instant) {
        self.0.retain(|(of, _)| *of != encoder);
        self.0.push((encoder, now));
    }

    /// All may be tried again: somebody changed or ordered something.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What the stream does without, for now.
    pub(super) fn now(&mut self, now: Instant) -> Vec<Encoder> {
        self.0.retain(|(_, at)| now.saturating_duration_since(*at) < AGAIN);
        self.0.iter().map(|(encoder, _)| *encoder).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_is_tried_again_after_a_while() {
        let (mut fallen, start) = (Fallen::default(), Instant::now());
        fallen.add(Encoder::Nvenc, start);
        fallen.add(Encoder::Vaapi, start + AGAIN / 2);
        assert_eq!(fallen.now(start + AGAIN / 2), [Encoder::Nvenc, Encoder::Vaapi]);
        assert_eq!(fallen.now(start + AGAIN), [Encoder::Vaapi]);
        fallen.clear();
        assert_eq!(fallen.now(start), []);
    }
}
