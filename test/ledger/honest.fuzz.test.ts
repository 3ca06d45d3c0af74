import { expect } from "chai";
import { Interface, type ErrorFragment } from "ethers";
import { network } from "hardhat";

import { prove } from "../../src/actions/prove.js";
import { toHex, toWord, type Hex } from "../../src/core/bytes.js";
import { revertDataOf } from "../../src/explain/revertData.js";
import { hardhatForks } from "../../src/hardhat/index.js";
import { hashCommitment, type Commitment } from "../../src/ledger/commitment.js";
import { LedgerTree } from "../../src/ledger/tree.js";
import { bookForContract, NOBODY, ON_RECORD, ZERO, type SignedInput } from "../../tools/ledger/inputs.js";
import { LedgerWorld } from "../../tools/ledger/world.js";
import { announced, type Random } from "../../tools/random.js";
import { STATUS } from "../../tools/policy/world.js";
import { IGuardErrors__factory, ILedgerErrors__factory, IPinErrors__factory } from "../../typechain-types/index.js";

const forks = hardhatForks(network);
const CASES = process.env["HEAVY"] === undefined ? 1_000 : 20_000;
const ERRORS = [IGuardErrors__factory, ILedgerErrors__factory, IPinErrors__factory].map(
  ({ abi }) => new Interface(abi as never),
);

/** Commitments of the open epoch, the last ones. */
const OPEN = 3;

/** A function that is called and not sent. */
interface Method {
  staticCall(...args: readonly unknown[]): Promise<unknown>;
}

/** A commitment that its signers made honestly, with the ledger that it is about. */
interface Honest {
  readonly signed: SignedInput;
  readonly commitment: Commitment;
  readonly tree: LedgerTree;
}

type LeafProof = Awaited<ReturnType<LedgerWorld["leafProof"]>>;

/** What an attacker has: all that honest signers ever published, and every true proof of the chain. */
interface Loot {
  readonly commitments: readonly Honest[];
  readonly leaves: readonly LeafProof[];
  readonly headers: readonly Hex[];
  readonly books: readonly ReturnType<typeof bookForContract>[];
  readonly accounts: readonly { header: Hex; pinnedRoot: Hex; witness: Hex }[];
}

/**
 * The promise that nobody trips an honest ledger. Its signers relayed three commitments, and let a fourth grow old. They
 * opened an epoch, signed the fourth again, relayed it, and signed a fifth. Balances moved in between. The attacker combines and spoils all of that.
 */
describe("an honest ledger", function () {
  it(`SG-23: no input trips it: ${CASES} random disputes`, async () => {
    const random = announced();
    const chain = await forks.create();
    const world = await LedgerWorld.create(chain);
    const loot = await honestHistory(world);
    const told = new Map<string, number>();
    for (let i = 0; i < CASES; i++) {
      const [name, method, args] = disputeFrom(random, world, loot);
      const error = await refusalOf(method, args);
      expect(error, `case ${i}, ${name}: ${show(args)}`).to.not.equal("");
      told.set(error, (told.get(error) ?? 0) + 1);
    }
    const found = [...told].map(([error, count]) => `${error} ${count}`).join(", ");
    console.log(`      refused as ${found}`);
    // The campaign comes past the signatures, to the claims themselves.
    expect(told.get("ClaimHolds") ?? 0, found).to.be.at.least(CASES / 50);
    expect(await world.statusOf()).to.equal(STATUS.Synced);
    await chain.close();
  });
});

/** The error that a dispute is refused with; empty where it held. */
async function refusalOf(method: Method, args: readonly unknown[]): Promise<string> {
  try {
    await method.staticCall(...args);
    return "";
  } catch (thrown) {
    const data = revertDataOf(thrown);
    if (data === undefined || data === "0x") return "without data";
    for (const errors of ERRORS) {
      const fragment: ErrorFragment | null = errors.getError(data.slice(0, 10));
      if (fragment !== null) return fragment.name;
    }
    return data.slice(0, 10);
  }
}

async function honestHistory(world: LedgerWorld): Promise<Loot> {
  const commitments: Honest[] = [];
  const keep = async (commitment: Commitment, isOnRecord = false): Promise<void> => {
    const signed = await world.sign(commitment, world.wallets);
    const tree = LedgerTree.from(world.tree.entries());
    commitments.push({ signed, commitment, tree });
    if (isOnRecord) commitments.push({ signed: { ...signed, ...ON_RECORD }, commitment, tree });
  };
  const move = async (balance: bigint): Promise<void> => {
    const [owner] = world.owners;
    await world.holder.setBalance(owner!, balance);
    await world.holder.setCustody(700n + balance);
    world.tree.update([
      [world.keyOf(owner!), balance],
      [world.keyOf(NOBODY), 700n + balance],
    ]);
  };
  const other = { ...world.book, version: toWord(2n) };
  const books = [bookForContract(other), bookForContract(world.book)];
  for (const balance of [100n, 50n, 0n]) {
    await move(balance);
    await keep(await world.commit());
  }
  // What was signed and never relayed is void in the next epoch, whose signers sign the same sequence.
  await keep(await world.next());
  await world.enterEpoch();
  await move(70n);
  await keep(await world.commit(), true);
  await move(71n);
  await keep(await world.next());
  await world.chain.mine(2);
  return { commitments, books, ...(await truthAbout(world, commitments)) };
}

/** True proofs, of ledger and chain, at each honest anchor. */
async function truthAbout(
  world: LedgerWorld,
  commitments: readonly Honest[],
): Promise<Pick<Loot, "leaves" | "headers" | "accounts">> {
  const owners = [...world.owners.slice(0, 2), `0x${"ab".repeat(20)}` as Hex];
  const leaves: LeafProof[] = [];
  const accounts: Loot["accounts"][number][] = [];
  for (const { commitment, tree } of commitments) {
    const { anchor } = commitment;
    for (const rule of [0, 1, 2])
      for (const owner of owners) leaves.push(await world.leafProof({ rule, owner, anchor, tree }));
    leaves.push(await world.leafProof({ rule: 3, anchor, tree }));
    const { header, witness } = await prove(world.chain.request, { anchor, account: world.at.holder, slots: [] });
    accounts.push({ header, pinnedRoot: ZERO, witness });
  }
  return { leaves, accounts, headers: accounts.map(({ header }) => header) };
}

function disputeFrom(
  random: Random,
  world: LedgerWorld,
  loot: Loot,
): [name: string, method: Method, args: readonly unknown[]] {
  // Mostly of the epoch that is open: what is older ends with its epoch.
  const count = loot.commitments.length;
  const at = random.below(4) === 0 ? random.below(count) : count - 1 - random.below(OPEN);
  const own = loot.commitments[at]!;
  const one = spoilt(random, own.signed);
  const other = spoilt(random, loot.commitments[count - 1 - random.below(OPEN)]!.signed);
  const book = random.below(4) === 0 ? random.pick(loot.books) : loot.books.at(-1)!;
  // Half of the proofs are of the commitment's own block.
  const place = random.below(2) === 0 ? at : random.below(loot.commitments.length);
  const leaf = loot.leaves[place * 10 + random.below(10)]!;
  const kinds: Record<string, () => readonly unknown[]> = {
    disputeAnchor: () => [one],
    disputeStateRoot: () => [one, bytesFrom(random, loot.headers[place]!)],
    disputeEquivocation: () => [one, other],
    disputeChain: () => [one, other],
    disputeLeaf: () => [one, book, leafFrom(random, leaf)],
    disputeMirror: () => [
      one,
      book,
      { ...loot.accounts[place]!, pinnedRoot: random.pick([ZERO, one.commitment.ledgerRoot]) },
    ],
    disputeTotal: () => [one, book, totalFrom(random, world, own.tree)],
    disputeCode: () => [one, book, { code: random.below(3), state: loot.accounts[place]! }],
  };
  const name = random.pick(Object.keys(kinds));
  return [name, world.desk.getFunction(name as "disputeAnchor") as unknown as Method, kinds[name]!()];
}

/** One time in four a member, a signature or the claim to be on record is changed. */
function spoilt(random: Random, signed: SignedInput): SignedInput {
  if (random.below(4) !== 0) return signed;
  const { commitment } = signed;
  const word = random.pick([ZERO, toWord(1n), toHex(random.bytes(32)), hashOf(commitment)]);
  const changes: Partial<SignedInput["commitment"]>[] = [
    { previous: word },
    { ledgerRoot: word },
    { rules: word },
    { epoch: BigInt(random.below(4)) },
    { sequence: BigInt(random.below(8)) },
    { anchor: { ...commitment.anchor, hash: word } },
    { anchor: { ...commitment.anchor, stateRoot: word } },
    { anchor: { ...commitment.anchor, number: BigInt(random.below(40)) } },
    { tier: random.below(3) },
    { validUntil: BigInt(random.below(2 ** 30)) },
  ];
  const kind = random.below(changes.length + 3);
  if (kind < changes.length) return { ...signed, commitment: { ...commitment, ...changes[kind] } };
  if (kind === changes.length) return { ...signed, ...ON_RECORD };
  return { ...signed, signatures: signed.signatures.map((each) => (random.below(2) === 0 ? "0x" : each)) };
}

function hashOf({ tier, ...commitment }: SignedInput["commitment"]): Hex {
  const names = ["head", "safe", "finalized"] as const;
  return hashCommitment({ ...commitment, tier: names[tier]! });
}

function leafFrom(random: Random, proof: LeafProof): LeafProof {
  switch (random.below(8)) {
    case 0:
      return { ...proof, rule: random.below(6) };
    case 1:
      return { ...proof, owner: random.pick([ZERO, toWord(5n), toHex(random.bytes(32))]) };
    case 2:
      return { ...proof, witness: bytesFrom(random, proof.witness, true) };
    case 3:
      return { ...proof, state: { ...proof.state, witness: bytesFrom(random, proof.state.witness, true) } };
    case 4:
      return { ...proof, state: { ...proof.state, pinnedRoot: toHex(random.bytes(32)) } };
    default:
      return proof;
  }
}

function totalFrom(random: Random, world: LedgerWorld, tree: LedgerTree) {
  const all = [...world.owners, NOBODY, `0x${"ab".repeat(20)}` as Hex];
  const some = all.filter((who) => who === NOBODY || random.below(2) === 0);
  const { slots, witness } = tree.prove(some.map((who) => world.keyOf(who)));
  const owners = slots.map(({ slot }) => some.find((who) => world.keyOf(who) === slot)!);
  if (random.below(6) === 0) owners.reverse();
  return { rule: random.below(6) === 0 ? random.below(5) : 3, owners, witness: bytesFrom(random, witness) };
}

/** Mostly as it is; else with one byte changed, cut or added. */
function bytesFrom(random: Random, hex: Hex, always = false): Hex {
  if (!always && random.below(4) !== 0) return hex;
  const bytes = Buffer.from(hex.slice(2), "hex");
  const at = random.below(bytes.length);
  const kind = random.below(3);
  if (kind === 0) return toHex(bytes.subarray(0, at));
  if (kind === 1) return `${hex}${random.below(256).toString(16).padStart(2, "0")}`;
  bytes[at] = bytes[at]! ^ (1 + random.below(255));
  return toHex(bytes);
}

function show(args: readonly unknown[]): string {
  return JSON.stringify(args, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
