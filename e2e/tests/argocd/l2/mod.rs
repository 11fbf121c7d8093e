mod acceptance;
mod destroy;
mod fleet;
mod members;
mod observed;
mod own_writes;
mod scale;
mod strangers;
