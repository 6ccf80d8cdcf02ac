//! A proxy before the server, which can keep what it gets to itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Ends with the test.
pub struct Proxy {
    port: u16,
    /// Of the connections that are open now: later ones get one of their own.
    swallows: Arc<std::sync::Mutex<Arc<AtomicBool>>>,
    swallowed: Arc<AtomicU64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Before this port of the loopback.
    pub async fn to(port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().port();
        let swallows = Arc::new(std::sync::Mutex::new(Arc::<AtomicBool>::default()));
        let swallowed = Arc::<AtomicU64>::default();
        let (of_now, counted) = (Arc::clone(&swallows), Arc::clone(&swallowed));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let swallows = Arc::clone(&of_now.lock().unwrap());
                tokio::spawn(carry(client, server, swallows, Arc::clone(&counted)));
            }
        });
        Proxy { port: at, swallows, swallowed, accepting }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing that comes over the connections that are open reaches the server; later ones are spared.
    /// What was swallowed before.
    pub fn swallow(&self) -> u64 {
        let now = std::mem::take(&mut *self.swallows.lock().unwrap());
        now.store(true, Ordering::SeqCst);
        self.swallowed()
    }

    /// Bytes that were taken and not given on.
    pub fn swallowed(&self) -> u64 {
        self.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Until one side closes.
async fn carry(client: TcpStream, server: TcpStream, swallows: Arc<AtomicBool>, swallowed: Arc<AtomicU64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(n @ 1..) = from_client.read(&mut buffer).await {
            if swallows.load(Ordering::SeqCst) {
                swallowed.fetch_add(n as u64, Ordering::SeqCst);
            } else if to_server.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = there => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}
