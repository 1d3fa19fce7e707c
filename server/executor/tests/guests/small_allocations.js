// Takes all memory in small pieces.

function attack() {
  let taken = null;
  while (true) taken = { taken };
}
