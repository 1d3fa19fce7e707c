// Prints for ever.

function attack() {
  while (true) console.log("x".repeat(1000));
}
