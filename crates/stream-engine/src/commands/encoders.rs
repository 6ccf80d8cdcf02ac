//! Encoders.

use stream_api::{EncodersTried, Error, commands::EncodersTry};

use super::Call;

pub(crate) async fn encoders_try(call: &Call<'_>, request: EncodersTry) -> Result<EncodersTried, Error> {
    call.engine.prober.encoders().ask(request.again)
}
