//! `wire`: a TCP proxy that can be cut, for a container beside clusters. It takes connections at port 6443, and orders at port 1
//! (see `bridge_e2e::wire`).

use anyhow::{Context, Result};
use bridge_e2e::container::PORT;
use bridge_e2e::wire::{ORDERS, serve};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let orders = TcpListener::bind(("0.0.0.0", ORDERS)).await.context("the port of orders cannot be had")?;
    // Orders are taken from here on.
    println!("serving");
    serve(orders, PORT).await
}
