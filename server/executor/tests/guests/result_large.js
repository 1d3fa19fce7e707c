// Returns 10 MB: its memory holds them, a response does not.

function attack() {
  return "x".repeat(10_000_000);
}
