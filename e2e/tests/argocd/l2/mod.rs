mod acceptance;
mod connections;
mod fleet;
mod members;
mod observed;
mod own_writes;
mod scale;
