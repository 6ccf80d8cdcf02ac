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

pub(crate) async fn server_get(call: &Call<'_>, _: ServerGet) -> Result<ServerStatus, Error> {
    Ok(call.engine.hub.snapshot().server)
}

pub(crate) async fn server_log(call: &Call<'_>, _: ServerLog) -> Result<Log, Error> {
    Ok(call.engine.server.log())
}

pub(crate) async fn server_restart(call: &Call<'_>, _: ServerRestart) -> Result<ServerStatus, Error> {
    call.engine.hub.tell(None, ActivityKind::ServerRestarted { by: call.origin });
    call.engine.tools.check().await;
    call.engine.server.restart().await;
    Ok(call.engine.hub.snapshot().server)
}

pub(crate) async fn server_ports_renew(call: &Call<'_>, _: ServerPortsRenew) -> Result<ServerStatus, Error> {
    let status = call.engine.hub.snapshot().server;
    if status.guest_fault.is_some() {
        call.engine.guest_port.send_replace(new_guest_port(&call.engine.store).await?);
        tracing::info!("the port of the guests' page was chosen anew");
    }
    let barred = status.fault.as_ref().is_some_and(|fault| fault.action == Some(FaultAction::UseAnotherPort));
    // The ports of a server that runs are taken by itself.
    if status.state != ServerState::Running && barred {
        let stored = call.engine.store.server().await;
        let ports = ports::renewed(&stored.settings(), stored.guest_port)?;
        call.engine.store.set_server(StoredServer { ports: Some(ports), ..stored }).await?;
        tracing::info!("the server's ports were chosen anew");
        call.engine.server.restart().await;
    }
    Ok(call.engine.hub.snapshot().server)
}

pub(crate) async fn server_settings_check(
    call: &Call<'_>,
    request: ServerSettingsCheck,
) -> Result<Effects, Error> {
    Ok(effects(call, &whole(call, request.settings)).await)
}

pub(crate) async fn server_settings_set(
    call: &Call<'_>,
    request: ServerSettingsSet,
) -> Result<ServerStatus, Error> {
    let settings = whole(call, request.settings);
    let effects = effects(call, &settings).await;
    if let Some(problem) = effects.problems.into_iter().find(|problem| !problem.mild) {
        return Err(problem.error);
    }
    let before = call.engine.hub.snapshot().server;
    let page = settings.guest_port.filter(|port| *port != *call.engine.guest_port.borrow());
    // First: the server's new start is what costs viewers something.
    let moved = match page {
        Some(port) => Some(guests::move_page(call.engine, port).await?),
        None => None,
    };
    let stays = !effects.restarts && (before.state == ServerState::Running || moved.is_some());
    let set = match stays {
        // At most what is ours changes; but a person chose it.
        true => call.engine.store.set_settings(settings).await,
        false => call.engine.server.change(settings).await,
    };
    if let Err(error) = set {
        if let Some(before) = moved {
            call.engine.guest_port.send_replace(before);
        }
        return Err(error);
    }
    call.engine.hub.server(|server| server.reach_chosen = true);
    if effects.restarts || page.is_some() {
        tracing::info!("the server's settings were changed");
        call.engine.hub.tell(None, ActivityKind::ServerChanged { by: call.origin });
    }
    Ok(call.engine.hub.snapshot().server)
}

pub(crate) async fn server_config_export(
    call: &Call<'_>,
    _: ServerConfigExport,
) -> Result<ConfigFile, Error> {
    let content = call
        .engine
        .server
        .exported(
            call.engine.hub.settings(),
            &call.engine.tls,
            call.engine.data.recordings(),
            call.engine.hub.clocks().wall(),
        )
        .await?;
    Ok(ConfigFile { file_name: "mediamtx.yml".to_owned(), content })
}

pub(crate) async fn server_config_read(call: &Call<'_>, request: ServerConfigRead) -> Result<Import, Error> {
    mediamtx_client::import(&request.content, &call.engine.hub.settings())
        .map_err(|error| Error::new(Code::ConfigUnreadable).with("reason", error))
}

/// With what is as it is when absent.
fn whole(call: &Call<'_>, settings: ServerSettings) -> ServerSettings {
    ServerSettings { guest_port: settings.guest_port.or(Some(*call.engine.guest_port.borrow())), ..settings }
}

async fn effects(call: &Call<'_>, settings: &ServerSettings) -> Effects {
    server::effects(settings, &call.engine.hub.snapshot(), &call.engine.tls, call.engine.hub.clocks().wall())
        .await
}
