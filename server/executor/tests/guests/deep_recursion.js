// Recurses for ever, and goes on where the stack ends.

function attack() {
  let caught = 0;
  const deeper = (depth) => {
    try {
      return deeper(depth + 1) + 1;
    } catch {
      caught++;
      return caught < 100 ? deeper(depth) : 0;
    }
  };
  deeper(0);
  return caught > 0;
}
