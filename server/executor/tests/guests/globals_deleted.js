// Deletes all that is global.

function attack() {
  const everything = globalThis;
  const { getOwnPropertyNames } = Object;
  for (const name of getOwnPropertyNames(everything)) {
    delete everything[name];
  }
  return "deleted";
}
