import { network } from "hardhat";

import type { HistoryMode } from "../../src/forks/index.js";
import { hardhatChains } from "../../src/hardhat/index.js";
import { announced } from "../../tools/random.js";
import { reorganizeAtRandom } from "../../tools/randomReorgs.js";

/** Changes of the branch, in all. */
const CHANGES = process.env["HEAVY"] === "1" ? 1_000 : 20;

describe("a chain that is reorganised at random", () => {
  for (const mode of ["transaction", "storage"] as HistoryMode[])
    it(`is at the end the chain that was mined so from the start, and each branch stays as it was (${mode})`, async function () {
      await reorganizeAtRandom({ factory: hardhatChains(network), random: announced(), changes: CHANGES / 2, mode });
    });
});
