import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { decodeSlot, verifyAccount, verifySlot } from "../../src/proof/account.js";
import { Nodes, packAccount, packSlots, Unpackable } from "../../src/proof/pack.js";
import { Reader } from "../../src/proof/read.js";
import { PROOF_REASONS, type ProofVerdict } from "../../src/proof/reasons.js";
import { verifyHashedKey } from "../../src/proof/trie.js";
import { BUILDS, compile, type Artifact } from "../compile.js";
import { SOURCES } from "../targets.js";
import { deploy, type Contract } from "./readers.js";

/** A verdict in one line: `present …`, `absent`, or `invalid Reason`. */
export type Line = string;

/** One implementation that reads nodes as `eth_getProof` lists them. */
export interface Verifier {
  readonly name: string;
  key(root: Uint8Array, key: Uint8Array, nodes: readonly Uint8Array[]): Promise<Line>;
  account(root: Uint8Array, address: Uint8Array, nodes: readonly Uint8Array[]): Promise<Line>;
  slot(root: Uint8Array, slot: Uint8Array, nodes: readonly Uint8Array[]): Promise<Line>;
}

type Fields = readonly [nonce: bigint, balance: bigint, storageRoot: string, codeHash: string];

const accountText = ([nonce, balance, storageRoot, codeHash]: Fields): string =>
  `${nonce} ${balance} ${storageRoot} ${codeHash}`;

function line<Value>(verdict: ProofVerdict<Value>, show: (value: Value) => string): Line {
  if (verdict.status === "invalid") return `invalid ${verdict.reason}`;
  return verdict.status === "absent" ? "absent" : `present ${show(verdict.value)}`;
}

const typescript: Verifier = {
  name: "TypeScript",
  key: async (...question) => line(verifyHashedKey(...question), toHex),
  account: async (...question) =>
    line(verifyAccount(...question), ({ nonce, balance, storageRoot, codeHash }) =>
      accountText([nonce, balance, toHex(storageRoot), toHex(codeHash)]),
    ),
  slot: async (...question) => line(verifySlot(...question), String),
};

/** The reference in Solidity, in an embedded EVM. */
function solidity(reference: Contract): Verifier {
  const ask = async (method: string, args: readonly unknown[], show: (value: never) => string): Promise<Line> => {
    const { values, error } = await reference.call(method, args);
    if (values === undefined) return `failed: ${error?.name}`;
    const [status, reason, value] = values as [bigint, bigint, never];
    if (status === 2n) return `present ${show(value)}`;
    // What is not Present comes with zeros alone, on which callers rely.
    expect(String(value).replaceAll("0x", "")).to.not.match(/[1-9a-f]/i);
    return status === 1n ? "absent" : `invalid ${PROOF_REASONS[Number(reason)]}`;
  };
  return {
    name: "Solidity",
    key: (root, key, nodes) => ask("key", [root, key, nodes], String),
    account: (root, address, nodes) => ask("account", [root, toHex(address), nodes], accountText),
    slot: (root, slot, nodes) => ask("slot", [root, slot, nodes], String),
  };
}

/** All that read nodes, and the Solidity reader of witnesses, which is asked the same. */
export interface RawReaders {
  readonly verifiers: readonly Verifier[];
  /** What nodes that are valid show is what their witness shows; what is invalid packs into none. */
  agree(root: Uint8Array, key: Uint8Array, nodes: readonly Uint8Array[]): Promise<void>;
}

export async function rawReaders(): Promise<RawReaders> {
  const build = BUILDS[Math.min(1, BUILDS.length - 1)]!;
  const artifacts = await compile(SOURCES.proofs, build);
  const reference = await deploy(artifacts["StateProofReferenceHarness"] as Artifact);
  const reader = await deploy(artifacts["StateProofHarness"] as Artifact);
  return {
    verifiers: [typescript, solidity(reference)],
    async agree(root, key, nodes) {
      const raw = verifyHashedKey(root, key, nodes);
      const value = raw.status === "present" ? decodeSlot(raw.value) : 0n;
      // Where clients differ, packing is lenient: the empty trie's node, and embedded nodes that are listed again.
      if (nodes.some((node, i) => node.length === 1 || (i > 0 && node.length < 32))) return;
      let packed;
      try {
        packed = packSlots(root, [key], [nodes], new Nodes());
      } catch (error) {
        if (!(error instanceof Unpackable)) throw error;
        // A witness says more than the raw reader asks. Every leaf holds a slot's value, also where no key leads.
        expect(error.reason).to.equal(raw.status === "invalid" ? raw.reason : "ValueMalformed");
        expect(raw.status === "present" && value !== undefined, "a slot's value is packed").to.equal(false);
        return;
      }
      expect(raw.status).to.not.equal("invalid");
      expect(packed.values).to.deep.equal([value]);
      const twin = new Reader(packed.part);
      const read = twin.slots([key]);
      twin.end(read.root, root);
      expect(read.values).to.deep.equal([value]);
      const { values } = await reader.call("readKeys", [root, [key], packed.part]);
      expect(
        values?.map((each) => [...(each as bigint[])]),
        "the Solidity reader",
      ).to.deep.equal([[value]]);
    },
  };
}

/** As {@link RawReaders.agree}, for an account. Only TypeScript: the Solidity reader takes its leaf with the same code. */
export function packsAccount(root: Uint8Array, address: Uint8Array, nodes: readonly Uint8Array[]): boolean {
  try {
    const { part } = packAccount(root, keccak256(address), nodes, false, new Nodes());
    const reader = new Reader(part);
    reader.end(reader.account(keccak256(address), undefined).root, root);
    return true;
  } catch (error) {
    if (error instanceof Unpackable) return false;
    throw error;
  }
}

/** Ways to put a question to every implementation. Called in a `describe`. */
export function asking() {
  let readers: RawReaders;
  before(async () => {
    readers = await rawReaders();
  });
  return {
    async each(ask: (verifier: Verifier) => Promise<Line>, expected: string | RegExp): Promise<void> {
      const [first, ...others] = readers.verifiers as [Verifier, ...Verifier[]];
      const line = await ask({
        ...first,
        async slot(root, slot, nodes) {
          await readers.agree(root, keccak256(slot), nodes);
          return first.slot(root, slot, nodes);
        },
      });
      if (typeof expected === "string") expect(line, first.name).to.equal(expected);
      else expect(line, first.name).to.match(expected);
      for (const other of others) expect(await ask(other), other.name).to.equal(line);
    },
  };
}
