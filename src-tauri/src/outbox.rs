use std::sync::{Mutex, MutexGuard, PoisonError};

use stream_api::Message;
use stream_server::door::ToWindow;
use tokio::sync::mpsc;

/// What the desktop has for its window; kept while no page listens.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    page: Option<mpsc::UnboundedSender<ToWindow>>,
    waiting: Vec<ToWindow>,
}

impl Outbox {
    pub(crate) fn send(&self, order: ToWindow) {
        let mut inner = self.lock();
        let undelivered = match &inner.page {
            Some(page) => page.send(order).err().map(|error| error.0),
            None => Some(order),
        };
        inner.waiting.extend(undelivered);
    }

    /// The same for the page.
    pub(crate) fn tell(&self, message: Message) {
        self.send(ToWindow::Page(message));
    }

    /// A page listens from now on; it gets what was kept.
    pub(crate) fn open(&self, page: mpsc::UnboundedSender<ToWindow>) {
        let mut inner = self.lock();
        let waiting = std::mem::take(&mut inner.waiting);
        inner
            .waiting
            .extend(waiting.into_iter().filter_map(|order| page.send(order).err()).map(|error| error.0));
        inner.page = Some(page);
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
    fn what_no_page_heard_is_kept() {
        let outbox = Outbox::default();
        let ask = |live| ToWindow::Page(Message::AskQuit { live });
        outbox.tell(Message::AskQuit { live: 2 });
        let (sender, mut page) = mpsc::unbounded_channel();
        outbox.open(sender);
        assert_eq!(page.try_recv().ok(), Some(ask(2)));
        outbox.send(ToWindow::Front);
        assert_eq!(page.try_recv().ok(), Some(ToWindow::Front));
        outbox.close();
        outbox.tell(Message::AskQuit { live: 1 });
        assert!(page.try_recv().is_err(), "the old page is gone");
        let (sender, mut page) = mpsc::unbounded_channel();
        outbox.open(sender);
        assert_eq!(page.try_recv().ok(), Some(ask(1)));
    }
}
