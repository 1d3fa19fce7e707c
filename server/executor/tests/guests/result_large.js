// Returns 30 MB: its memory holds them, a response does not.

function attack() {
  return "x".repeat(30_000_000);
}
