import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { toHex } from "../../src/core/bytes.js";
import { keccak256 } from "../../src/core/keccak.js";
import { PROOF_REASONS } from "../../src/proof/reasons.js";
import { asking, packsAccount, type Verifier } from "../../tools/proof/raw.js";
import { buildTrie, concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "../../tools/buildTrie.js";
import { PROJECT } from "../../tools/compile.js";
import {
  above,
  accountRlp,
  addressOf,
  BALANCE,
  branch,
  EMPTY,
  EMPTY_CODE,
  EMPTY_TRIE,
  extension,
  hashOf,
  leaf,
  other,
  sibling,
  slotOf,
  world,
} from "../../tools/nodes.js";

const ZERO = new Uint8Array(32);

describe("nodes as eth_getProof lists them", () => {
  const { each } = asking();

  /** Asks for slot 7 under a root that is the node's own hash. An attacker who also chooses the root can do that. */
  const selfRooted = (nodes: Uint8Array[], expected: string | RegExp): Promise<void> =>
    each((v) => v.slot(keccak256(nodes[0] as Uint8Array), slotOf(7), nodes), expected);

  const key = keccak256(slotOf(7));
  const path = nibblesOf(key);

  /** The slot 7 with a leaf of any form, as the root and below a branch. */
  async function leafOfSlot(
    path: (nibbles: number[]) => Uint8Array,
    item: Uint8Array,
    expected: string | RegExp,
  ): Promise<void> {
    await selfRooted([rlpList([rlpString(path(nibblesOf(key))), item])], expected);
    await selfRooted(above(key, 1, rlpList([rlpString(path(nibblesOf(key).slice(1))), item])), expected);
  }

  /** What most accounts here hold: 42 in slot 1. */
  const held = buildTrie([{ key: keccak256(slotOf(1)), value: rlpInteger(42n) }]);

  /** An account's leaf of any form, in the same way. */
  async function leafOfAccount(
    address: Uint8Array,
    path: (nibbles: number[]) => Uint8Array,
    value: Uint8Array,
    expected: string,
  ): Promise<void> {
    const hashed = keccak256(address);
    for (const account of [
      [rlpList([rlpString(path(nibblesOf(hashed))), rlpString(value)])],
      above(hashed, 1, rlpList([rlpString(path(nibblesOf(hashed).slice(1))), rlpString(value)])),
    ]) {
      const root = keccak256(account[0] as Uint8Array);
      await each((v) => v.account(root, address, account), expected);
      if (expected.startsWith("invalid")) expect(packsAccount(root, address, account)).to.equal(false);
    }
  }

  it("names the reasons alike in Solidity and in TypeScript, in the same order", () => {
    const source = readFileSync(join(PROJECT, "contracts/proof/ProofTypes.sol"), "utf8");
    const body = /enum ProofReason \{([^}]*)\}/.exec(source)?.[1] ?? "";
    const names = [...body.matchAll(/^\s+([A-Z]\w*),? \/\//gm)].map(([, name]) => name);
    expect(names).to.deep.equal([...PROOF_REASONS]);
  });

  it("SG-3, M36 M37 M38: tells an absent account, an empty account and an account without storage apart", async () => {
    const empty = addressOf(100);
    const holder = addressOf(101);
    const state = buildTrie([
      { key: keccak256(empty), value: accountRlp({ nonce: 0n, balance: 0n }) },
      { key: keccak256(holder), value: accountRlp() },
    ]);
    const proof = (address: Uint8Array): Uint8Array[] => state.proof(keccak256(address));
    await each(
      (v) => v.account(state.root, empty, proof(empty)),
      `present 0 0 ${toHex(EMPTY_TRIE)} ${toHex(EMPTY_CODE)}`,
    );
    await each(
      (v) => v.account(state.root, holder, proof(holder)),
      `present 1 ${BALANCE} ${toHex(EMPTY_TRIE)} ${toHex(EMPTY_CODE)}`,
    );
    await each((v) => v.account(state.root, addressOf(102), proof(addressOf(102))), "absent");
  });

  it("M2 M3 M6: an empty proof shows absence in the empty trie alone, and a zero root is never a trie", async () => {
    await each((v) => v.slot(EMPTY_TRIE, slotOf(1), []), "absent");
    await each((v) => v.slot(keccak256(Uint8Array.of(1)), slotOf(1), []), "invalid Truncated");
    await each((v) => v.slot(ZERO, slotOf(1), []), "invalid ZeroRoot");
    await each((v) => v.slot(EMPTY_TRIE, slotOf(1), [Uint8Array.of(0x80)]), "invalid TrailingBytes");
    await each((v) => v.account(ZERO, addressOf(1), [Uint8Array.of(0x80)]), "invalid ZeroRoot");
  });

  it("M1: a proof cut off at any node is invalid and never absence", async () => {
    const { state, storage, holder } = world(300);
    const slot = slotOf(5);
    const nodes = storage.proof(keccak256(slot));
    expect(nodes.length).to.be.greaterThan(2);
    for (let i = 0; i < nodes.length; i++)
      await each((v) => v.slot(storage.root, slot, nodes.slice(0, i)), "invalid Truncated");
    const account = state.proof(keccak256(holder));
    for (let i = 0; i < account.length; i++)
      await each((v) => v.account(state.root, holder, account.slice(0, i)), "invalid Truncated");
  });

  it("M8 M9 M32 M35: trailing, duplicated, reordered and foreign nodes are invalid", async () => {
    const { state, storage, holder } = world(300);
    const slot = slotOf(5);
    const nodes = storage.proof(keccak256(slot));
    const last = nodes[nodes.length - 1] as Uint8Array;
    await each((v) => v.slot(storage.root, slot, [...nodes, last]), "invalid TrailingBytes");
    await each((v) => v.slot(storage.root, slot, [...nodes, Uint8Array.of(0)]), "invalid TrailingBytes");
    await each((v) => v.slot(storage.root, slot, [...nodes].reverse()), /^invalid/);
    await each((v) => v.slot(storage.root, slot, [nodes[0] as Uint8Array, ...nodes]), "invalid NodeHashMismatch");
    // Started below the root: without it, and with it in the second place.
    const [root, ...below] = nodes as [Uint8Array, ...Uint8Array[]];
    await each((v) => v.slot(storage.root, slot, below), "invalid NodeHashMismatch");
    await each((v) => v.slot(storage.root, slot, below.toSpliced(1, 0, root)), "invalid NodeHashMismatch");
    // Another slot's proof, and a storage proof under the state root.
    await each((v) => v.slot(storage.root, slotOf(6), nodes), /^invalid/);
    await each((v) => v.slot(state.root, slot, nodes), "invalid NodeHashMismatch");
    // Nothing may follow the proof that an account does not exist.
    const absent = state.proof(keccak256(addressOf(9999)));
    await each((v) => v.account(state.root, addressOf(9999), [...absent, ...nodes]), "invalid TrailingBytes");
    // What is no account's is not one's storage.
    await each((v) => v.account(state.root, holder, nodes), "invalid NodeHashMismatch");
  });

  it("M7: a leaf that claims something else, below honest branches, is not the one that they name", async () => {
    const { state, storage, holder } = world(300);
    const slot = slotOf(5);
    const nodes = storage.proof(keccak256(slot));
    const account = state.proof(keccak256(holder));
    const replaceLast = (all: readonly Uint8Array[], last: Uint8Array): Uint8Array[] => [...all.slice(0, -1), last];

    // The account's leaf names a storage trie of the prover's own, which proves whatever it likes.
    const forged = leaf(nibblesOf(keccak256(slot)), Uint8Array.of(0x7f));
    const honest = account[account.length - 1] as Uint8Array;
    const at = Buffer.from(honest).indexOf(storage.root);
    expect(at).to.be.greaterThan(0);
    const claim = Uint8Array.from(honest);
    claim.set(keccak256(forged), at);
    await each((v) => v.account(state.root, holder, replaceLast(account, claim)), "invalid NodeHashMismatch");

    const value = Uint8Array.from(nodes[nodes.length - 1] as Uint8Array);
    value[value.length - 1] = value[value.length - 1]! ^ 1;
    await each((v) => v.slot(storage.root, slot, replaceLast(nodes, value)), "invalid NodeHashMismatch");
  });

  it("M7: nodes that show absence or another way, below honest branches, are not the ones that they name", async () => {
    const value = rlpInteger(1n << 200n);
    for (const depth of [0, 1, 2]) {
      const [own, next] = [path[depth] as number, other(path[depth] as number)];
      const last = leaf(path.slice(depth + 1), value);
      const honest = above(key, depth, branch({ [own]: hashOf(last), [next]: sibling, [other(next)]: sibling }));
      await selfRooted([...honest, last], `present ${1n << 200n}`);
      for (const forged of [
        [branch({ [next]: sibling, [other(next)]: sibling })],
        [branch({ [own]: hashOf(last), [next]: sibling }), last],
        [leaf(path.slice(depth), value)],
        [leaf(path.slice(depth).map(other), value)],
        [extension(path.slice(depth, depth + 4).map(other), sibling)],
      ])
        await each(
          (v) => v.slot(keccak256(honest[0] as Uint8Array), slotOf(7), [...honest.slice(0, -1), ...forged]),
          "invalid NodeHashMismatch",
        );
    }
  });

  it("M8: two nodes in one element of a list, or one node in two, are not the list that eth_getProof gives", async () => {
    const { storage } = world(300);
    const [first, second, ...rest] = storage.proof(keccak256(slotOf(5))) as [Uint8Array, Uint8Array, ...Uint8Array[]];
    const ask =
      (nodes: Uint8Array[]) =>
      (v: Verifier): Promise<string> =>
        v.slot(storage.root, slotOf(5), nodes);
    await each(ask([concat([first, second]), ...rest]), "invalid NodeTooLarge");
    await each(ask([first.slice(0, 9), first.slice(9), second, ...rest]), "invalid NodeHashMismatch");
    await each(ask([new Uint8Array(), first, second, ...rest]), "invalid NodeHashMismatch");
    // 256 bytes more leave a length's low byte as it was.
    const nodes = [first, second, ...rest];
    for (const [i, node] of nodes.entries())
      for (const more of [1, 256]) {
        const reason = node.length + more > 532 ? "NodeTooLarge" : "NodeHashMismatch";
        await each(ask(nodes.with(i, concat([node, new Uint8Array(more)]))), `invalid ${reason}`);
      }
  });

  it("M11 M12 M13 M14: hex-prefix flags above 3, dirty pads, empty paths and extensions without nibbles are refused", async () => {
    const value = rlpInteger((1n << 200n) + 42n);
    const plain = (nibbles: number[]): Uint8Array => hexPrefix(nibbles, true);
    const flagged =
      (flag: number) =>
      (nibbles: number[]): Uint8Array => {
        const bytes = hexPrefix(nibbles, true);
        bytes[0] = (bytes[0] as number) ^ flag;
        return bytes;
      };
    const dirty =
      (pad: number) =>
      (nibbles: number[]): Uint8Array => {
        const bytes = hexPrefix(nibbles, true);
        // An odd path has no pad: there the flag is spoilt.
        bytes[0] = nibbles.length % 2 === 0 ? (bytes[0] as number) + pad : (bytes[0] as number) + 0x40;
        return bytes;
      };
    const holder = accountRlp({ storageRoot: held.root });
    await leafOfSlot(plain, rlpString(value), `present ${(1n << 200n) + 42n}`);
    await leafOfAccount(addressOf(1), plain, holder, `present 1 ${BALANCE} ${toHex(held.root)} ${toHex(EMPTY_CODE)}`);
    for (const wrong of [0x40, 0x60, 0x80, 0xa0, 0xc0].map(flagged).concat([1, 8, 15].map(dirty))) {
      await leafOfSlot(wrong, rlpString(value), "invalid PathMalformed");
      await leafOfAccount(addressOf(1), wrong, holder, "invalid PathMalformed");
    }
    // An even path's flag before an odd path is one nibble too few. Two nibbles below, it is a dirty pad.
    for (const first of [0x21, 0x22, 0x2f]) {
      const even = above(
        key,
        1,
        branch({ [path[1] as number]: hashOf(leaf(path.slice(2), value)), [other(path[1] as number)]: sibling }),
      );
      const spoilt = hexPrefix(path.slice(2), true);
      spoilt[0] = first;
      const bottom = rlpList([rlpString(spoilt), rlpString(value)]);
      const middle = branch({ [path[1] as number]: hashOf(bottom), [other(path[1] as number)]: sibling });
      await selfRooted([...above(key, 1, middle), bottom], "invalid PathMalformed");
      await selfRooted([...even, leaf(path.slice(2), value)], `present ${(1n << 200n) + 42n}`);
    }
    await selfRooted([rlpList([Uint8Array.of(0x80), value])], "invalid PathMalformed");
    await selfRooted([rlpList([Uint8Array.of(0x00), sibling])], "invalid PathMalformed");
    // An extension whose flag says leaf would end the walk with the hash as its value.
    const below = branch({
      [path[1] as number]: hashOf(leaf(path.slice(2), value)),
      [other(path[1] as number)]: sibling,
    });
    await selfRooted(
      [rlpList([rlpString(hexPrefix(path.slice(0, 1), true)), hashOf(below)]), below],
      "invalid PathLength",
    );
  });

  it("M12: an extension's flag above 3 and its dirty pad are refused, as a leaf's are", async () => {
    for (const length of [3, 4]) {
      const prefix = hexPrefix(path.slice(0, length), false);
      const pads = length % 2 === 0 ? [1, 8, 15] : [];
      for (const bits of [0x40, 0x60, 0x80, 0xa0, 0xc0, ...pads]) {
        const wrong = prefix.with(0, (prefix[0] as number) ^ bits);
        await selfRooted([rlpList([rlpString(wrong), sibling])], "invalid PathMalformed");
      }
    }
  });

  it("M10: an extension is followed only where all of its path is the key's", async () => {
    const value = rlpInteger(42n);
    const below = (depth: number): Uint8Array =>
      branch({
        [path[depth] as number]: hashOf(leaf(path.slice(depth + 1), value)),
        [other(path[depth] as number)]: sibling,
      });
    const extension = (nibbles: number[]): Uint8Array =>
      rlpList([rlpString(hexPrefix(nibbles, false)), hashOf(below(4))]);
    await selfRooted([extension(path.slice(0, 4)), below(4), leaf(path.slice(5), value)], "present 42");
    for (let at = 0; at < 4; at++) {
      const diverging = path.slice(0, 4);
      diverging[at] = other(diverging[at] as number);
      await selfRooted([extension(diverging)], "absent");
      await selfRooted([extension(diverging), below(4), leaf(path.slice(5), value)], "invalid TrailingBytes");
    }
    // Another extension than the root's, to a branch of the prover's.
    const honest = rlpList([rlpString(hexPrefix(path.slice(0, 4), false)), sibling]);
    const forged = [extension(path.slice(0, 4)), below(4), leaf(path.slice(5), value)];
    await each((v) => v.slot(keccak256(honest), slotOf(7), forged), "invalid NodeHashMismatch");
  });

  it("M15: an extension to nothing, to a leaf, or to another extension, and a branch of one child, are refused", async () => {
    const value = rlpInteger(1n << 200n);
    await selfRooted(
      [rlpList([rlpString(hexPrefix(path.slice(0, 4), false)), Uint8Array.of(0x80)])],
      "invalid ChildMalformed",
    );
    const bottom = leaf(path.slice(4), value);
    await selfRooted(
      [rlpList([rlpString(hexPrefix(path.slice(0, 4), false)), hashOf(bottom)]), bottom],
      "invalid ExtensionMalformed",
    );
    const fork = branch({
      [path[8] as number]: hashOf(leaf(path.slice(9), value)),
      [other(path[8] as number)]: sibling,
    });
    const second = rlpList([rlpString(hexPrefix(path.slice(4, 8), false)), hashOf(fork)]);
    const first = rlpList([rlpString(hexPrefix(path.slice(0, 4), false)), hashOf(second)]);
    await selfRooted([first, second, fork, leaf(path.slice(9), value)], "invalid ExtensionMalformed");
    const only = leaf(path.slice(1), value);
    await selfRooted([branch({ [path[0] as number]: hashOf(only) }), only], "invalid BranchMalformed");
    await selfRooted([branch({ [other(path[0] as number)]: sibling })], "invalid BranchMalformed");
    await selfRooted([branch({})], "invalid BranchMalformed");
  });

  it("M16: an extension, a branch and a leaf below 32 bytes are read where they are embedded", async () => {
    const at = (last: number[]): Uint8Array => Uint8Array.from([...key.slice(0, 30), ...last]);
    // Three keys of one way for 60 nibbles; two of them part at the last.
    const [ours, near, far, missing] = [at([0x12, 0x34]), at([0x12, 0x35]), at([0x22, 0x34]), at([0x12, 0x36])];
    const { root, proof } = buildTrie([
      { key: ours, value: Uint8Array.of(5) },
      { key: near, value: Uint8Array.of(6) },
      { key: far, value: Uint8Array.of(7) },
    ]);
    expect(proof(ours)).to.have.lengthOf(2);
    await each((v) => v.key(root, ours, proof(ours)), "present 0x05");
    await each((v) => v.key(root, near, proof(near)), "present 0x06");
    await each((v) => v.key(root, far, proof(far)), "present 0x07");
    await each((v) => v.key(root, missing, proof(missing)), "absent");
  });

  it("M18 M19 M20 M21 M22: a child is nothing, a 32-byte string, or a list shorter than 32 bytes, and no short node has a hash", async () => {
    const value = rlpInteger(1n << 200n);
    const child = leaf(path.slice(1), value);
    const nibble = path[0] as number;
    const fill = { [other(nibble)]: sibling, [other(other(nibble))]: sibling };
    await selfRooted([branch({ ...fill, [nibble]: hashOf(child) }), child], `present ${1n << 200n}`);
    const hash = keccak256(child);
    // 31 bytes of the hash, 33 with a byte before, the bare 32 with a list's marker.
    await selfRooted(
      [branch({ ...fill, [nibble]: rlpString(hash.slice(1)) }), child],
      /^invalid (ChildMalformed|BranchMalformed)$/,
    );
    await selfRooted(
      [branch({ ...fill, [nibble]: rlpString(concat([Uint8Array.of(1), hash])) }), child],
      /^invalid (ChildMalformed|BranchMalformed)$/,
    );
    await selfRooted(
      [branch({ ...fill, [nibble]: concat([Uint8Array.of(0xdf), hash.slice(1)]) }), child],
      /^invalid (ChildMalformed|BranchMalformed)$/,
    );
    await selfRooted(
      [branch({ ...fill, [nibble]: Uint8Array.of(0x7f) }), child],
      /^invalid (ChildMalformed|BranchMalformed)$/,
    );
    const full: Record<number, Uint8Array> = {};
    for (let i = 0; i < 16; i++) full[i] = sibling;
    const wide = branch({ ...full, [nibble]: hashOf(child) });
    expect(wide.length).to.equal(532);
    await selfRooted([wide, child], `present ${1n << 200n}`);
    for (const marker of [0x9f, 0xa1, 0x80, 0xdf, 0x00]) {
      const changed = wide.slice();
      changed[3 + 33 * nibble] = marker;
      await selfRooted([changed, child], marker === 0x80 ? /^(absent|invalid)/ : /^invalid/);
    }
    // Items that are skipped like a hash, and are none.
    for (const siblings of [fill, { ...full, [other(nibble)]: Uint8Array.of(0x80) }]) {
      const plain = branch({ ...siblings, [nibble]: hashOf(child) });
      await selfRooted([plain, child], `present ${1n << 200n}`);
      for (const marker of [0x20, 0x60, 0xe0]) {
        const changed = plain.slice();
        changed[Buffer.from(plain).indexOf(Buffer.from(keccak256(child))) - 1] = marker;
        await selfRooted([changed, child], /^invalid (ChildMalformed|PathMalformed|NodeMalformed)$/);
      }
    }
    const short = branch({
      [nibble]: Uint8Array.of(0xc2, 0x20, 0x01),
      [other(nibble)]: Uint8Array.of(0xc2, 0x20, 0x01),
    });
    expect(short.length).to.be.lessThan(32);
    await selfRooted([branch({ ...fill, [nibble]: hashOf(short) }), short], "invalid NodeTooSmall");
    // The root is hashed whatever its size.
    await selfRooted([leaf([...path.slice(0, 63), other(path[63] as number)], Uint8Array.of(1))], "absent");
    const tiny = buildTrie([{ key, value: Uint8Array.of(1) }]);
    expect((tiny.proof(key)[0] as Uint8Array).length).to.be.lessThan(40);
    await each((v) => v.slot(tiny.root, slotOf(7), tiny.proof(key)), "present 1");
  });

  it("M18: an embedded node whose bytes, padded, are a leaf's hash does not lead to that leaf", async () => {
    // Found by search: the hash starts as a list of 31 bytes does, and ends with a zero.
    const number = (1n << 200n) + 33_252n;
    const child = leaf(path.slice(1), rlpInteger(number));
    const hash = keccak256(child);
    expect([hash[0], hash[31]]).to.deep.equal([0xde, 0]);
    const nibble = path[0] as number;
    const fill = { [other(nibble)]: sibling, [other(other(nibble))]: sibling };
    await selfRooted([branch({ ...fill, [nibble]: hashOf(child) }), child], `present ${number}`);
    await selfRooted([branch({ ...fill, [nibble]: hash.slice(0, 31) }), child], "invalid NodeMalformed");
  });

  it("M19 M20 M21 M24 R1: a sibling that no key leads to makes its branch invalid, unless it is a reference", async () => {
    const [own, next] = [path[0] as number, other(path[0] as number)];
    const child = leaf(path.slice(1), rlpInteger(1n << 200n));
    const beside = (item: number[], expected: string): Promise<void> =>
      selfRooted(
        [branch({ [own]: hashOf(child), [next]: Uint8Array.from(item), [other(next)]: sibling }), child],
        expected,
      );
    const bytes = (length: number): number[] => Array.from({ length }, () => 7);
    await beside([0xa0, ...bytes(32)], `present ${1n << 200n}`);
    // What is inside of an embedded node that no key leads to is not read.
    await beside([0xc2, 0x81, 0x05], `present ${1n << 200n}`);
    await beside([0xde, ...bytes(30)], `present ${1n << 200n}`);
    for (const item of [[0x00], [0x7f], [0x81, 0x85], [0x9f, ...bytes(31)], [0xa1, ...bytes(33)], [0xc0], [0xc1, 0x80]])
      await beside(item, "invalid ChildMalformed");
    await beside([0xdf, ...bytes(31)], "invalid ChildMalformed");
    for (const item of [
      [0x81, 0x05],
      [0xb8, 0x20, ...bytes(32)],
      [0xf8, 0x03, ...bytes(3)],
      [0x80, 0x80],
    ])
      await beside(item, "invalid NodeMalformed");
  });

  it("M23 R8: a root shorter than 32 bytes is hashed and read, zero bytes and empty lists are no node", async () => {
    // A branch that shares nothing with the key: two embedded leaves whose paths are too short to be any key's.
    const nibble = path[0] as number;
    const short = branch({
      [other(nibble)]: Uint8Array.of(0xc2, 0x20, 0x01),
      [other(other(nibble))]: Uint8Array.of(0xc2, 0x20, 0x01),
    });
    expect(short.length).to.be.lessThan(32);
    await selfRooted([short], "absent");
    await selfRooted([Uint8Array.of(0xc0)], "invalid NodeMalformed");
    await selfRooted([Uint8Array.of(0xc1, 0x80)], "invalid NodeMalformed");
    await selfRooted([new Uint8Array()], "invalid NodeMalformed");
    await selfRooted([Uint8Array.of(0x00)], "invalid NodeMalformed");
  });

  it("M24 M32: a leaf whose path has 32 bytes is no branch, whatever its value looks like", async () => {
    // At depth 1: 0xa0 and 32 bytes of path, then 0xb8. Read as items, the value's bytes could pass for children.
    let address = addressOf(1);
    for (let i = 2; nibblesOf(keccak256(address))[1] !== 2; i++) address = addressOf(i);
    const codeHash = new Uint8Array(32).fill(7);
    codeHash[9] = 0x80;
    codeHash[31] = 0x80;
    const value = accountRlp({ nonce: 5n, balance: 0x0102030405060708n, codeHash });
    expect(value.length).to.equal(78);
    await leafOfAccount(
      address,
      (nibbles) => hexPrefix(nibbles, true),
      value,
      `present 5 ${0x0102030405060708n} ${toHex(EMPTY_TRIE)} ${toHex(codeHash)}`,
    );
  });

  it("M32 M36: accounts that are absent, by an empty child or by another account's leaf, have no slots", async () => {
    const { state } = world(3, 5);
    for (let i = 100; i < 140; i++) {
      const nodes = state.proof(keccak256(addressOf(i)));
      await each((v) => v.account(state.root, addressOf(i), nodes), "absent");
      expect(packsAccount(state.root, addressOf(i), nodes)).to.equal(true);
    }
  });

  it("M26 R1 R3: a leaf's value is a string, not empty and minimally encoded, also where it is not ours", async () => {
    const stranger = path.map(other);
    const cases: [Uint8Array, string | RegExp][] = [
      [Uint8Array.of(0x80), "invalid ValueMalformed"],
      [Uint8Array.of(0x81, 0x05), "invalid NodeMalformed"],
      [concat([Uint8Array.of(0xb8, 0x03), new Uint8Array(3).fill(9)]), "invalid NodeMalformed"],
      [concat([Uint8Array.of(0xb8, 55), new Uint8Array(55).fill(9)]), "invalid NodeMalformed"],
      [concat([Uint8Array.of(0xb9, 0, 60), new Uint8Array(60).fill(9)]), "invalid NodeMalformed"],
      [concat([Uint8Array.of(0xb8, 56), new Uint8Array(56).fill(9)]), `present 0x${"09".repeat(56)}`],
      [Uint8Array.of(0x05), "present 0x05"],
      [Uint8Array.of(0x81, 0x85), "present 0x85"],
    ];
    for (const [item, expected] of cases) {
      for (const nodes of [
        [rlpList([rlpString(hexPrefix(path, true)), item])],
        above(key, 1, rlpList([rlpString(hexPrefix(path.slice(1), true)), item])),
      ]) {
        await each((v) => v.key(keccak256(nodes[0] as Uint8Array), key, nodes), expected);
      }
      const divergent = above(key, 1, rlpList([rlpString(hexPrefix(stranger.slice(1), true)), item]));
      const wanted = typeof expected === "string" && expected.startsWith("present") ? "absent" : expected;
      await each((v) => v.key(keccak256(divergent[0] as Uint8Array), key, divergent), wanted);
      await selfRooted(divergent, wanted);
    }
  });

  it("M26 R9 R10 R11 R12: values that are empty, too wide, encoded twice or not at all are refused", async () => {
    const cases: [Uint8Array, string][] = [
      [Uint8Array.of(0x80), "invalid ValueMalformed"],
      [Uint8Array.of(0x00), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x80)), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x81, 0x05)), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x82, 0x00, 0x05)), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x82, 0x00, 0x85)), "invalid ValueMalformed"],
      [rlpString(rlpString(new Uint8Array(32).fill(0xee, 1))), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x84, 0x00, 0x00, 0x01, 0x05)), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x81, 0x85)), "present 133"],
      [rlpString(Uint8Array.of(0x82, 0x01, 0x05)), "present 261"],
      [rlpString(Uint8Array.of(0x82, 0x01, 0x05, 0x00)), "invalid ValueMalformed"],
      [rlpString(Uint8Array.of(0x00)), "invalid ValueMalformed"],
      [rlpString(rlpString(new Uint8Array(32).fill(1))), `present ${BigInt(toHex(new Uint8Array(32).fill(1)))}`],
      [rlpString(rlpString(new Uint8Array(33).fill(1))), "invalid ValueMalformed"],
      [rlpString(new Uint8Array(32).fill(1)), "invalid ValueMalformed"],
      [rlpList([Uint8Array.of(1)]), "invalid ValueMalformed"],
      [rlpString(rlpList([Uint8Array.of(1)])), "invalid ValueMalformed"],
    ];
    for (const [item, expected] of cases) await leafOfSlot((nibbles) => hexPrefix(nibbles, true), item, expected);
  });

  it("M6: a reference to the hash zero leads nowhere: it is neither absence nor a trie", async () => {
    const nothing = rlpString(ZERO);
    const nibble = path[0] as number;
    const fill = { [other(nibble)]: sibling, [other(other(nibble))]: sibling };
    await selfRooted([branch({ ...fill, [nibble]: nothing })], "invalid Truncated");
    const full: Record<number, Uint8Array> = {};
    for (let i = 0; i < 16; i++) full[i] = nothing;
    await selfRooted([branch(full)], "invalid Truncated");
    await selfRooted([branch(full), leaf(path.slice(1), rlpInteger(1n << 200n))], "invalid NodeHashMismatch");
  });

  it("M28: a leaf at every depth holds its key and no other, with paths of odd and even length", async () => {
    for (const depth of [0, 1, 2, 3, 7, 16, 31, 32, 33, 48, 62, 63, 64]) {
      const value = depth > 32 ? Uint8Array.of(42) : rlpInteger((1n << 200n) + 42n);
      const bottom = leaf(path.slice(depth), value);
      // Below 32 bytes a node is embedded; a longer value keeps the lists of nodes plain here.
      const long = bottom.length < 32 ? leaf(path.slice(depth), rlpInteger((1n << 255n) + 42n)) : bottom;
      const nodes = [long];
      for (let at = depth - 1; at >= 0; at--) {
        const nibble = path[at] as number;
        nodes.unshift(branch({ [nibble]: hashOf(nodes[0] as Uint8Array), [other(nibble)]: sibling }));
      }
      const expected = long === bottom && depth > 32 ? 42n : long === bottom ? (1n << 200n) + 42n : (1n << 255n) + 42n;
      await selfRooted(nodes, `present ${expected}`);
      for (const shorter of [path.slice(depth + 1), [0, ...path.slice(depth)]]) {
        if (depth === 64 && shorter.length === 0) continue;
        const wrong = [...nodes.slice(0, -1), leaf(shorter, rlpInteger((1n << 255n) + 42n))];
        for (let at = depth - 1; at >= 0; at--) {
          const nibble = path[at] as number;
          wrong[at] = branch({ [nibble]: hashOf(wrong[at + 1] as Uint8Array), [other(nibble)]: sibling });
        }
        await selfRooted(wrong, /^invalid (PathLength|PathMalformed|BranchMalformed)$/);
      }
    }
  });

  it("M27 M28 M29: paths of 63 and 65 nibbles, values in branches and branches below the key's end are refused", async () => {
    const value = rlpInteger(42n);
    await selfRooted([leaf(path.slice(0, 63), value)], "invalid PathLength");
    await selfRooted([leaf([...path, 0], value)], "invalid PathLength");
    await selfRooted([leaf(path.slice(0, 62).map(other), value)], "invalid PathLength");
    // An extension ends before the key's last nibble, whether the key follows it or not.
    for (const depth of [0, 31, 63])
      for (const nibbles of [path.slice(depth), path.slice(depth).map(other)])
        await selfRooted(above(key, depth, extension(nibbles, sibling)), "invalid PathLength");
    await selfRooted(above(key, 30, extension(path.slice(30, 63).map(other), sibling)), "absent");
    const nibble = path[0] as number;
    const bottom = leaf(path.slice(1), value);
    for (const inBranch of [Uint8Array.of(1), rlpString(new Uint8Array(32).fill(1))]) {
      const valued = branch({ [nibble]: hashOf(bottom), [other(nibble)]: sibling }, inBranch);
      await selfRooted([valued], "invalid BranchMalformed");
      await selfRooted([valued, bottom], "invalid BranchMalformed");
    }
    await selfRooted(
      [branch({ [nibble]: sibling, [other(nibble)]: sibling }, rlpString(value))],
      /^invalid (BranchMalformed|NodeHashMismatch|Truncated)/,
    );
    // Sixty-four branches and one more.
    const nodes = [branch({ 0: sibling, 1: sibling })];
    for (let depth = 63; depth >= 0; depth--) {
      const at = path[depth] as number;
      nodes.unshift(branch({ [at]: hashOf(nodes[0] as Uint8Array), [other(at)]: sibling }));
    }
    await selfRooted(nodes, "invalid PathLength");
    // The same with an empty child where the key has no nibble left: no absence either.
    nodes.splice(0, nodes.length, branch({ 1: sibling, 2: sibling }));
    for (let depth = 63; depth >= 0; depth--) {
      const at = path[depth] as number;
      nodes.unshift(branch({ [at]: hashOf(nodes[0] as Uint8Array), [other(at)]: sibling }));
    }
    await selfRooted(nodes, "invalid PathLength");
  });

  it("M24: a node has two items or seventeen", async () => {
    const value = rlpInteger(1n << 200n);
    const nibble = path[0] as number;
    const items = Array.from({ length: 16 }, (_, i) =>
      i === nibble ? hashOf(leaf(path.slice(1), value)) : i === other(nibble) ? sibling : Uint8Array.of(0x80),
    );
    for (const count of [0, 1, 3, 4, 15, 16, 18, 19, 32]) {
      const node = rlpList([...items, ...Array.from({ length: 20 }, () => Uint8Array.of(0x80))].slice(0, count));
      await selfRooted([node, leaf(path.slice(1), value)], /^invalid/);
    }
    await selfRooted(
      [rlpList([rlpString(hexPrefix(path, true)), value, Uint8Array.of(0x80)])],
      "invalid NodeMalformed",
    );
    await selfRooted([rlpList([rlpString(hexPrefix(path, true))])], "invalid NodeMalformed");
  });

  it("M33 M34: a leaf ends the walk, whatever hashes to the fields in it", async () => {
    const next = branch({ 0: sibling, 1: sibling });
    const storageRoot = keccak256(next);
    const address = addressOf(1);
    const account = rlpList([
      rlpString(hexPrefix(nibblesOf(keccak256(address)), true)),
      rlpString(accountRlp({ storageRoot, codeHash: storageRoot })),
    ]);
    await each((v) => v.account(keccak256(account), address, [account]), /^present/);
    await each((v) => v.account(keccak256(account), address, [account, next]), "invalid TrailingBytes");
  });

  it("R3 R9 R13 R14 R15: accounts of other shapes are refused", async () => {
    const hash = rlpString(keccak256(Uint8Array.of(1)));
    // Where a less strict reader finds the storage root, it is one under which the slot can be proven.
    const root = rlpString(held.root);
    const one = rlpInteger(1n);
    const word = (byte: number, length: number): Uint8Array => rlpString(new Uint8Array(length).fill(byte));
    const cases: Uint8Array[] = [
      rlpList([one, one, root]),
      rlpList([one, root, hash]),
      rlpList([one, one, root, hash, one]),
      rlpList([one, one, one, root, hash]),
      rlpList([one, one, one, one, root, hash]),
      rlpList([one, one, hash, root, hash]),
      // Of the right length in all, with the hashes' markers elsewhere.
      rlpList([one, one, word(7, 31), one, hash]),
      rlpList([one, one, root, word(7, 31), one]),
      rlpList([one, one, root, one, word(7, 31)]),
      rlpList([one, one, root, word(7, 31)]),
      rlpList([one, one, word(7, 33), hash]),
      rlpList([one, one, EMPTY, hash]),
      rlpList([rlpList([one]), one, root, hash]),
      rlpList([one, rlpList([one]), root, hash]),
      rlpList([word(1, 9), one, root, hash]),
      rlpList([word(1, 32), one, root, hash]),
      rlpList([one, word(1, 33), root, hash]),
      rlpList([one, word(1, 40), root, hash]),
      rlpList([rlpString(Uint8Array.of(0, 1)), one, root, hash]),
      rlpList([one, rlpString(Uint8Array.of(0, 1)), root, hash]),
      rlpList([rlpString(Uint8Array.of(0, 0x85)), one, root, hash]),
      rlpList([one, rlpString(Uint8Array.of(0, 0x85)), root, hash]),
      rlpList([Uint8Array.of(0x00), one, root, hash]),
      rlpList([one, Uint8Array.of(0x00), root, hash]),
      rlpList([Uint8Array.of(0x81, 0x01), one, root, hash]),
      rlpList([one, Uint8Array.of(0x81, 0x01), root, hash]),
      concat([rlpList([one, one, root, hash]), Uint8Array.of(0)]),
    ];
    const plain = rlpList([one, one, root, hash]);
    for (const marker of [0x00, 0x80, 0x9f, 0xa1, 0xb8, 0xe0])
      for (const at of [plain.length - 66, plain.length - 33]) cases.push(plain.with(at, marker));
    const address = addressOf(1);
    for (const value of cases)
      await leafOfAccount(address, (nibbles) => hexPrefix(nibbles, true), value, "invalid AccountMalformed");
    for (const [nonce, balance] of [
      [0n, 0n],
      [0x80n, 0x80n],
      [2n ** 64n - 1n, 2n ** 256n - 1n],
    ] as const)
      await leafOfAccount(
        address,
        (nibbles) => hexPrefix(nibbles, true),
        accountRlp({ nonce, balance, storageRoot: held.root }),
        `present ${nonce} ${balance} ${toHex(held.root)} ${toHex(EMPTY_CODE)}`,
      );
  });

  it("M40 M42: nodes are bounded in size and number by the key, and a length is compared before it is followed", async () => {
    const huge = new Uint8Array(533).fill(0xf9);
    await each((v) => v.slot(keccak256(huge), slotOf(1), [huge]), "invalid NodeTooLarge");
    // A branch below the key's end, and hundreds of nodes behind it.
    const deep = above(key, 64, branch({ 0: sibling, 1: sibling }));
    await selfRooted([...deep, ...Array.from({ length: 300 }, () => deep[0] as Uint8Array)], "invalid PathLength");
    for (const length of [[0xf9, 0xff, 0xff], [0xf8, 0xff], [0xbf, 0xff, 0xff], [0xff, 0xff]])
      await selfRooted([Uint8Array.from({ length: 40 }, (_, i) => length[i] ?? 0xff)], "invalid NodeMalformed"); // prettier-ignore
  });

  it("M30: a key that is not hashed proves nothing of the slot that has it for a name", async () => {
    const raw = buildTrie([{ key: slotOf(7), value: rlpInteger(42n) }]);
    await each((v) => v.slot(raw.root, slotOf(7), raw.proof(slotOf(7))), "absent");
  });
});
