import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Starts anvil on a free port, or says that npm has none for this machine. */
export async function startAnvil(): Promise<{ url: string; stop(): void } | undefined> {
  const binary = findAnvil();
  if (binary === undefined) return undefined;
  const node = spawn(binary, ["--host", "127.0.0.1", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const stop = () => node.kill("SIGKILL");
  process.once("exit", stop);
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    node.once("exit", (code) => reject(new Error(`anvil ended with code ${code}: ${output}`)));
    node.stdout.on("data", (chunk) => {
      output += String(chunk);
      const address = /Listening on (127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
  });
  return { url, stop };
}

function findAnvil(): string | undefined {
  try {
    const { resolve } = createRequire(import.meta.url);
    return join(dirname(resolve("@foundry-rs/anvil-linux-amd64/package.json")), "bin", "anvil");
  } catch {
    return undefined;
  }
}
