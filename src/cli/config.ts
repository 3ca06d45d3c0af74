import { toQuantity, toWord } from "../bytes.js";
import { defineGuardConfig, type GuardedScope } from "../policy/config.js";
import { readObject } from "./jsonFile.js";
import type { Terminal } from "./terminal.js";

/**
 * Checks a guard's configuration and prints what its contracts take.
 *
 * @param path of a JSON file: { chains, scopes, policy }, as {@link defineGuardConfig} takes them; "-" for the standard input
 * @throws UNUSABLE_INPUT; INVALID_CONFIG with every fault
 */
export async function config(path: string, options: { json?: boolean }, terminal: Terminal): Promise<0> {
  const { scopes } = defineGuardConfig((await readObject(path)) as never);
  const entries = Object.entries<GuardedScope>(scopes);
  if (options.json === true)
    await terminal.printJson({ scopes: Object.fromEntries(entries.map(([name, scope]) => [name, printed(scope)])) }, 2);
  else for (const [name, scope] of entries) await terminal.print(...lines(name, scope));
  return 0;
}

/** Words in hexadecimal, as Foundry's `vm.parseJson` and ethers read them; the rest fits a JSON number. */
function printed({ id, chain, parent, minDepth, maxAge, config: { policy, ...times } }: GuardedScope): object {
  return {
    id,
    chain,
    parent: parent ?? toWord(0n),
    minDepth,
    maxAge,
    config: { policy: toQuantity(policy), ...times },
  };
}

function lines(
  name: string,
  { id, chain, parent, minDepth, maxAge, config: { policy, ...times } }: GuardedScope,
): string[] {
  return [
    `${name}: ${id}`,
    `  chain ${chain}, ${parent === undefined ? "no parent" : `parent ${parent}`}, minDepth ${minDepth}, maxAge ${maxAge}`,
    `  policy ${toQuantity(policy)}`,
    `  ${Object.entries(times)
      .map(([member, seconds]) => `${member} ${seconds}`)
      .join(", ")}`,
  ];
}
