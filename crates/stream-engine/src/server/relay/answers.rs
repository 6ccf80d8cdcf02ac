//! What a server says to a publisher, heard in passing: answers and packets, however they arrive.

/// Longer than any head of an answer; what goes on longer is none.
const LONGEST: usize = 64 << 10;

/// Follows the answers of one connection.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The beginning of an answer or of a packet that is not whole yet.
    head: Vec<u8>,
    /// Bytes of the last one's content that are still to come.
    left: usize,
}

impl Answers {
    /// Whether an answer whose head ends in these bytes says that the login is not taken.
    pub(super) fn refuse(&mut self, bytes: &[u8]) -> bool {
        let (mut refused, mut rest) = (false, bytes);
        while let [next, more @ ..] = rest {
            if self.left > 0 {
                let content = self.left.min(rest.len());
                self.left -= content;
                rest = &rest[content..];
                continue;
            }
            self.head.push(*next);
            rest = more;
            match self.head[..] {
                // A packet: RFC 2326 §10.12.
                [b'$', _, high, low] => self.end(usize::from(u16::from_be_bytes([high, low]))),
                [b'$', ..] => {}
                _ if self.head.ends_with(b"\r\n\r\n") => {
                    refused |= self.head.starts_with(b"RTSP/1.0 401");
                    self.end(content_length(&self.head));
                }
                _ if self.head.len() > LONGEST => self.end(0),
                _ => {}
            }
        }
        refused
    }

    fn end(&mut self, left: usize) {
        self.head.clear();
        self.left = left;
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a login is refused in what arrives so many bytes at a time.
    fn refusals(said: &[u8], size: usize) -> usize {
        let mut answers = Answers::default();
        said.chunks(size).filter(|chunk| answers.refuse(chunk)).count()
    }

    #[test]
    fn a_refusal_is_heard_wherever_it_begins() {
        let packet = [&b"$\x00\x00\x0e"[..], &b"RTSP/1.0 401\r\n"[..]].concat();
        let fine = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\ncontent-length: 16\r\n\r\nRTSP/1.0 401\r\n\r\n";
        let refused = b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n\r\n";
        let harmless = [&packet[..], &fine[..], &packet[..]].concat();
        let said = [&harmless[..], &refused[..], &harmless[..]].concat();
        for size in [1, 2, 3, 7, 16, 40, 4096] {
            assert_eq!(refusals(&harmless, size), 0, "content is no answer, {size} at a time");
            assert_eq!(refusals(&said, size), 1, "{size} at a time");
        }
        let twice = [&refused[..], &refused[..]].concat();
        assert_eq!(refusals(&twice, 10), 2);
    }

    #[test]
    fn what_never_ends_is_not_kept() {
        let mut answers = Answers::default();
        assert!(!answers.refuse(&vec![b'x'; 3 * LONGEST]));
        assert!(answers.head.len() <= LONGEST);
    }
}
