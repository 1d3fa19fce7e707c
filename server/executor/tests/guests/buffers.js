// Takes all memory in buffers of a megabyte.

function attack() {
  const taken = [];
  while (true) taken.push(new Uint8Array(1 << 20).fill(1));
}
