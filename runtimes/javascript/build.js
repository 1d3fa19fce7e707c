// Builds the JavaScript runtime: `node build.js OUT_DIR`.
//
// Writes OUT_DIR/component.wasm, which is StarlingMonkey with the loader of `loader/`
// evaluated already.

import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize } from "@bytecodealliance/componentize-js";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The loader and what it imports, as one module. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, "loader/index.js")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    // What the executor gives.
    external: ["sluice:*", "wasi:*"],
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/** The world with all that it is made of, in the one folder that the engine's tool reads. */
async function gatherWorld(folder) {
  const deps = join(folder, "deps");
  await cp(join(HERE, "component/component.wit"), join(folder, "component.wit"));
  await cp(join(HERE, "component/wasi-cli.wit"), join(deps, "wasi-cli/wasi-cli.wit"));
  await cp(join(HERE, "wit"), join(deps, "javascript"), { recursive: true });
  await cp(join(HERE, "../wit"), join(deps, "function"), { recursive: true });
}

async function main() {
  const [out] = process.argv.slice(2);
  if (!out) {
    throw new Error("usage: node build.js OUT_DIR");
  }
  const world = await mkdtemp(join(tmpdir(), "sluice-world-"));
  try {
    await gatherWorld(world);
    const { component } = await componentize(await bundle(), {
      sourceName: "loader.js",
      witPath: world,
      worldName: "component",
      // A function answers calls that the executor gives it, and no requests.
      disableFeatures: ["fetch-event"],
    });
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "component.wasm"), component);
  } finally {
    await rm(world, { recursive: true });
  }
}

main().catch((error) => {
  console.error(`the JavaScript runtime could not be built: ${error.message}`);
  process.exitCode = 1;
});
