// Reads JSON that is nested a million times.

function attack() {
  return JSON.parse("[".repeat(1_000_000));
}
