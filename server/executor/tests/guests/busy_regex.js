// Matches in exponential time.

function attack() {
  return /^(a*)*b$/.test("a".repeat(60));
}
