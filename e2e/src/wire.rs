//! A wire that can be cut: a TCP proxy that takes orders. It is slow, if that is wished for, refuses, or breaks off what is
//! under way. What is to be silent is paused from outside, as a container.
//!
//! Orders are lines on a port of their own, each answered by `done` once it is carried out:
//!
//! | order | what it does |
//! |---|---|
//! | `lead ADDRESS MILLISECONDS` | takes connections and leads them there, each direction so much later |
//! | `cut` | resets every connection and takes no more |

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The port of orders in a container.
pub const ORDERS: u16 = 1;
/// How long an order may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes orders until the process ends. Connections are taken at `port` of every address of this machine.
pub async fn serve(orders: TcpListener, port: u16) -> Result<()> {
    let mut line: Option<Line> = None;
    loop {
        let (stream, _) = orders.accept().await?;
        let mut stream = tokio::io::BufReader::new(stream);
        let mut order = String::new();
        stream.read_line(&mut order).await?;
        if let Some(line) = line.take() {
            line.cut().await;
        }
        let answer = match obey(order.trim(), port).await {
            Ok(next) => {
                line = next;
                "done\n".to_owned()
            }
            Err(error) => format!("{error:#}\n"),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Gives an order, and waits until it is carried out.
pub fn order(orders: SocketAddr, order: &str) -> Result<()> {
    let mut stream = std::net::TcpStream::connect_timeout(&orders, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{order}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer == "done\n" { Ok(()) } else { bail!("the wire does not `{order}`: {answer}") }
}

async fn obey(order: &str, port: u16) -> Result<Option<Line>> {
    match order.split(' ').collect::<Vec<_>>()[..] {
        ["cut"] => Ok(None),
        ["lead", target, delay] => {
            let (target, delay) = (target.parse()?, Duration::from_millis(delay.parse()?));
            Line::open(port, target, delay).await.map(Some)
        }
        _ => bail!("no such order"),
    }
}

/// Connections that are led somewhere.
struct Line {
    cut: watch::Sender<bool>,
    connections: JoinHandle<()>,
}

impl Line {
    async fn open(port: u16, target: SocketAddr, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
        let listener = listener.with_context(|| format!("port {port} cannot be had"))?;
        let (cut, is_cut) = watch::channel(false);
        let connections = tokio::spawn(take(listener, target, delay, is_cut));
        Ok(Self { cut, connections })
    }

    /// Returns once nothing of it is left.
    async fn cut(self) {
        let _nobody_listens = self.cut.send(true);
        let _ended = self.connections.await;
    }
}

async fn take(listener: TcpListener, target: SocketAddr, delay: Duration, mut is_cut: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let of_each = is_cut.clone();
    loop {
        tokio::select! {
            _ = is_cut.changed() => break,
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                connections.spawn(lead(client, target, delay, of_each.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn lead(mut client: TcpStream, target: SocketAddr, delay: Duration, mut is_cut: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let was_cut = {
        let (client, server) = (client.split(), server.split());
        let both = async { tokio::join!(pass(client.0, server.1, delay), pass(server.0, client.1, delay)) };
        tokio::select! {
            _ = both => false,
            _ = is_cut.wait_for(|is_cut| *is_cut) => true,
        }
    };
    if was_cut {
        // The other side gets a reset, and not an orderly end.
        for stream in [&client, &server] {
            let _best_effort = stream.set_zero_linger();
        }
    }
}

/// Passes on what comes, so much later, to its end.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, delay: Duration) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(delay).await;
        if to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    let _best_effort = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::free_port;
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener as Listener, TcpStream as Stream};
    use std::time::Instant;

    /// A wire, its orders and its port, and a server behind it that says what it hears.
    fn start() -> (SocketAddr, SocketAddr, SocketAddr) {
        let server = Listener::bind("127.0.0.1:0").unwrap();
        let target = server.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in server.incoming() {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || std::io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        let orders = Listener::bind("127.0.0.1:0").unwrap();
        orders.set_nonblocking(true).unwrap();
        let (address, port) = (orders.local_addr().unwrap(), free_port().unwrap());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { serve(TcpListener::from_std(orders).unwrap(), port).await })
        });
        (address, SocketAddr::from((Ipv4Addr::LOCALHOST, port)), target)
    }

    fn echo(stream: &mut Stream) -> std::io::Result<()> {
        stream.write_all(b"word")?;
        stream.read_exact(&mut [0; 4])
    }

    #[test]
    fn it_leads_and_is_slow_and_resets_and_refuses_and_leads_again() {
        let (orders, port, target) = start();
        assert_eq!(Stream::connect(port).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        order(orders, &format!("lead {target} 50")).unwrap();
        let mut stream = Stream::connect(port).unwrap();
        let started = Instant::now();
        echo(&mut stream).unwrap();
        assert!(started.elapsed() >= Duration::from_millis(100), "{:?}", started.elapsed());
        order(orders, "cut").unwrap();
        assert_eq!(echo(&mut stream).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(Stream::connect(port).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        order(orders, &format!("lead {target} 0")).unwrap();
        echo(&mut Stream::connect(port).unwrap()).unwrap();
        assert!(order(orders, "dance").is_err());
    }
}
