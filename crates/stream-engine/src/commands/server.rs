//! Commands about the server.

use stream_api::{
    ActivityKind, Code, Effects, Error, FaultAction, Import, ServerSettings, ServerState, ServerStatus,
    commands::{
        ConfigFile, Log, ServerConfigExport, ServerConfigRead, ServerGet, ServerLog, ServerPortsRenew,
        ServerRestart, ServerSettingsCheck, ServerSettingsSet,
    },
};

use super::Call;
use crate::{engine::new_guest_port, guests, ports, server, stored_server::StoredServer};

pub(crate) async fn server_get(engine: &Call<'_>, _: ServerGet) -> Result<ServerStatus, Error> {
    Ok(engine.hub.snapshot().server)
}

pub(crate) async fn server_log(engine: &Call<'_>, _: ServerLog) -> Result<Log, Error> {
    Ok(engine.server.log())
}

pub(crate) async fn server_restart(engine: &Call<'_>, _: ServerRestart) -> Result<ServerStatus, Error> {
    engine.hub.tell(None, ActivityKind::ServerRestarted { by: engine.origin });
    engine.tools.check().await;
    engine.server.restart().await;
    Ok(engine.hub.snapshot().server)
}

pub(crate) async fn server_ports_renew(
    engine: &Call<'_>,
    _: ServerPortsRenew,
) -> Result<ServerStatus, Error> {
    let status = engine.hub.snapshot().server;
    if status.guest_fault.is_some() {
        engine.guest_port.send_replace(new_guest_port(&engine.store).await?);
        tracing::info!("the port of the guests' page was chosen anew");
    }
    let barred = status.fault.as_ref().is_some_and(|fault| fault.action == Some(FaultAction::UseAnotherPort));
    // The ports of a server that runs are taken by itself.
    if status.state != ServerState::Running && barred {
        let stored = engine.store.server().await;
        let ports = ports::renewed(&stored.settings(), stored.guest_port)?;
        engine.store.set_server(StoredServer { ports: Some(ports), ..stored }).await?;
        tracing::info!("the server's ports were chosen anew");
        engine.server.restart().await;
    }
    Ok(engine.hub.snapshot().server)
}

pub(crate) async fn server_settings_check(
    engine: &Call<'_>,
    request: ServerSettingsCheck,
) -> Result<Effects, Error> {
    Ok(effects(engine, &whole(engine, request.settings)).await)
}

pub(crate) async fn server_settings_set(
    engine: &Call<'_>,
    request: ServerSettingsSet,
) -> Result<ServerStatus, Error> {
    let settings = whole(engine, request.settings);
    let effects = effects(engine, &settings).await;
    if let Some(problem) = effects.problems.into_iter().find(|problem| !problem.mild) {
        return Err(problem.error);
    }
    let before = engine.hub.snapshot().server;
    let page = settings.guest_port.filter(|port| *port != *engine.guest_port.borrow());
    // First: the server's new start is what costs viewers something.
    let moved = match page {
        Some(port) => Some(guests::move_page(engine, port).await?),
        None => None,
    };
    let stays = !effects.restarts && (before.state == ServerState::Running || moved.is_some());
    let set = match stays {
        // At most what is ours changes; but a person chose it.
        true => engine.store.set_settings(settings).await,
        false => engine.server.change(settings).await,
    };
    if let Err(error) = set {
        if let Some(before) = moved {
            engine.guest_port.send_replace(before);
        }
        return Err(error);
    }
    engine.hub.server(|server| server.reach_chosen = true);
    if effects.restarts || page.is_some() {
        tracing::info!("the server's settings were changed");
        engine.hub.tell(None, ActivityKind::ServerChanged { by: engine.origin });
    }
    Ok(engine.hub.snapshot().server)
}

pub(crate) async fn server_config_export(
    engine: &Call<'_>,
    _: ServerConfigExport,
) -> Result<ConfigFile, Error> {
    let content = engine
        .server
        .exported(engine.hub.settings(), &engine.tls, engine.data.recordings(), engine.hub.clocks().wall())
        .await?;
    Ok(ConfigFile { file_name: "mediamtx.yml".to_owned(), content })
}

pub(crate) async fn server_config_read(
    engine: &Call<'_>,
    request: ServerConfigRead,
) -> Result<Import, Error> {
    mediamtx_client::import(&request.content, &engine.hub.settings())
        .map_err(|error| Error::new(Code::ConfigUnreadable).with("reason", error))
}

/// With what is as it is when absent.
fn whole(engine: &Call<'_>, settings: ServerSettings) -> ServerSettings {
    ServerSettings { guest_port: settings.guest_port.or(Some(*engine.guest_port.borrow())), ..settings }
}

async fn effects(engine: &Call<'_>, settings: &ServerSettings) -> Effects {
    server::effects(settings, &engine.hub.snapshot(), &engine.tls, engine.hub.clocks().wall()).await
}
