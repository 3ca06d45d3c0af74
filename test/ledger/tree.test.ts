import { createMPT } from "@ethereumjs/mpt";
import { expect } from "chai";
import { AbiCoder, keccak256 as ethersKeccak } from "ethers";
import { network } from "hardhat";

import { compareBytes, toBytes, toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { keccak256, setKeccak256 } from "../../src/core/keccak.js";
import { prove } from "../../src/actions/prove.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { findDifferences, type LedgerDifference } from "../../src/ledger/descent.js";
import { ledgerKey, totalKey } from "../../src/ledger/key.js";
import { HashedTrie } from "../../src/ledger/hashedTrie.js";
import { LedgerTree, type LedgerEntry } from "../../src/ledger/tree.js";
import { verifyWitness, type ProofAnswer } from "../../src/proof/witness.js";
import { buildTrie, rlpInteger } from "../../tools/buildTrie.js";
import { BUILDS, compile, type Artifact } from "../../tools/compile.js";
import { thrown } from "../../tools/errors.js";
import { slotOf } from "../../tools/nodes.js";
import { key as rawKey } from "../../tools/proof/questions.js";
import { deploy, type Contract } from "../../tools/proof/readers.js";
import { announced, type Random } from "../../tools/random.js";
import { SOURCES } from "../../tools/targets.js";

const EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
/** Slots whose hashed keys share eight nibbles: below 128, their leaves are embedded. */
const COLLIDING = [0x9dac, 0x19c5e].map((slot) => toHex(slotOf(slot)));

const keyOf = (number: number): Hex => toHex(slotOf(number));

/** Of every length of RLP; small ones often. */
function anyValue(random: Random): bigint {
  const bytes = random.below(2) === 0 ? 1 : 1 + random.below(32);
  return (BigInt(toHex(random.bytes(bytes))) % ((1n << 256n) - 1n)) + 1n;
}

/** Changes, of which every third deletes. */
function anyChanges(random: Random, keys: readonly Hex[], count: number): LedgerEntry[] {
  return Array.from({ length: count }, () => [random.pick(keys), random.below(3) === 0 ? 0n : anyValue(random)]);
}

/** A secure trie of `@ethereumjs/mpt`, changed as a ledger is. */
async function oracleTrie() {
  const trie = await createMPT({ useKeyHashing: true });
  return {
    update: async (changes: readonly LedgerEntry[]) => {
      for (const [key, value] of changes) {
        if (value === 0n) await trie.del(toBytes(key, "key"));
        else await trie.put(toBytes(key, "key"), rlpInteger(value));
      }
    },
    root: () => toHex(trie.root()),
  };
}

describe("LedgerTree", function () {
  it("has the roots of @ethereumjs/mpt through random histories, which a tree built anew has, too", async () => {
    const random = announced();
    for (const { keys, steps, batch } of [
      { keys: 6, steps: 120, batch: 2 },
      { keys: 60, steps: 80, batch: 5 },
      { keys: 1_500, steps: 12, batch: 250 },
    ]) {
      const known = [...COLLIDING, ...Array.from({ length: keys }, () => toHex(random.bytes(32)))];
      const oracle = await oracleTrie();
      const tree = new LedgerTree();
      const model = new Map<Hex, bigint>();
      for (let step = 0; step < steps; step++) {
        const changes = anyChanges(random, known, 1 + random.below(batch));
        await oracle.update(changes);
        tree.update(changes);
        for (const [key, value] of changes) value === 0n ? model.delete(key) : model.set(key, value);
        const where = `seed ${random.seed}, ${keys} keys, step ${step}`;
        expect(tree.root, where).to.equal(oracle.root());
        expect(LedgerTree.from(model).root, where).to.equal(tree.root);
        expect(tree.size, where).to.equal(model.size);
      }
      const emptied = [...model.keys()].map((key): LedgerEntry => [key, 0n]);
      tree.update(emptied);
      expect(tree.root).to.equal(EMPTY_ROOT);
    }
  });

  it("has the root of an empty trie without entries, and of one leaf with one", async () => {
    expect([LedgerTree.from([]).root, new LedgerTree().size]).to.deep.equal([EMPTY_ROOT, 0]);
    const oracle = await oracleTrie();
    await oracle.update([[keyOf(7), 1n]]);
    expect(LedgerTree.from([[keyOf(7), 1n]]).root).to.equal(oracle.root());
    expect(LedgerTree.from([[keyOf(7), 0n]]).root).to.equal(EMPTY_ROOT);
  });

  it("answers with the values that were set last, and lists them in ascending order of hashed keys", () => {
    const random = announced();
    const entries = Array.from({ length: 300 }, (_, i): LedgerEntry => [keyOf(i), anyValue(random)]);
    const tree = LedgerTree.from(entries);
    tree.update([
      [keyOf(3), 5n],
      [keyOf(4), 0n],
      [keyOf(3), 6n],
    ]);
    expect([tree.get(keyOf(3)), tree.get(keyOf(4)), tree.get(keyOf(5)), tree.get(keyOf(300))]).to.deep.equal([
      6n, 0n, entries[5]![1], 0n,
    ]); // prettier-ignore
    expect([tree.has(keyOf(3)), tree.has(keyOf(4)), tree.has(keyOf(300))]).to.deep.equal([true, false, false]);
    const listed = [...tree.entries()];
    const expected = new Map(entries).set(keyOf(3), 6n);
    expected.delete(keyOf(4));
    const hash = (key: Hex): Uint8Array => keccak256(toBytes(key, "key"));
    expect(listed).to.deep.equal([...expected].sort(([a], [b]) => compareBytes(hash(a), hash(b))));
  });

  it("hashes only what changed: the new key, and the nodes on its way", () => {
    const tree = LedgerTree.from(Array.from({ length: 4_096 }, (_, i): LedgerEntry => [keyOf(i), 1n]));
    expect(tree.root).to.equal(tree.root);
    let count = 0;
    const before = setKeccak256(keccak256);
    setKeccak256((bytes) => {
      count++;
      return before(bytes);
    });
    try {
      count = 0;
      tree.update([[keyOf(17), 2n]]);
      const nodes = tree.proofNodes(keyOf(17)).length;
      count = 0;
      tree.update([[keyOf(17), 3n]]);
      void tree.root;
      expect(count).to.equal(1 + nodes);
      void tree.root;
      expect(count).to.equal(1 + nodes);
    } finally {
      setKeccak256(before);
    }
  });

  it("refuses keys and values that no storage holds, and names the key", () => {
    const long = 1n << 256n;
    for (const bad of ["0x01", keyOf(1).slice(2), `${keyOf(1).slice(0, 65)}g`, 5n, undefined] as Hex[]) {
      thrown("INVALID_ENTRY", () => LedgerTree.from([[bad, 1n]]));
      thrown("INVALID_ENTRY", () => new LedgerTree().get(bad));
    }
    for (const value of [-1n, long, 5, "0x01", undefined] as bigint[]) {
      const { details } = thrown("INVALID_ENTRY", () => LedgerTree.from([[keyOf(9), value]]));
      expect(details.key).to.equal(keyOf(9));
    }
    expect(LedgerTree.from([[keyOf(9), long - 1n]]).get(keyOf(9))).to.equal(long - 1n);
  });

  it("refuses a key that comes twice, also with zero as one of its values", () => {
    for (const values of [
      [1n, 2n],
      [0n, 2n],
      [1n, 0n],
      [0n, 0n],
    ]) {
      const { details } = thrown("INVALID_ENTRY", () => LedgerTree.from(values.map((value) => [keyOf(5), value])));
      expect(details).to.deep.equal({ key: keyOf(5), reason: "the key comes twice" });
    }
  });

  it("is what it was where one of the changes is refused", () => {
    const tree = LedgerTree.from([[keyOf(1), 1n]]);
    const { root } = tree;
    thrown("INVALID_ENTRY", () => {
      tree.update([
        [keyOf(1), 2n],
        [keyOf(2), -1n],
      ]);
    });
    expect([tree.root, tree.get(keyOf(1))]).to.deep.equal([root, 1n]);
  });
});

describe("a mirror", function () {
  const HOLDERS = Array.from({ length: 12 }, (_, i) => toHex(slotOf(1_000 + i).slice(12)));
  const balanceSlot = (holder: Hex): Hex =>
    ethersKeccak(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [holder, 0])) as Hex;
  /** Balances, the total supply, the name and the symbol: a fresh ERC-20 has no other storage. */
  const SLOTS = [...HOLDERS.map(balanceSlot), ...[2n, 3n, 4n].map(toWord)];
  let chain: HardhatChain;
  let mint: (holder: Hex, amount: bigint) => Promise<unknown>;
  let address: Hex;
  let tree: LedgerTree;
  const ask = (method: string, params: unknown[]): Promise<unknown> => chain.request({ method, params });

  before(async () => {
    chain = await hardhatForks(network).create();
    const token = await chain.tools.ethers.deployContract("TestToken");
    address = (await token.getAddress()) as Hex;
    mint = (holder, amount) => token.getFunction("mint")(holder, amount);
    for (const [i, holder] of HOLDERS.entries()) await mint(holder, 10n ** BigInt(i));
    const values = await Promise.all(SLOTS.map((slot) => ask("eth_getStorageAt", [address, slot, "latest"])));
    tree = LedgerTree.from(SLOTS.map((slot, i) => [slot, BigInt(values[i] as string)]));
  });

  it("has the storage root of its contract, and the nodes that eth_getProof lists", async () => {
    const asked = SLOTS.slice(0, 3);
    const proof = (await ask("eth_getProof", [address, asked, "latest"])) as {
      storageHash: Hex;
      storageProof: { proof: Hex[] }[];
    };
    expect(tree.size).to.equal(15);
    expect(tree.root).to.equal(proof.storageHash);
    for (const [i, { proof: nodes }] of proof.storageProof.entries())
      expect(tree.proofNodes(asked[i]!)).to.deep.equal(nodes);
  });

  it("is told by eth_getProof in which slots its contract differs", async () => {
    await mint(HOLDERS[3]!, 5n);
    const connection = chain;
    const token = address;
    const found: LedgerDifference[] = [];
    // #region differences
    const { anchor, account } = await prove(connection, { anchor: "latest", account: token });
    if (account.status === "absent") throw new RangeError(`${token} is no contract`);

    const proofsOf = async (slots: readonly Hex[]) => {
      const params = [token, slots, { blockHash: anchor.hash }];
      const answer = (await connection.request({ method: "eth_getProof", params })) as ProofAnswer;
      return (answer.storageProof ?? []).map(({ proof }) => proof ?? []);
    };
    for await (const difference of findDifferences({ tree, root: account.storageRoot, proofsOf }))
      found.push(difference);
    // #endregion differences
    const differs = { kind: "differs", here: 1_000n, there: 1_005n };
    const supply = tree.get(toWord(2n));
    const expected = [
      { ...differs, key: balanceSlot(HOLDERS[3]!) },
      { ...differs, key: toWord(2n), here: supply, there: supply + 5n },
    ].map((each) => ({ ...each, hashedKey: toHex(keccak256(toBytes(each.key, "key"))) }));
    expect(found).to.have.deep.members(expected);
  });
});

describe("LedgerTree's witnesses", () => {
  let harness: Contract;
  before(async () => {
    const artifacts = await compile(SOURCES.proofs, BUILDS[0]!, ["StateProofHarness"]);
    harness = await deploy(artifacts["StateProofHarness"] as Artifact);
  });

  /** What TypeScript and Solidity say, in one line; they say the same. */
  async function read(root: Hex, keys: readonly Hex[], witness: Hex): Promise<string> {
    const verdict = verifyWitness({ storageRoot: root, slots: keys }, witness);
    const twin = verdict.status === "valid" ? verdict.slots.map(({ value }) => value).join() : "refused";
    const { values, error } = await harness.call("readSlots", [root, keys, witness]);
    const solidity = values === undefined ? "refused" : (values[0] as bigint[]).join();
    expect(solidity, `${error?.name ?? ""} ${witness}`).to.equal(twin);
    return twin;
  }

  it("show present and absent keys to TypeScript and Solidity, in trees of every size", async () => {
    const random = announced();
    for (const size of [0, 1, 2, 3, 17, 300, 2_000]) {
      const model = new Map<Hex, bigint>(COLLIDING.slice(0, size).map((key) => [key, 5n]));
      while (model.size < size) model.set(toHex(random.bytes(32)), anyValue(random));
      const tree = LedgerTree.from(model);
      const present = [...model.keys()].slice(0, 40);
      const absent = [1, 2, 3].map((number) => keyOf(number));
      for (const asked of [absent.slice(0, 1), present.slice(0, 1), [...absent, ...present, ...present.slice(0, 1)]]) {
        if (asked.length === 0) continue;
        const { witness, slots } = tree.prove(asked);
        const where = `seed ${random.seed}, ${size} entries`;
        expect(new Set(slots.map(({ slot }) => slot)), where).to.deep.equal(new Set(asked));
        for (const { slot, value } of slots) expect(value, where).to.equal(model.get(slot) ?? 0n);
        const keys = slots.map(({ slot }) => slot);
        expect(await read(tree.root, keys, witness), where).to.equal(slots.map(({ value }) => value).join());
      }
    }
  });

  it("are refused with any byte changed, left out or added, and under the root after an update", async () => {
    const random = announced();
    const tree = LedgerTree.from(Array.from({ length: 40 }, (_, i): LedgerEntry => [keyOf(i), anyValue(random)]));
    const { root } = tree;
    const { witness, slots } = tree.prove([keyOf(1), keyOf(1_000)]);
    const keys = slots.map(({ slot }) => slot);
    expect(await read(root, keys, witness)).to.not.equal("refused");
    const bytes = toBytes(witness, "witness");
    const mutants = Array.from(bytes, (byte, i) => bytes.with(i, byte ^ (1 << random.below(8))));
    for (const mutant of [...mutants, bytes.slice(1), bytes.slice(0, -1), Uint8Array.of(...bytes, 0)])
      expect(await read(root, keys, toHex(mutant)), `seed ${random.seed}, ${toHex(mutant)}`).to.equal("refused");
    tree.update([[keyOf(2), 77n]]);
    expect(await read(tree.root, keys, witness)).to.equal("refused");
  });

  it("show a balance and its total, as the documents write them", async () => {
    const trader = "0x00000000000000000000000000000000000a1107";
    // #region ledger
    const balance = ledgerKey({ owner: trader, asset: "USDC", kind: "balance" });
    const total = totalKey({ asset: "USDC", kind: "balance" });
    const tree = LedgerTree.from([
      [balance, 500n],
      [total, 800n],
    ]);
    tree.update([
      [balance, 700n],
      [total, 1_000n],
    ]);

    const { witness, slots } = tree.prove([balance, total]);
    const keys = slots.map(({ slot }) => slot);
    // On chain: StateProof.readSlots(tree.root, keys, witness)
    // #endregion ledger
    const shown = new Map([
      [balance, 700n],
      [total, 1_000n],
    ]);
    expect(await read(tree.root, keys, witness)).to.equal(keys.map((key) => shown.get(key)).join());
  });

  it("show one key at least", () => {
    thrown("INVALID_OPTION", () => LedgerTree.from([]).prove([]));
  });
});

describe("HashedTrie", () => {
  const word = (value: bigint): Uint8Array => toBytes(toWord(value), "word");
  /** Keys that share all lengths of paths, so that embedded leaves, branches and extensions occur. */
  const anyKey = (random: Random): Uint8Array => {
    const shared = random.pick([0, 1, 8, 30, 57, 60, 61, 62, 63]);
    const digits = Array.from({ length: 64 - shared }, () => random.pick(["0", "1", "7", "f"]));
    return rawKey("7".repeat(shared) + digits.join(""));
  };

  it("has the roots and the nodes of a trie that is built from its leaves, embedded nodes included", () => {
    const random = announced();
    let embedded = 0;
    for (let round = 0; round < 60; round++) {
      const trie = new HashedTrie();
      const model = new Map<Hex, bigint>();
      for (let step = 0; step < 30; step++) {
        const key = model.size > 0 && random.below(3) === 0 ? toBytes(random.pick([...model.keys()]), "key") : anyKey(random);
        if (random.below(3) === 0) {
          trie.remove(key);
          model.delete(toHex(key));
        } else {
          const value = anyValue(random);
          trie.set({ key, slot: key, word: word(value) });
          model.set(toHex(key), value);
        }
        const built = buildTrie([...model].map(([each, value]) => ({ key: toBytes(each, "key"), value: rlpInteger(value) })));
        const where = `seed ${random.seed}, round ${round}, step ${step}`;
        expect(toHex(trie.root()), where).to.equal(toHex(built.root));
        for (const asked of [anyKey(random), key]) {
          expect(trie.nodesOn(asked).map(toHex), where).to.deep.equal(built.proof(asked).map(toHex));
          const { reference } = trie.subtree(asked, 61);
          if (reference.length > 1 && reference.length < 32) embedded++;
        }
      }
    }
    expect(embedded).to.be.greaterThan(50);
  });

  it("refers to a subtree as a trie does whose parent is a branch there", () => {
    const random = announced();
    for (let round = 0; round < 200; round++) {
      const depth = random.pick([1, 2, 9, 58, 61, 63]);
      const under = Array.from({ length: 1 + random.below(3) }, () => rawKey("3".repeat(depth) + toHex(random.bytes(32)).slice(2, 66 - depth)));
      const sibling = rawKey(`${"3".repeat(depth - 1)}9`);
      const entries = [...new Map(under.map((key) => [toHex(key), key])).values()].map((key) => ({ key, value: anyValue(random) }));
      const built = buildTrie([...entries, { key: sibling, value: 1n }].map(({ key, value }) => ({ key, value: rlpInteger(value) })));
      const trie = new HashedTrie();
      for (const { key, value } of entries) trie.set({ key, slot: key, word: word(value) });
      // The branch at which the sibling parts is the last one that a proof of the sibling lists or embeds.
      const { reference, leaves } = trie.subtree(rawKey("3".repeat(depth)), depth);
      const nodes = built.proof(sibling).map(toHex).join();
      expect(nodes, `seed ${random.seed}, round ${round}, depth ${depth}`).to.contain(toHex(reference).slice(2));
      expect([...leaves()].length).to.equal(entries.length);
    }
  });
}); // prettier-ignore
