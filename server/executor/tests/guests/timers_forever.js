// Sets two timers whenever one has run.

function attack() {
  const again = () => {
    setTimeout(again);
    setTimeout(again, 1);
  };
  again();
  return new Promise(() => {});
}
