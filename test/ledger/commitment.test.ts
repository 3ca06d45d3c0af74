import { expect, use } from "chai";
import { AbiCoder, id, keccak256, TypedDataEncoder, ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { Hex } from "../../src/core/bytes.js";
import { toHex, toWord } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import {
  commitmentDigest,
  commitmentTypedData,
  epochTypedData,
  hashCommitment,
  hashSigners,
  hashTerms,
} from "../../src/ledger/commitment.js";
import {
  comparedPlace,
  decodeWord,
  hashRules,
  ruleHolds,
  type Comparator,
  type Derivation,
  type Rule,
} from "../../src/ledger/rules.js";
import { accepted } from "../../tools/errors.js";
import { preparedOnce } from "../../tools/forks.js";
import { factoryOf } from "../../tools/ledger/contracts.js";
import { bookForContract, forContract, MARKET, USDC, ZERO } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { announced, type Random } from "../../tools/random.js";
import { LedgerRulesHarness__factory, type LedgerRulesHarness } from "../../typechain-types/index.js";

use(settlementGuardMatchers);

const forks = hardhatForks(network);
const ROUNDS = process.env["HEAVY"] === undefined ? 60 : 2_000;

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return SettlementGuardError.is(error) ? error.code : String(error);
  }
};

describe("what signers of a ledger sign, in both languages", () => {
  let world: LedgerWorld;
  let harness: LedgerRulesHarness;
  preparedOnce(
    async () => {
      const made = await LedgerWorld.create(await forks.create());
      const source = "contracts/mocks/LedgerTargets.sol";
      const harnesses = await factoryOf(LedgerRulesHarness__factory, source, made.signer);
      return { world: made, harness: await harnesses.deploy() };
    },
    (prepared) => ({ world, harness } = prepared),
  );
  beforeEach(() => world.reset());

  it("SG-10: digest and struct hash of a commitment are the desk's, ethers' and this library's", async () => {
    const commitment = await world.next({ sequence: 2n ** 64n - 1n, previous: toWord(7n), tier: "finalized" });
    const { domain, types, message } = commitmentTypedData(world.at.desk, commitment);
    const digest = TypedDataEncoder.hash(domain, types, message);
    expect(commitmentDigest(world.at.desk, commitment)).to.equal(digest);
    expect(await world.desk.digestOf(forContract(commitment))).to.equal(digest);
    expect(hashCommitment(commitment)).to.equal(TypedDataEncoder.from(types).hash(message));
  });

  it("digest of an epoch and hash of its terms are the desk's, ethers' and this library's", async () => {
    const next = world.epochOf(world.set, { epoch: 9n, validUntil: 77n });
    const { domain, types, message } = epochTypedData({ desk: world.at.desk, chainId: 31_337n, next });
    const { signers, rules } = message as { signers: string; rules: string };
    const digest = await world.desk.digestOfEpoch(world.guard, MARKET, 9n, signers, rules, 77n);
    expect(TypedDataEncoder.hash(domain, types, message)).to.equal(digest);
    const coder = AbiCoder.defaultAbiCoder();
    const set = coder.encode(["tuple(uint256,address[])"], [[world.set.threshold, world.set.signers]]);
    expect(hashSigners(world.set)).to.equal(keccak256(set));
    expect(hashTerms(world.set, world.book)).to.equal(
      keccak256(coder.encode(["bytes32", "bytes32"], [signers, rules])),
    );
    expect((await world.desk.ledgerOf(world.guard, MARKET)).terms).to.equal(hashTerms(world.set, world.book));
  });

  it("each member of a commitment changes its hash", async () => {
    const commitment = await world.next();
    const other = { ...commitment.anchor, stateRoot: toWord(1n) };
    const changes = [
      { guard: world.at.desk },
      { scope: toWord(1n) },
      { epoch: 2n },
      { sequence: 2n },
      { chainId: 1n },
      { anchor: other },
      { ledgerRoot: toWord(1n) },
      { format: 2 },
      { rules: toWord(1n) },
      { previous: toWord(1n) },
      { validUntil: 1n },
      { validUntilBlock: 1n },
      { tier: "head" as const },
    ];
    expect(changes.map((change) => Object.keys(change)[0])).to.deep.equal(Object.keys(commitment));
    const hashes = [commitment, ...changes.map((change) => ({ ...commitment, ...change }))].map(hashCommitment);
    expect(new Set(hashes)).to.have.property("size", changes.length + 1);
  });

  it("SG-2: what no desk would take is refused with the member", async () => {
    const commitment = await world.next();
    for (const change of [{ epoch: 2n ** 64n }, { sequence: -1n }, { format: 65_536 }, { tier: "surely" as never }])
      expect(codeOf(() => hashCommitment({ ...commitment, ...change })), Object.keys(change)[0]).to.equal("INVALID_COMMITMENT"); // prettier-ignore
    expect(codeOf(() => hashCommitment({ ...commitment, scope: "0x12" }))).to.equal("INVALID_HEX");
    const { signers } = world.set;
    for (const set of [
      { threshold: 1, signers },
      { threshold: 4, signers },
      { threshold: 0, signers: [] },
      { threshold: 2, signers: signers.toReversed() },
      { threshold: 2, signers: [signers[0]!, signers[0]!, signers[1]!] },
      {
        threshold: 17,
        signers: Array.from({ length: 33 }, (_, i) => toWord(BigInt(i + 1)).replace(/^0x0{24}/, "0x") as Hex),
      },
    ])
      expect(
        codeOf(() => hashSigners(set)),
        JSON.stringify(set),
      ).to.equal("INVALID_COMMITMENT");
  });

  it("the hash of a rule book is the contract's, and books that compare nothing are refused in both", async () => {
    expect(await harness.hash(bookForContract(world.book))).to.equal(hashRules(world.book));
    const empty = { ...world.book, rules: [], codes: [] };
    expect(await harness.hash(bookForContract(empty))).to.equal(hashRules(empty));
    const [rule] = world.book.rules;
    const mirror = { ...rule!, derivation: "mirror" as const };
    const faulty: [number, Partial<Rule>[]][] = [
      [0, [{ holder: `0x${"00".repeat(20)}` }]],
      [0, [{ bits: 0 }]],
      [1, [{}, { offset: 1 }]],
      [0, [{ offset: 65_535 }]],
      [0, [{ ...mirror, comparator: "<=" }]],
      [0, [{ ...mirror, bits: 255 }]],
      [0, [{ ...mirror, member: 1 }]],
      [0, [mirror, {}]],
      [1, [{}, mirror]],
    ];
    for (const [index, changes] of faulty) {
      const book = { ...world.book, rules: changes.map((change) => ({ ...rule!, ...change })), codes: [] };
      expect(
        codeOf(() => hashRules(book)),
        JSON.stringify(changes),
      ).to.equal("INVALID_RULE");
      await expect(harness.requireSound(bookForContract(book))).to.be.revertedWithCustomError(world.desk, "RuleInvalid").withArgs(index); // prettier-ignore
    }
    const codes = [{ ...world.book.codes[0]!, account: `0x${"00".repeat(20)}` as Hex }];
    expect(codeOf(() => hashRules({ ...world.book, codes }))).to.equal("INVALID_RULE");
    const nothing = [{ ...world.book.codes[0]!, expected: keccak256("0x") as Hex }];
    expect(codeOf(() => hashRules({ ...world.book, codes: nothing }))).to.equal("INVALID_RULE");
    await expect(harness.requireSound(bookForContract({ ...world.book, codes: nothing })))
      .to.be.revertedWithCustomError(world.desk, "RuleInvalid")
      .withArgs(4);
    await expect(harness.requireSound(bookForContract({ ...world.book, codes })))
      .to.be.revertedWithCustomError(world.desk, "RuleInvalid")
      .withArgs(4);
    await accepted(harness.requireSound(bookForContract({ ...world.book, rules: [mirror] })));
    const slot = { ...nothing[0]!, isSlot: true };
    await accepted(harness.requireSound(bookForContract({ ...world.book, codes: [slot] })));
  });

  it("keys are the ABI's hashes, and slots those of Solidity's layout, by ethers", async () => {
    const owner = world.owners[0]!;
    const word = (value: bigint): Hex => toWord(value);
    const coder = AbiCoder.defaultAbiCoder();
    const entry = (key: string, slot: string) => keccak256(coder.encode(["bytes32", "bytes32"], [key, slot]));
    const [padded, asset, kind, begin] = [word(BigInt(owner)), USDC, word(5n), word(7n)];
    const keyOf = (who: string) =>
      keccak256(
        coder.encode(
          ["bytes32", "address", "bytes32", "bytes32"],
          [id("settlement-guard.ledger.key"), who, asset, kind],
        ),
      );
    const slots: Record<Derivation, string> = {
      fixed: begin,
      "by-owner": entry(padded, begin),
      "by-owner-asset": entry(asset, entry(padded, begin)),
      mirror: padded,
    };
    for (const [derivation, slot] of Object.entries(slots) as [Derivation, Hex][]) {
      const [isMirror, isFixed] = [derivation === "mirror", derivation === "fixed"];
      const member = isMirror ? 0 : 3;
      const rule = { ...world.book.rules[0]!, asset, kind, slot: begin, member, derivation };
      const [given] = bookForContract({ ...world.book, rules: [rule] }).rules;
      const [key, place] = await harness.placeOf(given!, isFixed ? ZERO : padded);
      expect(key, derivation).to.equal(isMirror ? padded : keyOf(isFixed ? ZeroAddress : owner));
      expect(BigInt(place), derivation).to.equal(BigInt(slot) + BigInt(member));
    }
  });

  it("a field is the bits above its offset, and holds of equal values under each comparator, in the contract", async () => {
    const comparators: Record<Comparator, readonly boolean[]> = {
      "==": [false, true, false],
      "<=": [true, true, false],
      ">=": [false, true, true],
    };
    for (const [comparator, expected] of Object.entries(comparators) as [Comparator, boolean[]][]) {
      const rule = { ...world.book.rules[0]!, offset: 8, bits: 16, comparator };
      const [given] = bookForContract({ ...world.book, rules: [rule] }).rules;
      for (const [i, ledger] of [0x1233n, 0x1234n, 0x1235n].entries())
        expect(await harness.compare(given!, ledger, 0xff123456n), comparator).to.deep.equal([0x1234n, expected[i]]);
    }
  });

  it("random rules name the same key and slot, and hold of the same values, in both", async () => {
    const random = announced();
    for (let round = 0; round < ROUNDS; round++) {
      const rule = randomRule(random, world.at.holder);
      const isFixed = rule.derivation === "fixed";
      const owner = rule.derivation === "mirror" ? toHex(random.bytes(32)) : toHex(random.bytes(20));
      const place = comparedPlace(rule, isFixed ? undefined : owner);
      const [rules] = [bookForContract({ ...world.book, rules: [rule] }).rules];
      const found = await harness.placeOf(rules[0]!, isFixed ? ZERO : toWord(BigInt(owner)));
      expect([...found], JSON.stringify(rule)).to.deep.equal([place.key, place.slot]);
      const word = BigInt(toHex(random.bytes(32)));
      const chain = decodeWord(rule, word);
      for (const here of [chain, chain + 1n, chain === 0n ? 0n : chain - 1n]) {
        const ledger = BigInt.asUintN(256, here);
        const [value, holds] = await harness.compare(rules[0]!, ledger, word);
        expect([value, holds]).to.deep.equal([chain, ruleHolds({ rule, here: ledger, there: chain })]);
      }
    }
  });

  it("SG-13: a rule of owners compares no total, and one of a total no owner, in both", async () => {
    const { rules } = bookForContract(world.book);
    const owner = world.owners[0]!;
    const cases: [number, string][] = [
      [0, ZERO],
      [0, toWord(1n << 160n)],
      [1, ZERO],
      [3, toWord(BigInt(owner))],
    ];
    for (const [rule, given] of cases)
      await expect(harness.placeOf(rules[rule]!, given), `${rule} ${given}`)
        .to.be.revertedWithCustomError(world.desk, "OwnerInvalid")
        .withArgs(given);
    expect(codeOf(() => comparedPlace(world.book.rules[0]!))).to.equal("INVALID_RULE");
    expect(codeOf(() => comparedPlace(world.book.rules[3]!, owner))).to.equal("INVALID_RULE");
  });
});

function randomRule(random: Random, holder: Hex): Rule {
  const derivation = random.pick<Derivation>(["fixed", "by-owner", "by-owner-asset", "mirror"]);
  const comparator = random.pick<Comparator>(["==", "<=", ">="]);
  const bits = 1 + random.below(256);
  const words = {
    kind: toHex(random.bytes(32)),
    asset: random.pick([USDC, toHex(random.bytes(32))]),
    holder,
    slot: toHex(random.bytes(32)),
  };
  if (derivation === "mirror") return { ...words, derivation, comparator: "==", member: 0, offset: 0, bits: 256 };
  return { ...words, derivation, comparator, member: random.below(65_536), offset: random.below(257 - bits), bits };
}
