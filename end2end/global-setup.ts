// Compiles the runtimes once. Every server of the run begins with a copy of what came of it,
// but the one of seed.spec.ts, which begins as a user's does.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Server } from "./server.ts";

export default async function compileRuntimes() {
  const server = await Server.start();
  await server.end();
  process.env.SLUICE_END2END_ARTIFACTS = join(server.data, "artifacts");
  return () => rm(server.data, { recursive: true });
}
