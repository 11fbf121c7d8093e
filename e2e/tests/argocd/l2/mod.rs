mod acceptance;
mod fates;
mod fleet;
mod foretold;
mod members;
mod observed;
mod own_writes;
mod scale;
