import { expect } from "chai";

import { keccak256 } from "../../src/core/keccak.js";
import { asking } from "../trie-helpers/asking.js";
import { buildTrie, concat, hexPrefix, nibblesOf, rlpInteger, rlpList, rlpString } from "../trie-helpers/buildTrie.js";
import {
  above,
  accountRlp,
  addressOf,
  branch,
  EMPTY,
  extension,
  firstWith,
  fullBranch,
  hashOf,
  leaf,
  other,
  sibling,
  slotOf,
} from "../trie-helpers/nodes.js";

/** A value that keeps the smallest leaf above 31 bytes, and its list's header in one byte. */
const WIDE = (1n << 248n) + 42n;

/**
 * Nodes which differ in one place from what `TrieShortcut` reads. Where it said Present or Absent of one of them, nobody would ask
 * `TrieWalk`, so that each is put where the wrong verdict would be the answer: an account has a slot below it, a node that should end
 * the walk has a good one behind it.
 */
describe("the short way through a trie", () => {
  const { each, eachWitness, eachSlot } = asking();

  const slot = slotOf(7);
  const key = keccak256(slot);
  const path = nibblesOf(key);
  const rootOf = (nodes: readonly Uint8Array[]): Uint8Array => keccak256(nodes[0] as Uint8Array);
  const ask = (nodes: readonly Uint8Array[], expected: string | RegExp, of = slot): Promise<void> =>
    each((v) => v.slot(rootOf(nodes), of, nodes), expected);
  const rawLeaf = (pathItem: Uint8Array, value: Uint8Array): Uint8Array => rlpList([pathItem, rlpString(value)]);

  /** 42 in slot 1, for accounts below which it is asked for. */
  const inner = slotOf(1);
  const held = buildTrie([{ key: keccak256(inner), value: rlpInteger(42n) }]);
  const heldProof = held.proof(keccak256(inner));
  const address = addressOf(1);
  const hashed = keccak256(address);
  const holder = accountRlp({ storageRoot: held.root });
  const askBelow = (
    account: readonly Uint8Array[],
    expected: string | RegExp,
    storage: readonly Uint8Array[] = heldProof,
    of = address,
  ): Promise<void> => eachSlot({ root: rootOf(account), address: of, slot: inner, account, storage }, expected);

  /** A list's payload behind a header of one length byte or two, whatever its size. */
  function longForm(list: Uint8Array, lengthBytes: 1 | 2): Uint8Array {
    const marker = list[0] as number;
    const payload = list.slice(marker < 0xf8 ? 1 : marker - 0xf6);
    const header = lengthBytes === 1 ? [0xf8, payload.length] : [0xf9, payload.length >> 8, payload.length & 0xff];
    return concat([Uint8Array.from(header), payload]);
  }

  /** The first node whose hash ends with the byte with which a branch ends. */
  function endingAsBranch(of: (value: bigint) => Uint8Array): Uint8Array {
    for (let value = WIDE; ; value++) {
      const node = of(value);
      if (keccak256(node)[31] === 0x80) return node;
    }
  }

  it("M29, M32: a leaf is the key's only by all of its path, and of another's account nothing is read", async () => {
    for (const depth of [0, 1, 2, 3, 16]) {
      await ask(above(key, depth, leaf(path.slice(depth), rlpInteger(WIDE))), `present ${WIDE}`);
      const own = nibblesOf(hashed).slice(depth);
      await askBelow(above(hashed, depth, leaf(own, holder)), "present: 42");
      for (const at of [depth, depth + 1, depth + 2, 40, 62, 63]) {
        const diverging = path.with(at, other(path[at]!)).slice(depth);
        await ask(above(key, depth, leaf(diverging, rlpInteger(WIDE))), "absent");
        const foreign = above(hashed, depth, leaf(own.with(at - depth, other(own[at - depth]!)), holder));
        await each((v) => v.account(rootOf(foreign), address, foreign), "absent");
        await askBelow(foreign, "absent: -", []);
        await askBelow(foreign, "invalid TrailingBytes");
      }
    }
  });

  it("M34, R16: storage lies below the storage root, whatever the code hash is the hash of", async () => {
    const stranger = buildTrie([{ key: keccak256(inner), value: rlpInteger(666n) }]);
    const value = accountRlp({ storageRoot: held.root, codeHash: stranger.root });
    for (const depth of [0, 1, 2]) {
      const account = above(hashed, depth, leaf(nibblesOf(hashed).slice(depth), value));
      await askBelow(account, "present: 42");
      await askBelow(account, "invalid NodeHashMismatch", stranger.proof(keccak256(inner)));
    }
  });

  it("M7, M36: neither presence nor absence is read from a node that is not the one named above it", async () => {
    for (const make of [branch, fullBranch])
      for (const depth of [0, 1, 2]) {
        const [ours, their] = [path[depth]!, other(path[depth]!)];
        const bottom = leaf(path.slice(depth + 1), rlpInteger(WIDE));
        const honest = above(key, depth, make({ [ours]: hashOf(bottom), [their]: sibling, [other(their)]: sibling }));
        await ask([...honest, bottom], `present ${WIDE}`);
        const root = rootOf(honest);
        const forgeries: Uint8Array[][] = [
          [branch({ [their]: sibling, [other(their)]: sibling })],
          [branch({ [ours]: hashOf(bottom), [their]: sibling }), bottom],
          [fullBranch({}), bottom],
          [fullBranch({ [ours]: hashOf(bottom), [their]: hashOf(bottom) }), bottom],
          [leaf(path.slice(depth).map(other), rlpInteger(WIDE))],
          [extension(path.slice(depth, depth + 4).map(other), sibling)],
        ];
        for (const forged of forgeries)
          await each((v) => v.slot(root, slot, [...honest.slice(0, -1), ...forged]), "invalid NodeHashMismatch");
      }
    const account = [leaf(nibblesOf(hashed), holder)];
    const stranger = leaf(nibblesOf(hashed).map(other), holder);
    await eachSlot(
      { root: rootOf(account), address, slot: inner, account: [stranger], storage: [] },
      "invalid NodeHashMismatch",
    );
  });

  it("M12, M13, M14, R3: a path of one byte has no marker before it, and an extension's has a nibble", async () => {
    for (const depth of [63, 64]) {
      const own = hexPrefix(path.slice(depth), true);
      await ask(above(key, depth, rawLeaf(own, rlpInteger(WIDE))), `present ${WIDE}`);
      await ask(
        above(key, depth, rawLeaf(concat([Uint8Array.of(0x81), own]), rlpInteger(WIDE))),
        "invalid PathMalformed",
      );
      const ownOfAccount = hexPrefix(nibblesOf(hashed).slice(depth), true);
      await askBelow(above(hashed, depth, rawLeaf(ownOfAccount, holder)), "present: 42");
      await askBelow(
        above(hashed, depth, rawLeaf(concat([Uint8Array.of(0x81), ownOfAccount]), holder)),
        "invalid PathMalformed",
      );
    }
    const fork = branch({ [path[1]!]: hashOf(leaf(path.slice(2), rlpInteger(WIDE))), [other(path[1]!)]: sibling });
    const nodes = [fork, leaf(path.slice(2), rlpInteger(WIDE))];
    const step = hexPrefix(path.slice(0, 1), false);
    await ask([rlpList([step, hashOf(fork)]), ...nodes], `present ${WIDE}`);
    await ask([rlpList([concat([Uint8Array.of(0x81), step]), hashOf(fork)]), ...nodes], "invalid PathMalformed");
    await ask([rlpList([EMPTY, hashOf(fork)]), ...nodes], /^invalid/);
    await ask([rlpList([Uint8Array.of(0x00), hashOf(fork)]), ...nodes], "invalid PathMalformed");
    await ask([rlpList([Uint8Array.of(0x00), hashOf(fork)])], "invalid PathMalformed");
  });

  it("R1: a list's length has as few bytes as it can have", async () => {
    const bottom = leaf(path.slice(2), rlpInteger(42n));
    const fork = branch({ [path[1]!]: hashOf(bottom), [other(path[1]!)]: sibling });
    const step = extension(path.slice(0, 1), hashOf(fork));
    await ask([step, fork, bottom], "present 42");
    for (const lengthBytes of [1, 2] as const) {
      await ask([longForm(step, lengthBytes), fork, bottom], "invalid NodeMalformed");
      await ask(above(key, 2, longForm(bottom, lengthBytes)), "invalid NodeMalformed");
      // No child, and one: a branch of two has more than 55 bytes.
      for (const children of [{}, { [path[0]!]: sibling }, { [other(path[0]!)]: sibling }])
        await ask([longForm(branch(children), lengthBytes)], "invalid NodeMalformed");
    }
    await ask([longForm(branch({ [path[0]!]: sibling, [other(path[0]!)]: sibling }), 2)], "invalid NodeMalformed");
    const below = leaf(path.slice(1), rlpInteger(WIDE));
    const only = branch({ [path[0]!]: hashOf(below) });
    await ask([longForm(only, 1), below], "invalid NodeMalformed");
    await ask([only, below], "invalid BranchMalformed");
  });

  it("M19, M42: what is no list of the size of a node is none, though its bytes are read alike", async () => {
    const wide = leaf(path.slice(1), rlpInteger((1n << 255n) + 42n));
    expect(wide[0]).to.equal(0xf8);
    await ask(above(key, 1, wide), `present ${(1n << 255n) + 42n}`);
    for (const first of [0x00, 0x78, 0xb8, 0xbf, 0xf7, 0xf9, 0xff])
      await ask(above(key, 1, wide.with(0, first)), /^invalid/);
    const account = leaf(nibblesOf(hashed).slice(1), holder);
    for (const first of [0x00, 0x78, 0xb8, 0xf9, 0xff])
      await askBelow(above(hashed, 1, account.with(0, first)), /^invalid/);
    // The high byte of a branch's length.
    const many = Array.from({ length: 9 }, (_, i) => [(path[0]! + i) % 16, sibling] as const);
    const fan = branch({ ...Object.fromEntries(many), [path[0]!]: hashOf(wide) });
    expect(fan.slice(0, 2)).to.deep.equal(Uint8Array.of(0xf9, 1));
    await ask([fan, wide], `present ${(1n << 255n) + 42n}`);
    for (const high of [0, 2, 3, 0x81, 0xff]) await ask([fan.with(1, high), wide], /^invalid/);
    // Its first byte, read as a list's short form, would give 58 bytes.
    const nibbles = path.slice(0, 45);
    const bottom = leaf(path.slice(46), rlpInteger(WIDE));
    const fork = branch({ [path[45]!]: hashOf(bottom), [other(path[45]!)]: sibling });
    const long = rlpList([rlpString(hexPrefix(nibbles, false)), hashOf(fork)]);
    expect(long.slice(0, 2)).to.deep.equal(Uint8Array.of(0xf8, 57));
    await ask([long, fork, bottom], `present ${WIDE}`);
    await ask([concat([Uint8Array.of(0xf8), long.slice(2)]), fork, bottom], /^invalid/);
    await ask([concat([Uint8Array.of(0xf9), long.slice(2)]), fork, bottom], /^invalid/);
  });

  it("M22: a leaf below 32 bytes has no hash", async () => {
    for (const depth of [40, 41, 63]) {
      const short = leaf(path.slice(depth), rlpInteger(42n));
      expect(short.length).to.be.lessThan(32);
      await ask(above(key, depth, short), "invalid NodeTooSmall");
    }
  });

  it("M24, R13: an account's leaf has headers of its own size around its fields", async () => {
    for (const depth of [0, 1, 2]) {
      const honest = leaf(nibblesOf(hashed).slice(depth), holder);
      const at = Buffer.from(honest).indexOf(Buffer.from(holder));
      await askBelow(above(hashed, depth, honest), "present: 42");
      for (const place of [at - 2, at - 1, at, at + 1])
        for (const change of [-1, 1, 0x40])
          await askBelow(above(hashed, depth, honest.with(place, (honest[place]! + change) & 0xff)), /^invalid/);
    }
  });

  it("M24, M32: an account's leaf is no branch, though it has the size of one of three hashes", async () => {
    for (const [depth, balance] of [
      [0, 10n ** 15n],
      [1, 10n ** 18n],
      [2, 10n ** 18n],
      [3, 10n ** 20n],
      [8, 10n ** 25n],
    ] as const) {
      let who = address;
      for (let i = 2; nibblesOf(keccak256(who))[depth] !== 2; i++) who = addressOf(i);
      const leafWith = (codeHash: Uint8Array): Uint8Array =>
        leaf(nibblesOf(keccak256(who)).slice(depth), accountRlp({ balance, storageRoot: held.root, codeHash }));
      // Where a branch's child 2 would be, behind the path and 57 bytes of the value, stands what would be an empty child.
      const codeHash = new Uint8Array(32).fill(7).with(31, 0x80);
      const plain = leafWith(codeHash);
      expect(plain.slice(0, 2), `depth ${depth}`).to.deep.equal(Uint8Array.of(0xf8, 17 + 3 * 32));
      const at = plain.indexOf(0xb8, 3 + (plain[2]! - 0x80)) + 57;
      const empty = leafWith(codeHash.with(at - (plain.length - 32), 0x80));
      expect(empty[at]).to.equal(0x80);
      await askBelow(above(keccak256(who), depth, empty), "present: 42", heldProof, who);
      await askBelow(above(keccak256(who), depth, empty), "invalid Truncated", [], who);
    }
  });

  it("M24, M27: a child ends before a branch's value, also where the siblings before it are of any size", async () => {
    const deep = firstWith(slotOf, [15]);
    const nibbles = nibblesOf(keccak256(deep));
    const bottom = endingAsBranch((value) => leaf(nibbles.slice(1), rlpInteger(value)));
    const two = Uint8Array.of(0x81, 0x99);
    const items = (count: number): Uint8Array[] => Array.from({ length: count }, () => EMPTY);
    // Fifteen children of 48 bytes, and then the hash, which ends where the value is.
    const overlapping = rlpList([sibling, ...items(13), two, hashOf(bottom)]);
    expect(overlapping.slice(0, 2)).to.deep.equal(Uint8Array.of(0xf8, 81));
    await ask([overlapping, bottom], "invalid BranchMalformed", deep);
    // Fifteen children, and then the value.
    const exact = rlpList([sibling, sibling, ...items(12), two, EMPTY]);
    expect(exact.slice(0, 2)).to.deep.equal(Uint8Array.of(0xf8, 81));
    await ask([exact], "invalid BranchMalformed", deep);
  });

  it("M28: there is no absence below the key's end, and no extension that reaches it", async () => {
    const nodes = above(key, 64, branch({ 1: sibling, 2: sibling }));
    await ask(nodes, "invalid PathLength");
    for (const depth of [0, 30, 31, 40, 62, 63])
      for (const nibbles of [path.slice(depth), path.slice(depth).map(other), [...path.slice(depth).map(other), 0]])
        await ask(above(key, depth, extension(nibbles, sibling)), "invalid PathLength");
    const longest = path.slice(30, 63);
    await ask(above(key, 30, extension(longest.map(other), sibling)), "absent");
  });

  it("M11, M12, M24: an extension has a path with its flag, a hash, and nothing else", async () => {
    // Read as two nibbles, a leaf's flag and its pad would be the key's first two.
    const flagged = firstWith(slotOf, [2, 5]);
    const own = nibblesOf(keccak256(flagged));
    const bottom = leaf(own.slice(3), rlpInteger(WIDE));
    const fork = branch({ [own[2]!]: hashOf(bottom), [other(own[2]!)]: sibling });
    await ask([extension(own.slice(0, 2), hashOf(fork)), fork, bottom], `present ${WIDE}`, flagged);
    await ask([rlpList([Uint8Array.of(0x25), hashOf(fork)]), fork, bottom], "invalid PathMalformed", flagged);

    for (const length of [4, 5, 20]) {
      const end = leaf(path.slice(length + 1), rlpInteger(WIDE));
      const next = [branch({ [path[length]!]: hashOf(end), [other(path[length]!)]: sibling }), end];
      const child = hashOf(next[0]!);
      for (const follows of [true, false]) {
        const prefix = hexPrefix(follows ? path.slice(0, length) : path.slice(0, length).map(other), false);
        const good = rlpList([rlpString(prefix), child]);
        await ask(follows ? [good, ...next] : [good], follows ? `present ${WIDE}` : "absent");
        const wrong: [Uint8Array, string | RegExp][] = [
          ...[0x40, 0x80, 0xc0, 0x60].map((flag): [Uint8Array, string] => [
            rlpList([rlpString(prefix.with(0, prefix[0]! ^ flag)), child]),
            "invalid PathMalformed",
          ]),
          [rlpList([rlpString(prefix), child, EMPTY]), "invalid NodeMalformed"],
          [rlpList([rlpString(prefix), child, Uint8Array.of(1)]), "invalid NodeMalformed"],
          ...[0x80, 0x9f, 0xa1, 0xb8, 0xc0, 0xdf, 0xe0, 0x20].map((marker): [Uint8Array, RegExp] => [
            rlpList([rlpString(prefix), child.with(0, marker)]),
            /^invalid (ChildMalformed|NodeMalformed)$/,
          ]),
        ];
        if (length % 2 === 0)
          for (const pad of [1, 8, 15])
            wrong.push([rlpList([rlpString(prefix.with(0, pad)), child]), "invalid PathMalformed"]);
        for (const [node, expected] of wrong) {
          await ask([node], expected);
          await ask([node, ...next], expected);
        }
      }
    }
  });

  describe("from slot to slot", () => {
    /** Two slots whose keys part at once, the second one's first nibble 15. */
    const first = firstWith(slotOf, [3]);
    const second = firstWith(slotOf, [15]);
    const bottomOf = (of: Uint8Array, value = WIDE): Uint8Array =>
      leaf(nibblesOf(keccak256(of)).slice(1), rlpInteger(value));

    async function askMany(
      nodes: readonly Uint8Array[],
      slots: readonly Uint8Array[],
      expected: string | RegExp,
    ): Promise<void> {
      const account = leaf(nibblesOf(hashed), accountRlp({ storageRoot: rootOf(nodes) }));
      await eachWitness((v) => v.slots(keccak256(account), address, slots, concat([account, ...nodes])), expected);
    }

    it("M19, M20: a child that is no hash is none for a later slot either", async () => {
      const [one, two] = [bottomOf(first), bottomOf(second, WIDE + 1n)];
      for (const [name, good] of [
        ["full", fullBranch({ 3: hashOf(one), 15: hashOf(two) })],
        [
          "fifteen",
          branch({ ...Array.from({ length: 15 }, () => sibling), 14: EMPTY, 3: hashOf(one), 15: hashOf(two) }),
        ],
        ["two", branch({ 3: hashOf(one), 15: hashOf(two) })],
      ] as const) {
        await askMany([good, one, two], [first, second], `present: ${WIDE} ${WIDE + 1n}`);
        const at = good.length - 34;
        expect(good[at], name).to.equal(0xa0);
        for (const marker of [0x00, 0x20, 0x60, 0x80, 0x9f, 0xa1, 0xe0, 0xdf])
          await askMany([good.with(at, marker), one, two], [first, second], /^invalid/);
      }
    });

    it("M24, M27: a child ends before the branch's value for a later slot too", async () => {
      const one = bottomOf(first);
      const two = endingAsBranch((value) => bottomOf(second, value));
      const double = Uint8Array.of(0x81, 0x99);
      const items = (count: number): Uint8Array[] => Array.from({ length: count }, () => EMPTY);
      const overlapping = rlpList([...items(3), hashOf(one), ...items(10), double, hashOf(two)]);
      expect(overlapping.slice(0, 2)).to.deep.equal(Uint8Array.of(0xf8, 81));
      await askMany([overlapping, one], [first], `present: ${WIDE}`);
      await askMany([overlapping, one, two], [first, second], "invalid BranchMalformed");
      const exact = rlpList([...items(3), hashOf(one), sibling, ...items(9), double, EMPTY]);
      expect(exact.slice(0, 2)).to.deep.equal(Uint8Array.of(0xf8, 81));
      await askMany([exact, one], [first], `present: ${WIDE}`);
      await askMany([exact, one], [first, second], "invalid BranchMalformed");
    });

    it("M32: a slot that needs no node is not where the next one's way parts", async () => {
      // An extension, and below it two leaves. The last two slots part from the first where it begins, and from each other behind it.
      const [near, far, farther] = [
        [3, 5],
        [15, 2],
        [15, 9],
      ].map((prefix) => firstWith(slotOf, prefix)) as [Uint8Array, Uint8Array, Uint8Array];
      const rest = (of: Uint8Array, value: bigint): Uint8Array =>
        leaf(nibblesOf(keccak256(of)).slice(2), rlpInteger(value));
      const one = rest(near, WIDE);
      for (const two of [rest(farther, WIDE + 1n), rest(firstWith(slotOf, [3, 9]), WIDE + 2n)]) {
        const fork = branch({ 5: hashOf(one), 9: hashOf(two) });
        const nodes = [extension([3], hashOf(fork)), fork, one];
        await askMany(nodes, [near, far, farther], `present: ${WIDE} - -`);
        await askMany([...nodes, two], [near, far, farther], "invalid TrailingBytes");
      }
    });
  });
});
