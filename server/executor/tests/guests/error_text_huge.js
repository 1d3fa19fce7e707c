// Throws an error with a text of 5 MB.

function attack() {
  throw new Error("x".repeat(5_000_000));
}
