import { ethers } from "ethers";
import { network } from "hardhat";
import { hardhatForks } from "../src/hardhat/index.js";
import { BUILDS, compile } from "../test/helpers/compile.js";
const chain = await hardhatForks(network).create();
await chain.mine(20);
const b = BUILDS[Number(process.argv[2] ?? 1)]!;
const a = await compile(["contracts/mocks/GasTargets.sol"], b);
const [signer] = await chain.tools.ethers.getSigners();
for (const name of ["GuardedNothing", "UnguardedNothing"]) {
const c = await new ethers.ContractFactory(a[name]!.abi, a[name]!.bytecode, signer!).deploy();
await c.waitForDeployment();
const anchor = chain.at(chain.head.number - 3n)!;
const data = c.interface.encodeFunctionData("act", [anchor]);
const t: any = await chain.request({ method: "debug_traceCall", params: [{ to: await c.getAddress(), data }, "latest", {}] });
let sum = 0; const out: string[] = [];
for (const l of t.structLogs) { out.push(`${l.op}${l.op.startsWith("PUSH") ? "" : ""}(${l.gasCost})`); sum += l.gasCost; }
console.log(name, t.structLogs.length, sum); console.log(out.join(" "));
}
process.exit(0);
