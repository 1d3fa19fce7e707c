// Computes in native code of the engine for long: sorts again and again what is long.

const numbers = Float64Array.from({ length: 1_000_000 }, (_, at) => (at * 7919) % 1_000_003);

function attack() {
  while (true) numbers.slice().sort();
}
