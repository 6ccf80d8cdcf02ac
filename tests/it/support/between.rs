//! A web server before somebody else's Control API, which gives it a folder of its own and may stop doing so.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Where the API is found behind it.
pub const FOLDER: &str = "/media/control";

/// Ends with the test.
pub struct Between {
    port: u16,
    /// What everybody is told instead of what they asked for.
    says: Arc<Mutex<Option<&'static str>>>,
    accepting: JoinHandle<()>,
}

impl Between {
    /// Before this port of the loopback.
    pub async fn before(port: u16) -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().port();
        let says = Arc::<Mutex<Option<&'static str>>>::default();
        let now = Arc::clone(&says);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let answer = *now.lock().unwrap();
                tokio::spawn(answered(client, answer, port));
            }
        });
        Between { port: at, says, accepting }
    }

    /// The API's address, as a person gives it.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}{FOLDER}", self.port)
    }

    /// A whole answer to everything from now on; none: what is behind it.
    pub fn says(&self, answer: Option<&'static str>) {
        *self.says.lock().unwrap() = answer;
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One request for each connection, so that each has the answer of its time.
async fn answered(mut client: TcpStream, answer: Option<&str>, port: u16) {
    let mut asked = Vec::new();
    let end = loop {
        match client.read_buf(&mut asked).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Some(at) = asked.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
    };
    if let Some(answer) = answer {
        let _ = client.write_all(answer.as_bytes()).await;
        let _ = client.shutdown().await;
        return;
    }
    let head = String::from_utf8_lossy(&asked[..end]).replacen(&format!(" {FOLDER}/"), " /", 1);
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = lines.map(|line| format!("{line}\r\n")).collect::<String>() + "Connection: close\r\n\r\n";
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let sent = [head.as_bytes(), &asked[end + 4..]].concat();
    if server.write_all(&sent).await.is_ok() {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
