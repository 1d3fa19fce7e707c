// Returns what never ends to be turned into JSON.

function attack() {
  return {
    toJSON() {
      while (true) {}
    },
  };
}
