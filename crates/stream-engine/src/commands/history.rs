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

pub(crate) async fn activity_list(call: &Call<'_>, request: ActivityList) -> Result<Activities, Error> {
    call.engine.history.activities(request.filter, request.before, request.limit).await
}

pub(crate) async fn activity_export(call: &Call<'_>, request: ActivityExport) -> Result<ActivityFile, Error> {
    let content = call.engine.history.export(request.filter).await?;
    Ok(ActivityFile { file_name: "stream-manager-activity.csv".to_owned(), content })
}

pub(crate) async fn activity_seen(call: &Call<'_>, _: ActivitySeen) -> Result<Nothing, Error> {
    call.engine.hub.seen();
    Ok(Nothing {})
}

pub(crate) async fn stream_past(call: &Call<'_>, request: StreamPast) -> Result<StreamHistory, Error> {
    call.engine.streams.lock().await.get(request.id)?;
    call.engine.history.past(request.id).await
}

pub(crate) async fn stream_run_log(call: &Call<'_>, request: StreamRunLog) -> Result<RunLog, Error> {
    let journal = call.engine.streams.lock().await.get(request.id)?.journal;
    journal.run(request.run).await
}

pub(crate) async fn support_bundle(call: &Call<'_>, _: SupportBundle) -> Result<BundleFile, Error> {
    support::bundle(call.engine).await
}
