// Never ends.

function attack() {
  while (true) {}
}
