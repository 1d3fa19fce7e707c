// Waits for what never comes.

function attack() {
  return new Promise((done) => setTimeout(done, 2 ** 31 - 1));
}
