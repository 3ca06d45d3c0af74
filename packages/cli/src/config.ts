import { defineGuardConfig, toQuantity, toWord, type GuardedScope } from "settlement-guard";

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
function printed({ id, chain, config, hidden }: GuardedScope): object {
  return { id, chain, config: { ...config, policy: toQuantity(config.policy) }, hidden };
}

function lines(name: string, { id, chain, config, hidden }: GuardedScope): string[] {
  const { policy, parent, ...numbers } = config;
  const { busy, hour, day, week } = hidden;
  return [
    `${name}: ${id}`,
    `  chain ${chain}, ${parent === toWord(0n) ? "no parent" : `parent ${parent}`}, policy ${toQuantity(policy)}`,
    `  ${Object.entries(numbers)
      .map(([member, number]) => `${member} ${number}`)
      .join(", ")}`,
    `  hidden at the most: an outage of ${busy} s on a busy market, ${hour} s after a quiet hour, ${day} s after a day, ${week} s after a week`,
  ];
}
