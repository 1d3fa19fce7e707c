// Always has another promise to settle, so that nothing else has its turn.

async function attack() {
  while (true) await null;
}
