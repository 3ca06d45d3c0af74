import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { COMMANDS, memberOf, type GuardCommand } from "./commands.js";

/** `hardhat guard status --network sepolia …`, and so on. */
export const tasks: TaskDefinition[] = [
  emptyTask("guard", "Run settlement-guard against a network").build(),
  emptyTask(["guard", "ledger"], "Compare a ledger with a network, and dispute it").build(),
  ...COMMANDS.map(taskOf),
];

function taskOf(command: GuardCommand): TaskDefinition {
  let builder = task(["guard", ...command.name.split(" ")], command.description).setAction(async () => {
    const { runCommand } = await import("./runCommand.js");
    return { default: (values, hre) => runCommand(command, values, hre) };
  });
  const type = ArgumentType.STRING_WITHOUT_DEFAULT;
  for (const option of command.options)
    builder = builder.addOption({ name: memberOf(option), type, defaultValue: undefined });
  for (const flag of command.flags ?? []) builder = builder.addFlag({ name: memberOf(flag) });
  const { name = "", isRepeated } = command.argument ?? {};
  if (isRepeated === true) builder = builder.addVariadicArgument({ name, defaultValue: [] });
  else if (isRepeated === false) builder = builder.addPositionalArgument({ name });
  return builder.build();
}
