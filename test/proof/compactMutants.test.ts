import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { packCompact } from "../../src/proof/compact.js";
import { concat } from "../trie-helpers/buildTrie.js";
import { type CompactVerifier, type Question, randomWorld, solidityCompact } from "../trie-helpers/compact.js";
import { compactShapes } from "../trie-helpers/compactShapes.js";
import { compile, PROJECT, type Compiled } from "../trie-helpers/compile.js";
import { type Mutant, pattern } from "../trie-helpers/mutants.js";
import { createRandom } from "../trie-helpers/random.js";
import { connect, type Line } from "../trie-helpers/verifiers.js";

const HARNESS = "contracts/mocks/CompactProofHarness.sol";
const CLIMB = "contracts/proof/CompactClimb.sol";
const NODE = "contracts/proof/CompactNode.sol";
const PROOF = "contracts/proof/CompactProof.sol";

const MUTANTS: readonly Mutant[] = [
  { name: "the key's own leaf is another", attack: "M29", file: PROOF, from: "|| path == own", to: "" },
  { name: "dirty pads", attack: "M12", file: PROOF, from: "path >> (4 * nibbles) != 0 ||", to: "" },
  { name: "any root", attack: "M7", file: PROOF, from: "CompactClimb.root(climb) != stateRoot", to: "false" },
  { name: "a zero root", attack: "M6", file: PROOF, from: "if (stateRoot == 0) return", to: "if (false) return" },
  { name: "bytes behind the root", attack: "M8", file: PROOF, from: "climb.cursor != climb.end", to: "false" },
  {
    name: "any storage root",
    attack: "M35",
    file: PROOF,
    from: "if (sent == 64) storageRoot",
    to: "if (sent >= 32) storageRoot",
  },
  {
    name: "depths beyond the key",
    attack: "M28",
    file: PROOF,
    from: "if (depth > 64) return (uint256(ProofReason.PathLength), 0);",
    to: "",
  },
  {
    name: "another extension through the last nibble",
    attack: "M28",
    file: PROOF,
    from: "if (reach > 63)",
    to: "if (reach > 64)",
  },
  { name: "leading zeros", attack: "R9", file: PROOF, from: "size > 2 && value >> (8 * (size - 2)) == 0", to: "false" },
  {
    name: "small bytes with a prefix",
    attack: "R3",
    file: PROOF,
    from: "size == 2 ? value < 0x80 :",
    to: "size == 2 ? false :",
  },
  {
    name: "zero as a value",
    attack: "R12",
    file: PROOF,
    from: "if (value == 0) return uint256(ProofReason.ValueMalformed);",
    to: "",
  },
  {
    name: "values of any width",
    attack: "R10",
    file: PROOF,
    from: "if (size > width + 1) return (malformed, 0);",
    to: "",
  },
  {
    name: "absence below an account that is not",
    attack: "M36",
    file: PROOF,
    from: "slotStatus = below.kind == LEAF ?",
    to: "slotStatus = below.value != 0 ?",
  },
  { name: "a mask that names the way", attack: "M33", file: CLIMB, from: "and(shr(index, hashes), 1),", to: "0," },
  { name: "branches of one child", attack: "M15", file: CLIMB, from: "iszero(and(next, sub(next, 1)))", to: "0" },
  {
    name: "branches of one child beside embedded ones",
    attack: "M15",
    file: CLIMB,
    from: "|| children & (children - 1) == 0",
    to: "",
  },
  {
    name: "embedded children that are not there",
    attack: "M33",
    file: CLIMB,
    from: "embedded & ~others != 0 ||",
    to: "",
  },
  {
    name: "embedded children of any size",
    attack: "M21",
    file: CLIMB,
    from: "if (size < 3 || size > 31)",
    to: "if (false)",
  },
  { name: "embedded children that are cut", attack: "M1", file: CLIMB, from: "if (left < sent)", to: "if (false)" },
  { name: "fifteen hashes that are cut", attack: "M1", file: CLIMB, from: "gt(add(from, 481), end)", to: "0" },
  {
    name: "hashes that are cut",
    attack: "M1",
    file: CLIMB,
    from: "if gt(from, end) {\n reason_ := 3\n leave\n }\n child, size := close",
    to: "child, size := close",
  },
  {
    name: "another child in the place of the last",
    attack: "M7",
    file: CLIMB,
    from: "mstore(add(buffer, 499), mload(place))",
    to: "",
  },
  {
    name: "sixteen hashes above anything",
    attack: "M18",
    file: CLIMB,
    from: "if eq(size, HASH_SIZE) {\n let start",
    to: "if 1 {\n let start",
  },
  {
    name: "embedded nodes of 32 bytes",
    attack: "M21",
    file: CLIMB,
    from: "switch lt(size, 32)",
    to: "switch lt(size, 33)",
  },
  {
    name: "short nodes are hashed",
    attack: "M22",
    file: CLIMB,
    from: "switch lt(size, 32)",
    to: "switch lt(size, 31)",
  },
  {
    name: "the key's nibbles in another order",
    attack: "M32",
    file: CLIMB,
    from: "key := shr(4, key)",
    to: "key := shr(8, key)",
  },
  {
    name: "extensions above anything",
    attack: "M15",
    file: CLIMB,
    from: "if (!climb.isBranch) return uint256(ProofReason.ExtensionMalformed);",
    to: "",
  },
  { name: "extensions above extensions", attack: "M15", file: CLIMB, from: "climb.isBranch = false;", to: "" },
  {
    name: "extensions beyond the root",
    attack: "M28",
    file: CLIMB,
    from: "if (nibbles > climb.depth) return uint256(ProofReason.PathLength);",
    to: "",
  },
  {
    name: "leaves with the flag of an extension",
    attack: "M11",
    file: NODE,
    from: "uint256 constant LEAF_FLAG = 0x20",
    to: "uint256 constant LEAF_FLAG = 0x00",
  },
  {
    name: "odd paths without their first nibble",
    attack: "M10",
    file: NODE,
    from: "add(0x10, shr(shl(3, size), path))",
    to: "0x10",
  },
];

/**
 * Bugs put into the verifier one at a time: something that hand-written parts and a few whole witnesses ask must then get another
 * answer. A few are tried in each run, all of them with `MUTANTS=1`.
 */
describe("mutants of the verifier of compact witnesses", function () {
  this.timeout(600_000);
  let build: (patch?: (path: string, text: string) => string) => Promise<CompactVerifier>;
  let questions: { title: string; expected: Line; ask: (verifier: CompactVerifier) => Promise<Line> }[];

  before(async () => {
    const { ethers, provider } = await connect();
    const [signer] = await ethers.getSigners();
    const call = async (to: string, data: string): Promise<string> =>
      (await provider.request({ method: "eth_call", params: [{ to, data, gas: "0x1c9c380" }, "latest"] })) as string;
    build = async (patch = (_, text) => text) => {
      const { abi, bytecode } = compile(HARNESS, ["CompactProofHarness"], { patch })["CompactProofHarness"] as Compiled;
      const contract = await new ethers.ContractFactory(abi, bytecode, signer ?? null).deploy();
      return solidityCompact("mutant", call, await contract.getAddress(), abi);
    };
    questions = [
      ...compactShapes().map(({ attack, name, key, part, expected }) => ({
        title: `${attack} ${name}`,
        expected,
        ask: (verifier: CompactVerifier) => verifier.slotPart(key, part),
      })),
      ...wholeWitnesses().map(({ title, expected, question }) => ({
        title,
        expected,
        ask: (verifier: CompactVerifier) => verifier.accountSlot(question),
      })),
    ];
  });

  /** The first question that gets another answer. A mutant may also run out of gas, or revert, which the verifier never does. */
  async function noticed(verifier: CompactVerifier): Promise<string | undefined> {
    for (const { title, expected, ask } of questions) {
      const line = await ask(verifier).catch(() => "reverted");
      if (line !== expected) return title;
    }
    return undefined;
  }

  it("no question is answered otherwise by the verifier itself", async () => {
    expect(await noticed(await build())).to.equal(undefined);
  });

  for (const mutant of process.env["MUTANTS"] === undefined ? MUTANTS.slice(0, 3) : MUTANTS) {
    it(`${mutant.attack}: ${mutant.name}`, async () => {
      expect(pattern(mutant).test(readFileSync(join(PROJECT, mutant.file), "utf8")), "its text is there").to.equal(
        true,
      );
      const verifier = await build((path, text) =>
        path === mutant.file ? text.replace(pattern(mutant), () => mutant.to) : text,
      );
      const question = await noticed(verifier);
      expect(question, "a question that notices").to.not.equal(undefined);
      console.log(`      noticed by: ${question}`);
    });
  }
});

/** An account's slots, one that is not there, and what a liar would make of them. */
function wholeWitnesses(): { title: string; expected: Line; question: Question }[] {
  const random = createRandom(2935);
  return Array.from({ length: 6 }, () => randomWorld(random)).flatMap(({ state, storage, address, stored, slots }) =>
    slots.slice(-4).flatMap((slot) => {
      const proof = storage.proof(keccak256(slot)).map(toHex);
      const answer = {
        accountProof: state.proof(keccak256(address)).map(toHex),
        storageProof: [{ key: toHex(slot), proof }],
      };
      const { witness } = packCompact({ stateRoot: state.root, address, slot }, answer);
      const question = { root: state.root, address, slot, witness };
      return [
        { title: "a slot", expected: `present: ${stored.get(toHex(slot)) ?? "-"}`, question },
        { title: "M6 a zero root", expected: "invalid ZeroRoot", question: { ...question, root: new Uint8Array(32) } },
        {
          title: "M7 another root",
          expected: "invalid NodeHashMismatch",
          question: { ...question, root: storage.root },
        },
        {
          title: "M8 a byte behind the root",
          expected: "invalid TrailingBytes",
          question: { ...question, witness: concat([witness, Uint8Array.of(0)]) },
        },
      ];
    }),
  );
}
