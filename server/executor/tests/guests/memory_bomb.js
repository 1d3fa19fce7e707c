// Doubles what it has.

function attack() {
  let taken = [1];
  while (true) taken = taken.concat(taken);
}
