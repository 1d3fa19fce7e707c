// Never ends to be loaded.

while (true) {}
