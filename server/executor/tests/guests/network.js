// Calls the loopback addresses of the host.

async function attack() {
  const answers = [];
  for (const url of ["http://127.0.0.1/", "http://localhost:8080/", "http://[::1]/", "https://169.254.169.254/"]) {
    try {
      answers.push((await fetch(url)).status);
    } catch {}
  }
  return answers;
}
