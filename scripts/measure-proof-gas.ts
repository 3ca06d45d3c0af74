// Prints the execution gas of state proofs: the call's own, without the 21,000 and the calldata of its transaction.
// Run with: npx hardhat run scripts/measure-proof-gas.ts
import { network } from "hardhat";

import { toBytes, toHex } from "../src/bytes.js";
import { keccak256 } from "../src/keccak.js";
import { packWitness } from "../src/proof/witness.js";
import { buildTrie, concat, rlpInteger, rlpList, rlpString } from "../test/trie-helpers/buildTrie.js";
import { compile, type Compiled } from "../test/trie-helpers/compile.js";
import { createRandom } from "../test/trie-helpers/random.js";
import { realVectors } from "../test/trie-helpers/vectors.js";

const SLOTS_IN_TRIE = Number(process.env["SLOTS"] ?? 100_000);

// Before EIP-7623, so that the calldata floor does not hide execution.
const { ethers } = await network.create({ network: "default", override: { hardfork: "cancun" } });
const [signer] = await ethers.getSigners();
if (signer === undefined) throw new TypeError("the in-process chain has no account");
const sender = signer;

const bytes = (hex: string): Uint8Array => toBytes(hex, "vector");
const calldataGas = (data: string): number => bytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 0);

async function deploy({ abi, bytecode }: Compiled): Promise<string> {
  const contract = await new ethers.ContractFactory(abi, bytecode, sender).deploy();
  return contract.getAddress();
}

async function execution(to: string, data: string): Promise<number> {
  const transaction = await sender.sendTransaction({ to, data, gasLimit: 25_000_000 });
  const receipt = await transaction.wait();
  return Number(receipt?.gasUsed ?? 0n) - 21_000 - calldataGas(data);
}

for (const viaIR of [true, false]) {
  const names = ["AccountSlotHarness", "AccountSlotListHarness", "SlotsHarness"] as const;
  const built = compile("contracts/mocks/StateProofHarness.sol", names, {
    viaIR,
    runs: 1_000_000,
    evmVersion: "cancun",
  });
  const at = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await deploy(built[name] as Compiled)] as const)),
  );
  console.log(
    `${viaIR ? "viaIR" : "legacy"}, ${names.map((name) => `${name} ${built[name]?.deployedSize} B`).join(", ")}`,
  );

  let logarithms = 0;
  let inclusions = 0;
  for (const { id, stateRoot, address, accountExists, accountProof, storage } of realVectors()) {
    for (const { slot, value, proof } of accountExists ? storage : []) {
      const witness = toHex(concat([...accountProof, ...proof].map(bytes)));
      const size = (witness.length - 2) / 2;
      const abi = (name: (typeof names)[number]) => (built[name] as Compiled).abi;
      const packed = await execution(
        at["AccountSlotHarness"] as string,
        abi("AccountSlotHarness").encodeFunctionData("run", [stateRoot, address, slot, witness]),
      );
      const listed = await execution(
        at["AccountSlotListHarness"] as string,
        abi("AccountSlotListHarness").encodeFunctionData("run", [stateRoot, address, slot, accountProof, proof]),
      );
      const present = BigInt(value) !== 0n;
      if (present) {
        logarithms += Math.log(packed / size);
        inclusions++;
      }
      const nodes = `${accountProof.length}+${proof.length}`;
      console.log(
        `  ${id} …${slot.slice(-4)} ${nodes} nodes, ${size} B, ${present ? "present" : "absent"}: ${packed} packed, ${listed} as a list, ${(packed / size).toFixed(3)} gas/B`,
      );
    }
  }
  console.log(
    `  geometric mean over ${inclusions} present slots: ${Math.exp(logarithms / inclusions).toFixed(3)} gas/B`,
  );

  const random = createRandom(1);
  const slotAt = (i: number): Uint8Array => Uint8Array.from(Buffer.from(i.toString(16).padStart(64, "0"), "hex"));
  const trie = buildTrie(
    Array.from({ length: SLOTS_IN_TRIE }, (_, i) => ({
      key: keccak256(slotAt(i)),
      value: rlpInteger(BigInt(`0x01${"ab".repeat(random.next(31))}`)),
    })),
  );
  const address = slotAt(1).slice(12);
  const value = rlpList([
    rlpInteger(1n),
    rlpInteger(10n ** 18n),
    rlpString(trie.root),
    rlpString(keccak256(new Uint8Array())),
  ]);
  const state = buildTrie(
    Array.from({ length: 20_000 }, (_, i) => ({
      key: keccak256(slotAt(i + 1).slice(12)),
      value:
        i === 0 ? value : rlpList([rlpInteger(BigInt(i)), rlpInteger(1n), rlpString(trie.root), rlpString(trie.root)]),
    })),
  );
  const gas = new Map<number, number>();
  for (const count of [1, 4, 16, 64]) {
    const slots = Array.from({ length: count }, () => slotAt(random.next(SLOTS_IN_TRIE)));
    const answer = {
      accountProof: state.proof(keccak256(address)).map(toHex),
      storageProof: slots.map((slot) => ({ key: toHex(slot), proof: trie.proof(keccak256(slot)).map(toHex) })),
    };
    const packed = packWitness({ stateRoot: state.root, address, slots }, answer);
    const raw =
      concat(answer.storageProof.flatMap(({ proof }) => proof.map(bytes))).length +
      concat(answer.accountProof.map(bytes)).length;
    const data = (built["SlotsHarness"] as Compiled).abi.encodeFunctionData("run", [
      state.root,
      toHex(address),
      packed.slots.map(({ slot }) => slot),
      packed.witness,
    ]);
    gas.set(count, await execution(at["SlotsHarness"] as string, data));
    console.log(
      `  ${count} slots in one witness: ${gas.get(count)} gas, ${packed.witness.length} B (${raw} B as separate proofs)`,
    );
  }
  const marginal = ((gas.get(64) ?? 0) - (gas.get(16) ?? 0)) / 48;
  console.log(`  a further slot of ${SLOTS_IN_TRIE}: ${marginal.toFixed(0)} gas (between 16 and 64)`);
}
