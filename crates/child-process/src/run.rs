//! Short programs, such as probes: run, collect, end.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use crate::{Exit, Rung, SpawnError, Spawner, Spec};

/// How long its pipes may stay open after its end; only a process that left its group can hold them.
const GRACE: Duration = Duration::from_secs(1);

/// What a short program left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended; by SIGKILL (Unix) if it took too long.
    pub exit: Exit,
    /// The first `max_output` bytes of its standard output, as they are.
    pub stdout: Vec<u8>,
    /// The first `max_output` bytes of its standard error, as they are.
    pub stderr: Vec<u8>,
    /// Whether it was killed because it took longer than the limit.
    pub timed_out: bool,
}

/// Runs a program to its end, or kills it with its group at the limit. Output beyond `max_output` bytes a pipe
/// is read and thrown away. Dropping the future kills it too.
///
/// # Errors
/// If it could not be started.
pub async fn run(
    spawner: &Spawner,
    spec: Spec,
    limit: Duration,
    max_output: usize,
) -> Result<Finished, SpawnError> {
    let (supervised, out, err) = spawner.supervised(spec).await?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut timed_out = false;
    let exit = {
        let reading = async {
            tokio::join!(collect(out, &mut stdout, max_output), collect(err, &mut stderr, max_output))
        };
        tokio::pin!(reading);
        let mut read = false;
        let in_time = timeout(limit, async {
            let exit = supervised.exit();
            tokio::pin!(exit);
            loop {
                tokio::select! {
                    exit = &mut exit => break exit,
                    _ = &mut reading, if !read => read = true,
                }
            }
        })
        .await;
        let exit = match in_time {
            Ok(exit) => exit,
            Err(_) => {
                timed_out = true;
                supervised.ask(Rung::Kill);
                supervised.exit().await
            }
        };
        if !read {
            let _ = timeout(GRACE, reading).await;
        }
        exit
    };
    Ok(Finished { exit, stdout, stderr, timed_out })
}

async fn collect(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, max: usize) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = pipe.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read.min(max - kept.len())]);
    }
}
