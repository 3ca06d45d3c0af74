import type { Interface, Result } from "ethers";
import { network } from "hardhat";

import { toHex } from "../../src/core/bytes.js";
import { verifyAccount, verifySlot } from "../../src/proof/account.js";
import { PROOF_REASONS } from "../../src/proof/reasons.js";
import { verifyHashedKey } from "../../src/proof/trie.js";
import { verifyAccountSlot, verifySlots, type WitnessVerdict } from "../../src/proof/witness.js";
import { concat } from "./buildTrie.js";

/** A verdict in one line: `present …`, `absent`, or `invalid Reason`. */
export type Line = string;

/** Answers of one implementation. Nodes are root first; each joins them or lists them as its form wants. */
export interface Verifier {
  readonly name: string;
  /** What is sent is one byte string; how nodes were cut up is not seen. */
  readonly packed: boolean;
  key(root: Uint8Array, key: Uint8Array, nodes: readonly Uint8Array[]): Promise<Line>;
  account(root: Uint8Array, address: Uint8Array, nodes: readonly Uint8Array[]): Promise<Line>;
  slot(root: Uint8Array, slot: Uint8Array, nodes: readonly Uint8Array[]): Promise<Line>;
  /** A slot of an account, in the words of {@link WitnessVerifier}. */
  accountSlot(
    root: Uint8Array,
    address: Uint8Array,
    slot: Uint8Array,
    accountNodes: readonly Uint8Array[],
    storageNodes: readonly Uint8Array[],
  ): Promise<Line>;
}

/** Answers about an account and slots in one witness. */
export interface WitnessVerifier {
  readonly name: string;
  slots(root: Uint8Array, address: Uint8Array, slots: readonly Uint8Array[], witness: Uint8Array): Promise<Line>;
}

/** A deployed `StateProofHarness`, for calldata that no encoder writes. */
export interface Deployed {
  readonly abi: Interface;
  call(data: Uint8Array): Promise<string>;
}

export type Connection = Awaited<ReturnType<typeof network.create>>;
export type Caller = (to: string, data: string) => Promise<string>;

export async function connect(): Promise<Connection> {
  return network.create({ network: "default" });
}

/** What is not Present comes with zeros alone, on which callers rely: anything else is said before the verdict. */
const beside = (value: string, verdict: Line): Line =>
  /[1-9a-f]/i.test(value.replaceAll("0x", "")) ? `${value} beside ${verdict}` : verdict;

export const line = (status: bigint, reason: bigint, value: string): Line =>
  status === 2n
    ? `present ${value}`
    : beside(value, status === 1n ? "absent" : `invalid ${PROOF_REASONS[Number(reason)]}`);

const witnessLine = (status: string, values: readonly (bigint | undefined)[]): Line =>
  `${status}: ${values.map((value) => value ?? "-").join(" ")}`;

/** The contract's: an account's status, and each slot's with its value. */
function shown(status: bigint, reason: bigint, statuses: readonly bigint[], values: readonly bigint[]): Line {
  const absent = values.filter((_, i) => statuses[i] !== 2n).join("");
  if (status === 0n) return beside(absent, `invalid ${PROOF_REASONS[Number(reason)]}`);
  const found = values.map((value, i) => (statuses[i] === 2n ? value : undefined));
  return beside(absent, witnessLine(status === 2n ? "present" : "absent", found));
}

const accountText = (account: { nonce: bigint; balance: bigint; storageRoot: string; codeHash: string }): string =>
  `${account.nonce} ${account.balance} ${account.storageRoot} ${account.codeHash}`;

/** TypeScript on one byte string and on a list. */
export function typescriptVerifiers(): Verifier[] {
  return [true, false].map((packed) => {
    const form = (nodes: readonly Uint8Array[]) => (packed ? concat(nodes) : nodes);
    return {
      name: packed ? "TypeScript, bytes" : "TypeScript, list",
      packed,
      async key(root, key, nodes) {
        const verdict = verifyHashedKey(root, key, form(nodes));
        if (verdict.status === "invalid") return `invalid ${verdict.reason}`;
        return verdict.status === "absent" ? "absent" : `present ${toHex(verdict.value)}`;
      },
      async account(root, address, nodes) {
        const verdict = verifyAccount(root, address, form(nodes));
        if (verdict.status === "invalid") return `invalid ${verdict.reason}`;
        if (verdict.status === "absent") return "absent";
        const { storageRoot, codeHash, ...numbers } = verdict.value;
        return `present ${accountText({ ...numbers, storageRoot: toHex(storageRoot), codeHash: toHex(codeHash) })}`;
      },
      async slot(root, slot, nodes) {
        const verdict = verifySlot(root, slot, form(nodes));
        if (verdict.status === "invalid") return `invalid ${verdict.reason}`;
        return verdict.status === "absent" ? "absent" : `present ${verdict.value}`;
      },
      async accountSlot(root, address, slot, accountNodes, storageNodes) {
        if (packed)
          return witnessVerdict(verifyAccountSlot(root, address, slot, concat([...accountNodes, ...storageNodes])));
        const account = verifyAccount(root, address, accountNodes);
        if (account.status === "invalid") return `invalid ${account.reason}`;
        if (account.status === "absent")
          return storageNodes.length === 0 ? witnessLine("absent", [undefined]) : "invalid TrailingBytes";
        const found = verifySlot(account.value.storageRoot, slot, storageNodes);
        if (found.status === "invalid") return `invalid ${found.reason}`;
        return witnessLine("present", [found.status === "present" ? found.value : undefined]);
      },
    };
  });
}

function witnessVerdict(verdict: WitnessVerdict): Line {
  if (verdict.status === "invalid") return `invalid ${verdict.reason}`;
  return witnessLine(
    verdict.account.status,
    verdict.slots.map((slot) => (slot.status === "present" ? slot.value : undefined)),
  );
}

/** A contract with the functions of `StateProofHarness`; the reference has none that takes a list. */
export function solidityVerifiers(name: string, call: Caller, to: string, abi: Interface): Verifier[] {
  // The last is the one for one slot, where there is such a function.
  const one = solidityWitnessVerifiers(name, call, to, abi).at(-1) as WitnessVerifier;
  return [true, false]
    .filter((packed) => packed || abi.hasFunction("keyList"))
    .map((packed) => {
      const ask = async (method: string, root: Uint8Array, subject: Uint8Array, nodes: readonly Uint8Array[]) => {
        const proof = packed ? toHex(concat(nodes)) : nodes.map(toHex);
        const fragment = packed ? method : `${method}List`;
        return abi.decodeFunctionResult(
          fragment,
          await call(to, abi.encodeFunctionData(fragment, [root, toHex(subject), proof])),
        );
      };
      return {
        name: `${name}, ${packed ? "bytes" : "list"}`,
        packed,
        async key(root, key, nodes) {
          const [status, reason, value] = await ask("key", root, key, nodes);
          return line(status, reason, value);
        },
        async account(root, address, nodes) {
          const [status, reason, fields] = await ask("account", root, address, nodes);
          return line(status, reason, accountText(fields));
        },
        async slot(root, slot, nodes) {
          const [status, reason, value] = await ask("slot", root, slot, nodes);
          return line(status, reason, String(value));
        },
        async accountSlot(root, address, slot, accountNodes, storageNodes) {
          const witness = concat([...accountNodes, ...storageNodes]);
          if (packed) return one.slots(root, address, [slot], witness);
          const proofs = [accountNodes.map(toHex), storageNodes.map(toHex)];
          const data = abi.encodeFunctionData("accountSlotList", [root, toHex(address), slot, ...proofs]);
          return oneSlot(abi.decodeFunctionResult("accountSlotList", await call(to, data)));
        },
      };
    });
}

const oneSlot = ([status, slotStatus, value, reason]: Result): Line => shown(status, reason, [slotStatus], [value]);

export function typescriptWitnessVerifiers(): WitnessVerifier[] {
  return [
    {
      name: "TypeScript",
      async slots(root, address, slots, witness) {
        return witnessVerdict(
          slots.length === 1
            ? verifyAccountSlot(root, address, slots[0] as Uint8Array, witness)
            : verifySlots(root, address, slots, witness),
        );
      },
    },
  ];
}

export function solidityWitnessVerifiers(name: string, call: Caller, to: string, abi: Interface): WitnessVerifier[] {
  const many: WitnessVerifier = {
    name: `${name}, many`,
    async slots(root, address, slots, witness) {
      const data = abi.encodeFunctionData("slots", [root, toHex(address), slots, witness]);
      const [status, statuses, values, reason] = abi.decodeFunctionResult("slots", await call(to, data));
      return shown(status, reason, [...statuses], [...values]);
    },
  };
  if (!abi.hasFunction("accountSlot")) return [many];
  const one: WitnessVerifier = {
    name: `${name}, one`,
    async slots(root, address, slots, witness) {
      if (slots.length !== 1) return many.slots(root, address, slots, witness);
      const data = abi.encodeFunctionData("accountSlot", [root, toHex(address), slots[0], witness]);
      return oneSlot(abi.decodeFunctionResult("accountSlot", await call(to, data)));
    },
  };
  return [many, one];
}

/** Every implementation, deployed on one in-process chain. */
export async function allVerifiers(): Promise<{
  keys: Verifier[];
  witnesses: WitnessVerifier[];
  connection: Connection;
  call: Caller;
  solidity: Deployed;
}> {
  const connection = await connect();
  const { ethers, provider } = connection;
  const call: Caller = async (to, data) =>
    (await provider.request({ method: "eth_call", params: [{ to, data, gas: "0x1c9c380" }, "latest"] })) as string;
  const harness = await ethers.deployContract("StateProofHarness");
  const reference = await ethers.deployContract("ReferenceStateProofHarness");
  const at = [await harness.getAddress(), await reference.getAddress()] as const;
  return {
    connection,
    call,
    solidity: { abi: harness.interface, call: (data) => call(at[0], toHex(data)) },
    keys: [
      ...typescriptVerifiers(),
      ...solidityVerifiers("Solidity", call, at[0], harness.interface),
      ...solidityVerifiers("reference", call, at[1], reference.interface),
    ],
    witnesses: [
      ...typescriptWitnessVerifiers(),
      ...solidityWitnessVerifiers("Solidity", call, at[0], harness.interface),
      ...solidityWitnessVerifiers("reference", call, at[1], reference.interface),
    ],
  };
}
