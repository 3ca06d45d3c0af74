/**
 * Measures what the guard adds to a function, in execution gas, and keeps it in snapshots/gas.json. With --check it fails where a figure has
 * changed: gas is deterministic, so any difference is one of the code.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { ethers } from "ethers";
import { network } from "hardhat";

import { latestStateAnchor } from "../src/anchor/anchor.js";
import { hardhatForks, type HardhatChain } from "../src/hardhat/index.js";
import { BUILDS, compile, type Build } from "../test/helpers/compile.js";
import { deployGasMeter, type GasMeter } from "../test/helpers/gas.js";

const SNAPSHOT = "snapshots/gas.json";

type Figures = Record<string, number>;

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const chain = await hardhatForks(network).create();
await chain.mine(8_200, { history: "at-end" });
const meter = await deployGasMeter(chain.tools.ethers);
const measured: Record<string, Figures> = {};
for (const build of BUILDS) measured[build.name] = await measure(chain, meter, build);
await chain.close();

const text = `${JSON.stringify(measured, null, 2)}\n`;
if (!options.check) {
  writeFileSync(SNAPSHOT, text);
  console.log(text);
  process.exit(0);
}
const committed = readFileSync(SNAPSHOT, "utf8");
if (committed !== text) {
  console.error(
    `gas has changed. ${SNAPSHOT} has\n${committed}and this build\n${text}Run npm run gas, and say why in the commit.`,
  );
  process.exit(1);
}
console.log("gas: as in the snapshot");
process.exit(0);

/** What the guard adds to a function that does nothing, with the same arguments, in one build. */
async function measure(chain: HardhatChain, meter: GasMeter, build: Build): Promise<Figures> {
  const artifacts = await compile(["contracts/mocks/GasTargets.sol"], build);
  const deploy = async (name: string): Promise<ethers.BaseContract> => {
    const artifact = artifacts[name];
    if (artifact === undefined) throw new RangeError(`no contract ${name}`);
    const [signer] = await chain.tools.ethers.getSigners();
    const contract = await new ethers.ContractFactory(artifact.abi, artifact.bytecode, signer ?? null).deploy();
    return contract.waitForDeployment();
  };
  const guarded = await deploy("GuardedNothing");
  const unguarded = await deploy("UnguardedNothing");
  const added = async (method: string, args: unknown[]): Promise<number> =>
    (await meter.measure(guarded, method, args)) - (await meter.measure(unguarded, method, args));

  // Measured by eth_call on the newest block: that block is the executing one.
  const anchorAt = (depth: bigint): unknown => {
    const { number, hash } = chain.at(chain.head.number - depth) ?? { number: 0n, hash: "0x" };
    return { number, hash };
  };
  const { anchor, header } = await latestStateAnchor(chain.request, { depth: 3 });
  const byOpcode = await added("act", [anchorAt(3n)]);
  const withHeader = await added("actOnState", [anchor, header]);
  return {
    "anchored, depth 3 (BLOCKHASH)": byOpcode,
    "anchored, depth 256 (BLOCKHASH)": await added("act", [anchorAt(256n)]),
    "anchored, depth 257 (EIP-2935, cold)": await added("act", [anchorAt(257n)]),
    "anchored, depth 8191 (EIP-2935, cold)": await added("act", [anchorAt(8_191n)]),
    [`anchoredState, depth 3 (BLOCKHASH), header of ${(header.length - 2) / 2} bytes`]: withHeader,
    "of which header hash, number and state root": withHeader - byOpcode,
  };
}
