mod acceptance;
mod fleet;
mod members;
mod observed;
mod own_writes;
mod scale;
