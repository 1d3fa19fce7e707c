// Deletes all that is global.

function attack() {
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    delete globalThis[name];
  }
  return "deleted";
}
