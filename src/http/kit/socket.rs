//! A connection's bytes: how long an answer may take to be fetched, and that it arrives.
//!
//! A request can be answered before its body has been read. If the connection were closed at once, what the caller is
//! still sending would be answered by a reset, and a reset takes the answer with it: most callers send everything
//! before they read anything. So the sending side is closed first, and what comes in is thrown away for a while
//! (RFC 9112, 9.6).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a caller may take no byte of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a caller may still send after the last answer.
const MAX_LINGER: Duration = Duration::from_secs(10);

/// How long it may be silent meanwhile.
const LINGER_IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// How much it may still send, in bytes. It is not kept.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// How many bytes are thrown away at once.
const DISCARD_BUFFER: usize = 16 * 1024;

/// A connection.
pub(crate) struct Socket {
    stream: TcpStream,
    /// Ends a connection that takes nothing of what is written.
    stalled: Option<Pin<Box<Sleep>>>,
    /// When something was last written.
    wrote: Option<Instant>,
    end: End,
}

/// How far the end of a connection is.
enum End {
    Open,
    Lingering { silence: Pin<Box<Sleep>>, until: Instant, discarded: usize },
    Over,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, stalled: None, wrote: None, end: End::Open }
    }

    /// Gives on the outcome of writing `bytes`, and ends a connection of whose answers nothing was taken for too long.
    fn patient(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if outcome.is_ready() {
            self.wrote = Some(Instant::now());
            self.stalled = None;
            return outcome;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
        ready!(stalled.as_mut().poll(cx));
        match self.write_at_once(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            outcome => {
                self.wrote = Some(Instant::now());
                self.stalled = None;
                Poll::Ready(outcome)
            }
        }
    }

    /// Writes what there is room for, whether or not it was told that there is any. Linux tells it only when a third of what waits has
    /// been taken, which may be more than a megabyte: whoever takes it slowly would be held to take nothing.
    #[cfg(unix)]
    fn write_at_once(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.stream, bytes)?)
    }

    #[cfg(not(unix))]
    fn write_at_once(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }

    /// Throws away what comes in, until the caller has closed too, or has had its time.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let End::Lingering { silence, until, discarded } = &mut self.end else { return Poll::Ready(()) };
        loop {
            let mut chunk = [0; DISCARD_BUFFER];
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    *discarded += buffer.filled().len();
                    let now = Instant::now();
                    if *discarded > MAX_DISCARDED || now >= *until {
                        return Poll::Ready(());
                    }
                    silence.as_mut().reset(until.to_owned().min(now + LINGER_IDLE_TIMEOUT));
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return silence.as_mut().poll(cx),
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.patient(cx, outcome, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        let first = bytes.iter().find(|slice| !slice.is_empty());
        self.patient(cx, outcome, first.map_or(&[], |slice| slice))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.end, End::Open) {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            // No answer is on its way if none was written lately: a connection that is idle is closed at once.
            let now = Instant::now();
            self.end = match self.wrote {
                Some(at) if now.duration_since(at) < LINGER_IDLE_TIMEOUT => End::Lingering {
                    silence: Box::pin(sleep(LINGER_IDLE_TIMEOUT)),
                    until: now + MAX_LINGER,
                    discarded: 0,
                },
                _ => End::Over,
            };
        }
        ready!(self.linger(cx));
        self.end = End::Over;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// A connection of which the first byte has been read and answered, and its other end.
    async fn answered() -> (Socket, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        caller.write_all(b"?").unwrap();
        let mut socket = Socket::new(listener.accept().await.unwrap().0);
        assert_eq!(socket.read_u8().await.unwrap(), b'?');
        socket.write_all(b"!").await.unwrap();
        (socket, caller)
    }

    #[tokio::test]
    async fn who_writes_everything_before_reading_gets_the_answer() {
        let (mut socket, mut caller) = answered().await;
        let caller = std::thread::spawn(move || {
            // More than the buffers of both ends hold.
            caller.write_all(&vec![0; 32 << 20]).unwrap();
            let mut answer = String::new();
            caller.read_to_string(&mut answer).unwrap();
            answer
        });
        socket.shutdown().await.unwrap();
        drop(socket);
        assert_eq!(caller.join().unwrap(), "!");
    }

    #[tokio::test]
    async fn who_writes_for_ever_is_cut_off() {
        let (mut socket, mut caller) = answered().await;
        let caller = std::thread::spawn(move || while caller.write_all(&[0; DISCARD_BUFFER]).is_ok() {});
        socket.shutdown().await.unwrap();
        drop(socket);
        caller.join().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_is_not_waited_for() {
        let (mut socket, _caller) = answered().await;
        let start = Instant::now();
        socket.shutdown().await.unwrap();
        assert_eq!(start.elapsed().as_secs(), LINGER_IDLE_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_closed_at_once() {
        let (mut socket, _caller) = answered().await;
        tokio::time::advance(LINGER_IDLE_TIMEOUT).await;
        let start = Instant::now();
        socket.shutdown().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn who_fetches_an_answer_slowly_gets_all_of_it() {
        const ALL: usize = 8 << 20;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let caller = TcpSocket::new_v4().unwrap();
        caller.set_recv_buffer_size(16 * 1024).unwrap();
        let caller = caller.connect(listener.local_addr().unwrap()).await.unwrap();
        let mut socket = Socket::new(listener.accept().await.unwrap().0);
        // What is read is there already, or comes without this thread.
        let mut caller = caller.into_std().unwrap();
        caller.set_nonblocking(false).unwrap();
        let writing = tokio::spawn(async move { socket.write_all(&vec![0; ALL]).await });
        let (start, mut chunk) = (Instant::now(), [0; 8 * 1024]);
        while !writing.is_finished() {
            tokio::time::sleep(WRITE_TIMEOUT / 3).await;
            assert!(caller.read(&mut chunk).unwrap() > 0, "{:?}", start.elapsed());
        }
        writing.await.unwrap().unwrap();
        assert!(
            start.elapsed() > 10 * WRITE_TIMEOUT,
            "all of it fitted into the buffers: this shows nothing"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_fetches_nothing_of_an_answer_is_not_waited_for() {
        let (mut socket, _caller) = answered().await;
        let start = Instant::now();
        let error = socket.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), WRITE_TIMEOUT.as_secs());
    }
}
