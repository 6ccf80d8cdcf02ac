//! What happened: activities, a stream's past, logs of runs, the support bundle.

use stream_api::{
    Error, RunLog, StreamHistory,
    commands::{
        Activities, ActivityExport, ActivityFile, ActivityList, ActivitySeen, BundleFile, Nothing,
        StreamPast, StreamRunLog, SupportBundle,
    },
};

use super::Call;
use crate::support;

pub(crate) async fn activity_list(engine: &Call<'_>, request: ActivityList) -> Result<Activities, Error> {
    engine.history.activities(request.filter, request.before, request.limit).await
}

pub(crate) async fn activity_export(
    engine: &Call<'_>,
    request: ActivityExport,
) -> Result<ActivityFile, Error> {
    let content = engine.history.export(request.filter).await?;
    Ok(ActivityFile { file_name: "stream-manager-activity.csv".to_owned(), content })
}

pub(crate) async fn activity_seen(engine: &Call<'_>, _: ActivitySeen) -> Result<Nothing, Error> {
    engine.hub.seen();
    Ok(Nothing {})
}

pub(crate) async fn stream_past(engine: &Call<'_>, request: StreamPast) -> Result<StreamHistory, Error> {
    engine.streams.lock().await.get(request.id)?;
    engine.history.past(request.id).await
}

pub(crate) async fn stream_run_log(engine: &Call<'_>, request: StreamRunLog) -> Result<RunLog, Error> {
    let journal = engine.streams.lock().await.get(request.id)?.journal;
    journal.run(request.run).await
}

pub(crate) async fn support_bundle(engine: &Call<'_>, _: SupportBundle) -> Result<BundleFile, Error> {
    support::bundle(engine).await
}
