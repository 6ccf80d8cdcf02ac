//! Who may watch a stream, and who else may send it. Passwords, keys and tokens come in or go out here, once, and are
//! known as digests from then on.

use stream_api::{
    Code, Error, GuestLink, Protocol, Secret, Stream, UnixMillis, Urls, check_password, check_viewer,
    commands::{
        GuestLinkCreate, GuestLinkMade, GuestLinkRevoke, NewAccess, PasswordChange, PublishKey,
        PublishKeyRenew, PublishKeyRevoke, QrCode, StreamAccessSet, StreamQr,
    },
};
use uuid::Uuid;

use super::Call;
use crate::{
    access::{AccessChange, Digest, Range, StoredAccess, StoredKey, StoredLink},
    guests, qr,
};

/// The user name of every publish key: which key it is, its password says.
const ENCODER: &str = "encoder";
/// Characters of a guest link's label that are kept.
const LABEL: usize = 60;

pub(crate) async fn stream_access_set(call: &Call<'_>, request: StreamAccessSet) -> Result<Stream, Error> {
    let password = match &request.password {
        PasswordChange::Keep => None,
        PasswordChange::Remove => Some(None),
        PasswordChange::Set(password) => Some(Some(digest(password)?)),
    };
    let ips = request.ips.map(ranges).transpose()?;
    let user = request.user.map(viewer).transpose()?;
    let change = AccessChange::Viewers { viewers: request.viewers, user, password, ips };
    change_access(call, request.id, change).await
}

/// Who may watch a stream from its first moment on.
///
/// # Errors
/// As `stream_access_set`.
pub(super) fn of_new(access: NewAccess) -> Result<StoredAccess, Error> {
    let usual = StoredAccess::default();
    Ok(StoredAccess {
        viewers: access.viewers,
        user: access.user.map_or(Ok(usual.user), viewer)?,
        password: access.password.as_ref().map(digest).transpose()?,
        ips: ranges(access.ips)?,
        links: usual.links,
        publisher: usual.publisher,
    })
}

fn viewer(user: String) -> Result<String, Error> {
    check_viewer(&user).map(|()| user)
}

fn digest(password: &Secret) -> Result<Digest, Error> {
    check_password(password.reveal()).map(|()| Digest::of(password.reveal()))
}

fn ranges(ips: Vec<String>) -> Result<Vec<Range>, Error> {
    ips.into_iter().filter(|text| !text.trim().is_empty()).map(Range::try_from).collect()
}

pub(crate) async fn guest_link_create(
    call: &Call<'_>,
    request: GuestLinkCreate,
) -> Result<GuestLinkMade, Error> {
    let created = call.engine.hub.clocks().wall();
    let expires = UnixMillis(created.0.saturating_add(request.lasts.millis()));
    let label = request.label.trim().chars().take(LABEL).collect();
    let mut id = format!("guest-{}", random());
    id.truncate("guest-".len() + 10);
    let (link, token) = (GuestLink { id, label, created, expires }, random());
    let stored = StoredLink { link: link.clone(), token: Digest::of(&token) };
    let stream = call.engine.hub.get(request.id);
    let stream = stream.ok_or_else(|| Error::new(Code::NoSuchStream).with("id", request.id))?;
    let port = *call.engine.guest_port.borrow();
    let pages = guests::pages(&call.engine.hub.snapshot().server, port, &stream.spec.name);
    let urls: Vec<String> = pages.into_iter().map(|page| format!("{page}#{}.{token}", link.id)).collect();
    let qr = Secret::new(qr::svg(urls.first().map_or("", String::as_str))?);
    // Last: what is stored is shown this once.
    let change = AccessChange::AddLink { link: stored, instead: request.instead };
    change_access(call, request.id, change).await?;
    Ok(GuestLinkMade { link, urls: urls.into_iter().map(Secret::new).collect(), qr })
}

pub(crate) async fn guest_link_revoke(call: &Call<'_>, request: GuestLinkRevoke) -> Result<Stream, Error> {
    change_access(call, request.id, AccessChange::RemoveLink(request.link)).await
}

pub(crate) async fn publish_key_renew(
    call: &Call<'_>,
    request: PublishKeyRenew,
) -> Result<PublishKey, Error> {
    let key = random();
    let stored = StoredKey { user: ENCODER.to_owned(), pass: Digest::of(&key) };
    change_access(call, request.id, AccessChange::Publisher(Some(stored))).await?;
    Ok(PublishKey { user: ENCODER.to_owned(), key: Secret::new(key) })
}

pub(crate) async fn publish_key_revoke(call: &Call<'_>, request: PublishKeyRevoke) -> Result<Stream, Error> {
    change_access(call, request.id, AccessChange::Publisher(None)).await
}

pub(crate) async fn stream_qr(call: &Call<'_>, request: StreamQr) -> Result<QrCode, Error> {
    let stream = call.engine.hub.get(request.id);
    let stream = stream.ok_or_else(|| Error::new(Code::NoSuchStream).with("id", request.id))?;
    let snapshot = call.engine.hub.snapshot();
    let addresses = match stream.spec.server.is_bundled() {
        true => snapshot.server.addresses,
        false => {
            let other = snapshot.others.into_iter().find(|other| other.id == stream.spec.server);
            other.map(|other| other.addresses).unwrap_or_default()
        }
    };
    let has = |host: &String| addresses.iter().any(|address| address.host == *host);
    let urls = request.host.filter(has).map_or_else(|| stream.urls.clone(), |host| stream.urls.at(&host));
    let text = url(&urls, request.protocol).to_owned();
    Ok(QrCode { svg: qr::svg(&text)?, text })
}

fn url(urls: &Urls, protocol: Protocol) -> &str {
    urls.each().into_iter().find(|(one, _)| *one == protocol).map_or("", |(_, url)| url)
}

async fn change_access(
    call: &Call<'_>,
    id: stream_api::StreamId,
    change: AccessChange,
) -> Result<Stream, Error> {
    let handle = call.engine.streams.lock().await.get(id)?;
    handle.change_access(change, call.origin).await
}

/// 122 random bits in characters that every address and player takes.
fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
