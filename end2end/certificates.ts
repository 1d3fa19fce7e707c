// Certificates for domain names, made by OpenSSL and not by anything of the server's.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for `name` that is its own authority, and its key: as OpenSSL makes them. */
export function makeCertificate(name: string, days = 90) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-certificate-"));
  const [chain, key] = [join(folder, "chain.pem"), join(folder, "key.pem")];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", `${days}`];
  execFileSync("openssl", [...made, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", chain], { stdio: "ignore" });
  const texts = { chain: readFileSync(chain, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(folder, { recursive: true });
  return texts;
}
