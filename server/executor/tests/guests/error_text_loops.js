// Throws an error whose text never ends.

function attack() {
  throw Object.defineProperty(new Error(), "message", {
    get() {
      while (true) {}
    },
  });
}
