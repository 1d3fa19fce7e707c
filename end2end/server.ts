// One `sluice serve` with a data folder of its own, on ports that are free.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const binary =
  process.env.SLUICE_BIN ?? fileURLToPath(new URL("../target/debug/sluice", import.meta.url));

/** The one line that the server writes to standard output: where its doors are. */
interface ReadyLine {
  console: string;
  gateway_http: string;
  gateway_https: string;
}

export interface User {
  name: string;
  password: string;
}

export class Server {
  /** Address of the console: `http://localhost:<port>`. */
  readonly console: string;
  /** Address of the gateway over HTTP. */
  readonly gatewayHttp: string;
  /** Address of the gateway over HTTPS. */
  readonly gatewayHttps: string;
  #process: ChildProcess;
  #log: string[];

  private constructor(
    readonly data: string,
    ready: ReadyLine,
    child: ChildProcess,
    log: string[],
  ) {
    this.console = byName(ready.console);
    this.gatewayHttp = byName(ready.gateway_http);
    this.gatewayHttps = byName(ready.gateway_https);
    this.#process = child;
    this.#log = log;
  }

  /**
   * Starts a server on a new data folder and waits until it is ready. `artifacts` is the
   * folder of a server that ran before: without it the server compiles its runtimes first.
   * `users` are there before the first visit.
   */
  static async start({ artifacts, users = [] }: { artifacts?: string; users?: User[] } = {}) {
    const data = await mkdtemp(join(tmpdir(), "sluice-end2end-"));
    if (artifacts) {
      await cp(artifacts, join(data, "artifacts"), {
        recursive: true,
        mode: constants.COPYFILE_FICLONE,
      });
    }
    for (const user of users) await addUser(data, user);
    return await Server.startOn(data);
  }

  /** Starts a server on a data folder that is there, and waits until it is ready. */
  static async startOn(data: string) {
    const anyPort = "127.0.0.1:0";
    const child = spawn(
      binary,
      ["serve", "--data", data, "--console", anyPort]
        .concat(["--gateway-http", anyPort, "--gateway-https", anyPort]),
      { env: environment(), stdio: ["ignore", "pipe", "pipe"] },
    );
    const log: string[] = [];
    createInterface(child.stderr).on("line", (line) => log.push(line));
    // A worker that is ended in the middle of a test leaves no server behind.
    const orphan = () => child.kill("SIGKILL");
    process.once("exit", orphan);
    child.once("exit", () => process.off("exit", orphan));
    const ended = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code) =>
        reject(new Error(`sluice ended with ${code} at start:\n${log.join("\n")}`)),
      );
    });
    const line = once(createInterface(child.stdout), "line");
    const [ready] = await Promise.race([line, ended]);
    return new Server(data, JSON.parse(ready), child, log);
  }

  /** What the server wrote to standard error. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** Adds an administrator while the server runs. */
  async addUser(user: User) {
    await addUser(this.data, user);
  }

  /** Stops the server as a service manager would, and deletes its data. */
  async stop() {
    await this.end();
    await rm(this.data, { recursive: true });
  }

  /** Stops the server and leaves its data. */
  async end() {
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    const [code] = await exit;
    if (code !== 0) throw new Error(`sluice ended with ${code}:\n${this.log}`);
  }
}

async function addUser(data: string, { name, password }: User) {
  const args = ["user", "add", name, "--admin", "--data", data];
  await promisify(execFile)(binary, args, { env: { ...environment(), SLUICE_PASSWORD: password } });
}

/** What the server inherits: nothing that would set one of its flags. */
function environment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
  return Object.fromEntries(others);
}

/** The clipboard, and cookies that a user has, belong to a name rather than to an address. */
function byName(address: string): string {
  return address.replace("127.0.0.1", "localhost");
}
