//! Encoders.

use stream_api::{
    Error,
    commands::{EncodersTried, EncodersTry},
};

use super::Call;

pub(crate) async fn encoders_try(engine: &Call<'_>, request: EncodersTry) -> Result<EncodersTried, Error> {
    Ok(EncodersTried { tried: engine.prober.encoders().all(request.again).await? })
}
