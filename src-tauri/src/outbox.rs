use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use stream_api::Message;
use stream_server::door::ToWindow;
use tokio::sync::mpsc;

/// How long a question counts that has reached no page: there may be none that could show it.
const ASKED_LIMIT: Duration = Duration::from_secs(30);

/// What the desktop has for its window; kept while no page listens.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    page: Option<mpsc::UnboundedSender<ToWindow>>,
    waiting: Vec<ToWindow>,
    /// When it was last asked whether to quit, while no page is known to have heard it.
    asked: Option<Instant>,
}

impl Outbox {
    pub(crate) fn send(&self, order: ToWindow) {
        let mut inner = self.lock();
        let undelivered = match &inner.page {
            Some(page) => page.send(order).err().map(|error| error.0),
            None => Some(order),
        };
        if undelivered.is_none() {
            inner.asked = None;
        }
        inner.waiting.extend(undelivered);
    }

    /// The same for the page.
    pub(crate) fn tell(&self, message: Message) {
        self.send(ToWindow::Page(message));
    }

    /// Asks the user whether to quit; false when that was just asked in vain, since no page heard it.
    pub(crate) fn ask_quit(&self, live: usize) -> bool {
        let before = self.lock().asked.replace(Instant::now());
        let in_vain = before.is_some_and(|at| at.elapsed() < ASKED_LIMIT);
        if !in_vain {
            self.tell(Message::AskQuit { live });
        }
        !in_vain
    }

    /// A page listens from now on; it gets what was kept.
    pub(crate) fn open(&self, page: mpsc::UnboundedSender<ToWindow>) {
        let mut inner = self.lock();
        let waiting = std::mem::take(&mut inner.waiting);
        inner
            .waiting
            .extend(waiting.into_iter().filter_map(|order| page.send(order).err()).map(|error| error.0));
        inner.page = Some(page);
        inner.asked = None;
    }

    /// The page is gone, and with it whoever was asked.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.page = None;
        inner.waiting.retain(|order| !matches!(order, ToWindow::Page(Message::AskQuit { .. })));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> (mpsc::UnboundedSender<ToWindow>, mpsc::UnboundedReceiver<ToWindow>) {
        mpsc::unbounded_channel()
    }

    #[test]
    fn what_no_page_heard_is_kept() {
        let outbox = Outbox::default();
        let refused = || Message::Refused { errors: Vec::new() };
        outbox.tell(refused());
        let (sender, mut heard) = page();
        outbox.open(sender);
        assert_eq!(heard.try_recv().ok(), Some(ToWindow::Page(refused())));
        outbox.send(ToWindow::Front);
        assert_eq!(heard.try_recv().ok(), Some(ToWindow::Front));
        outbox.close();
        outbox.tell(refused());
        assert!(heard.try_recv().is_err(), "the old page is gone");
        let (sender, mut heard) = page();
        outbox.open(sender);
        assert_eq!(heard.try_recv().ok(), Some(ToWindow::Page(refused())));
    }

    #[test]
    fn a_question_that_nobody_hears_is_asked_once() {
        let outbox = Outbox::default();
        assert!(outbox.ask_quit(1));
        assert!(!outbox.ask_quit(1), "no page can show it: the second time is the answer");

        let (sender, mut heard) = page();
        outbox.open(sender);
        assert_eq!(heard.try_recv().ok(), Some(ToWindow::Page(Message::AskQuit { live: 1 })));
        assert!(outbox.ask_quit(2) && outbox.ask_quit(2), "a page that hears it may be cancelled as often");

        // The window ended before it listened: it is not asked out of the blue later.
        outbox.close();
        assert!(outbox.ask_quit(3));
        outbox.close();
        assert!(!outbox.ask_quit(3), "it can't be shown");
        let (sender, mut heard) = page();
        outbox.open(sender);
        assert!(heard.try_recv().is_err(), "a stale question");
    }
}
