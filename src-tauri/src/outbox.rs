use std::sync::{Mutex, MutexGuard, PoisonError};

use stream_api::Message;
use tokio::sync::mpsc;

/// Messages of the desktop for the page; kept while no page listens.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    page: Option<mpsc::UnboundedSender<Message>>,
    waiting: Vec<Message>,
}

impl Outbox {
    pub(crate) fn send(&self, message: Message) {
        let mut inner = self.lock();
        let undelivered = match &inner.page {
            Some(page) => page.send(message).err().map(|error| error.0),
            None => Some(message),
        };
        // Held files are only of interest to a page that sees them.
        if let Some(message) = undelivered
            && !matches!(message, Message::DragOver { .. } | Message::DragLeave)
        {
            inner.waiting.push(message);
        }
    }

    /// A page listens from now on; it gets what was kept.
    pub(crate) fn open(&self) -> mpsc::UnboundedReceiver<Message> {
        let (page, messages) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        for message in inner.waiting.drain(..) {
            // The receiver is right here.
            let _ = page.send(message);
        }
        inner.page = Some(page);
        messages
    }

    /// The page is gone.
    pub(crate) fn close(&self) {
        self.lock().page = None;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_page_heard_is_kept_except_a_passing_drag() {
        let outbox = Outbox::default();
        outbox.send(Message::AskQuit { live: 2 });
        outbox.send(Message::DragOver { count: 1 });
        let mut page = outbox.open();
        assert_eq!(page.try_recv().ok(), Some(Message::AskQuit { live: 2 }));
        assert!(page.try_recv().is_err(), "nothing else was kept");
        outbox.send(Message::DragLeave);
        assert_eq!(page.try_recv().ok(), Some(Message::DragLeave));
        outbox.close();
        outbox.send(Message::AskQuit { live: 1 });
        assert!(page.try_recv().is_err(), "the old page is gone");
        assert_eq!(outbox.open().try_recv().ok(), Some(Message::AskQuit { live: 1 }));
    }
}
