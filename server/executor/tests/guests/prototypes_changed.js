// Changes what all objects, texts and promises can do, and how JSON is written.

function attack() {
  const wrong = () => "}{";
  JSON.stringify = JSON.parse = wrong;
  for (const { prototype } of [Object, Array, String, Promise, Map, Function]) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      try {
        prototype[name] = wrong;
      } catch {}
    }
  }
  return { a: 1 };
}
