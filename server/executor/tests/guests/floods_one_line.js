// Prints one line of 30 MB.

function attack() {
  console.log("x".repeat(30_000_000));
}
