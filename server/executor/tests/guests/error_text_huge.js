// Throws an error with a text of 20 MB.

function attack() {
  throw new Error("x".repeat(20_000_000));
}
