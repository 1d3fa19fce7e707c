// Computes in native code of the engine for long: sorts again and again what is long.

function attack() {
  const numbers = Float64Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 100_003);
  while (true) numbers.slice().sort();
}
