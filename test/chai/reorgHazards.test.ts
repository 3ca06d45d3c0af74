import { expect } from "chai";
import { parseUnits, type Contract, type Signer } from "ethers";
import { network } from "hardhat";

import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { layoutOf, leaveOut } from "../../src/assert/histories.js";
import { findReorgHazards, type Hazard, type HazardReport } from "../../src/assert/index.js";
import type { Hex } from "../../src/core/bytes.js";
import type { SentTransaction } from "../../src/forks/index.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { connect, deployExchanges, exchange, fund, MARKET, present, signOrder, UNIT } from "../../scenarios/world.js";
import { rejected } from "../../tools/errors.js";
import {
  GuardedOrderQueue__factory,
  OpenedAccount__factory,
  UnguardedOrderQueue__factory,
} from "../../typechain-types/index.js";

const forks = hardhatForks(network);

describe("findReorgHazards", function () {
  let chain: HardhatChain;
  let alice: Signer;
  let bob: Signer;
  let keeper: Signer;
  let carol: Signer;
  let dave: Signer;

  beforeEach(async () => {
    chain = await forks.create();
    const signers = (await chain.tools.ethers.getSigners()) as unknown as Signer[];
    [alice, bob, keeper, carol, dave] = signers as [Signer, Signer, Signer, Signer, Signer];
  });
  afterEach(() => chain.close());

  const deploy = async (name: string): Promise<Contract> =>
    (await chain.tools.ethers.deployContract(name)) as unknown as Contract;
  const send = async (signer: Signer, contract: Contract, name: string, ...args: unknown[]): Promise<Hex> =>
    ((await (contract.connect(signer) as Contract).getFunction(name).send(...args)) as { hash: Hex }).hash;
  /** The one about a transaction. */
  const about = ({ hazards, says }: HazardReport, hash: string): Hazard => {
    const found = hazards.filter(({ transaction }) => transaction.hash === hash);
    expect(found.length, says).to.equal(1);
    return found[0]!;
  };
  const historyOf = (hazard: Hazard): Hex[] => hazard.history.map(({ hash }) => hash);

  const deployCode = async (code: string): Promise<string> => {
    const size = (code.length / 2).toString(16).padStart(2, "0");
    const { hash } = await alice.sendTransaction({ data: `0x60${size}600a5f3960${size}5ff3${code}` });
    const receipt = await chain.request({ method: "eth_getTransactionReceipt", params: [hash] });
    return (receipt as { contractAddress: string }).contractAddress;
  };
  /** Logs who wrote last, and writes its caller down. */
  const deployLastWriter = (): Promise<string> => deployCode("5f545f5260205fa0335f5500");

  it("finds the order under a reused number, and leaves out what has no part in it", async () => {
    const queue = await new UnguardedOrderQueue__factory(alice).deploy(keeper);
    await queue.connect(keeper).queue(3n, { value: 1n });
    const { number: from } = chain.head;
    const first = await queue.connect(alice).queue(1n, { value: 1n });
    const payment = await carol.sendTransaction({ to: keeper, value: 1n });
    const second = await queue.connect(bob).queue(7n, { value: 1n });
    const execution = await queue.connect(keeper).execute(2n, await latestAnchor(chain, { depth: 1 }));
    const { head } = chain;

    // #region hazards
    const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 1 } });
    const hazard = about(report, execution.hash);
    // The keeper executed Alice's order. Where hers is dropped, its number is Bob's.
    expect(hazard.changes).to.deep.equal([{ kind: "dropped", hash: first.hash }]);
    expect(hazard.history.map(({ hash }) => hash)).to.deep.equal([first.hash, second.hash, execution.hash]);
    // #endregion hazards
    const size = (facts: Hazard["was"]): bigint => BigInt(facts["log 0"]!.split(" ").at(-1)!);
    expect([size(hazard.was), size(hazard.is)]).to.deep.equal([1n, 7n]);
    expect(hazard.says).to.match(
      new RegExp(`^The transaction ${execution.hash.slice(0, 10)}… has another effect where ${first.hash.slice(0, 10)}… is dropped: log 0 is .* there(, and \\d more)?\\.$`), // prettier-ignore
    );
    expect(report.says).to.contain(hazard.says).and.contain('by the seed "1"');
    // A payment does the same wherever it comes.
    expect(report.hazards.map(({ transaction }) => transaction.hash)).not.to.include(payment.hash);
    expect(chain.head).to.deep.equal(head);

    await chain.reorg(hazard.reorg);
    const { trader, executed } = await queue.orders(2n);
    expect([trader, executed]).to.deep.equal([await bob.getAddress(), true]);
  });

  it("names a transaction whose gas is too tight to show what it does elsewhere", async () => {
    const search = async (gasLimit?: bigint) => {
      const to = await deployLastWriter();
      const { number: from } = chain.head;
      await alice.sendTransaction({ to });
      // The first to write pays for a new slot, and an estimate for the second has no gas for that.
      const { hash } = await bob.sendTransaction({ to, ...(gasLimit === undefined ? {} : { gasLimit }) });
      const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } });
      return { hash, report };
    };
    const tight = await search();
    expect(tight.report).to.deep.include({ hazards: [], isExhaustive: false, outOfGas: [tight.hash] });
    expect(tight.report.says).to.match(
      new RegExp(`The transaction ${tight.hash.slice(0, 10)}… ran out of gas in \\d+, and shows nothing there: send it with more\\.`), // prettier-ignore
    );
    const ample = await search(100_000n);
    expect(about(ample.report, ample.hash).changes.map(({ kind }) => kind)).to.deep.equal(["dropped"]);
    expect(ample.report.outOfGas).to.deep.equal([]);
  });

  it("takes no option that it does not know, and no block by another number than a bigint", async () => {
    for (const [wrong, reason] of [
      [{ bounds: {} }, /^bounds: there is no such option/],
      [{ ignor: () => true }, /^ignor: /],
      [{ from: 3 }, /^from: expected a bigint/],
    ] as const)
      expect(
        (await rejected("INVALID_OPTION", findReorgHazards({ chain, from: 0n, ...wrong } as never))).message,
      ).to.match(reason);
  });

  it("finds no execution in the queue whose keeper says what it saw", async () => {
    const queue = await new GuardedOrderQueue__factory(alice).deploy(keeper);
    await queue.connect(keeper).queue(3n, { value: 1n });
    const { number: from } = chain.head;
    await queue.connect(alice).queue(1n, { value: 1n });
    await queue.connect(bob).queue(7n, { value: 1n });
    await chain.mine();
    const execution = await queue.connect(keeper).execute(2n, await latestAnchor(chain, { depth: 1 }));
    const { hazards, says } = await findReorgHazards({ chain, from, bound: { delay: 1 } });
    expect(
      hazards.map(({ transaction }) => transaction.hash),
      says,
    ).not.to.include(execution.hash);
  });

  it("finds the account whose address becomes another's", async () => {
    const opener = await deploy("AccountOpener");
    const { number: from } = chain.head;
    const theirs = await send(bob, opener, "open");
    const ours = await send(alice, opener, "open");
    const account = OpenedAccount__factory.connect((await opener.getFunction("accounts")(1n)) as string, alice);
    const { hash: funding } = await account.fund({ value: 5n });
    const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } });
    const hazard = about(report, funding);
    expect(historyOf(hazard)).to.deep.equal([theirs, ours, funding]);
    expect(hazard.changes).to.deep.equal([{ kind: "dropped", hash: theirs }]);
    const slots = (facts: Hazard["was"]) => Object.keys(facts).filter((name) => name.startsWith("slot "));
    expect([slots(hazard.was).length, slots(hazard.is).length], "it pays an address without code").to.deep.equal([
      1, 0,
    ]);
  });

  it("finds the purchase without a limit, and the claim under another's number", async () => {
    const [desk, tickets] = [await deploy("SpotDesk"), await deploy("TicketDesk")];
    await send(keeper, desk, "setPrice", 10n);
    await send(bob, tickets, "take", 1n);
    const { number: from } = chain.head;
    const price = await send(keeper, desk, "setPrice", 20n);
    const purchase = await send(alice, desk, "buy", { value: 200n });
    const [first, second] = [await send(bob, tickets, "take", 3n), await send(carol, tickets, "take", 900n)];
    const claim = await send(dave, tickets, "pay", 1n);
    const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } });

    const bought = about(report, purchase);
    expect(historyOf(bought)).to.deep.equal([price, purchase]);
    const slot = Object.keys(bought.was).find((name) => name.startsWith("slot "))!;
    expect([bought.was[slot], bought.is[slot]]).to.deep.equal(["0xa", "0x14"]);
    const claimed = about(report, claim);
    expect(historyOf(claimed)).to.deep.equal([first, second, claim]);
    expect(report.isExhaustive).to.equal(true);
  });

  it("finds what another block is enough for, alone", async () => {
    const dependent = await deploy("BranchDependent");
    const { number: from } = chain.head;
    await send(bob, dependent, "keep", await alice.getAddress(), { value: 1n });
    const lottery = await send(alice, dependent, "log");
    const report = await findReorgHazards({ chain, from });
    const hazard = about(report, lottery);
    expect([historyOf(hazard), hazard.changes]).to.deep.equal([[lottery], []]);
    expect(hazard.says).to.contain("has another effect in other blocks, in the same order: log 0 is");
    expect(report.hazards).to.have.lengthOf(1);
  });

  it("leaves nothing out that makes the transaction differ in more than it did", async () => {
    const lottery = await deploy("Lottery");
    const { number: from } = chain.head;
    await send(carol, lottery, "toss");
    const price = await send(bob, lottery, "setPrice", 5n);
    const draw = await send(alice, lottery, "draw");
    const hazard = about(await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } }), draw);
    expect([historyOf(hazard), hazard.changes]).to.deep.equal([[price, draw], []]);
  });

  it("blames no other transaction for what a block draws", async () => {
    const lottery = await deploy("Lottery");
    const { number: from } = chain.head;
    // The first block of a branch has its own randomness, and those after it another parent.
    // Heads write a slot, and need more gas than an estimate of tails.
    const enough = { gasLimit: 100_000 };
    const tosses = [await send(dave, lottery, "toss", enough)];
    for (const signer of [bob, carol]) await signer.sendTransaction({ to: keeper, value: 1n });
    tosses.push(await send(alice, lottery, "toss", enough));
    const blamed = new Set<string>();
    for (const seed of ["1", "2", "3", "4", "5", "6"]) {
      const { hazards, says } = await findReorgHazards({ chain, from, seed, bound: { changes: 1, delay: 1 } });
      expect(hazards.flatMap(({ changes }) => changes), says).to.deep.equal([]); // prettier-ignore
      for (const { transaction } of hazards) blamed.add(transaction.hash);
    }
    expect([...blamed]).to.have.members(tosses);
  });

  it("takes a difference that does not come back for none", async () => {
    const { number: from } = chain.head;
    await alice.sendTransaction({ to: bob, value: 1n });
    let reads = 0;
    // The first read is of the recorded history, the second of the first other one.
    const effect = async () => (++reads === 2 ? "another" : "the recorded one");
    const report = await findReorgHazards({ chain, from, effect, bound: { changes: 1, delay: 0 } });
    expect(reads).to.be.greaterThan(2);
    expect(report.hazards).to.deep.equal([]);
  });

  it("calls no search exhaustive that ended because each transaction had a hazard", async () => {
    const lottery = await deploy("Lottery");
    const { number: from } = chain.head;
    await chain.mine();
    await send(alice, lottery, "draw");
    const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } });
    expect([report.hazards.length, report.isExhaustive]).to.deep.equal([1, false]);
    expect(report.says).to.contain(", of 2 at the most, by the seed");
  });

  it("tries a change again that was needed before another one went", async () => {
    const hazards = ["ABC", "AC", "C"];
    const smallest = await leaveOut([..."ABC"], async (fewer) => hazards.includes(fewer.join("")));
    expect(smallest).to.deep.equal(["C"]);
  });

  it("takes sums that grow by as much, and slots that end at the same, for the same effect", async () => {
    const [token, desk] = [await deploy("TestToken"), await deploy("SpotDesk")];
    await send(keeper, desk, "setPrice", 1n);
    const { number: from } = chain.head;
    for (const signer of [alice, bob, keeper]) await send(signer, token, "mint", await keeper.getAddress(), 5n);
    for (const [i, signer] of [alice, bob, keeper].entries()) await send(signer, desk, "setPrice", [2n, 1n, 1n][i]);
    const report = await findReorgHazards({ chain, from, bound: { changes: 2, delay: 1, histories: 60 } });
    expect(report.hazards, report.says).to.deep.equal([]);
    expect(report.histories).to.equal(60);
  });

  it("puts a transaction before one of its block that pays more", async () => {
    const desk = await deploy("SpotDesk");
    await send(keeper, desk, "setPrice", 10n);
    const { number: from } = chain.head;
    await chain.request({ method: "evm_setAutomine", params: [false] });
    const tip = (gwei: bigint) => ({ maxPriorityFeePerGas: gwei * 10n ** 9n, maxFeePerGas: 10n ** 11n, gasLimit: 200_000n }); // prettier-ignore
    const purchase = await send(alice, desk, "buy", { value: 200n, ...tip(9n) });
    const price = await send(keeper, desk, "setPrice", 20n, tip(1n));
    await chain.mine();
    await chain.request({ method: "evm_setAutomine", params: [true] });
    const hazard = about(await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } }), purchase);
    expect(hazard.changes).to.deep.equal([{ kind: "behind", hash: purchase, other: price }]);
    expect(hazard.reorg.blocks).to.deep.equal([[price], [purchase]]);
  });

  for (const [what, feesOfA, feesOfB] of [
    ["a gas price is above the other's tip", { maxFeePerGas: 100, maxPriorityFeePerGas: 1.8 }, { gasPrice: 2 }],
    [
      "the most that is paid caps a tip",
      { maxFeePerGas: 100, maxPriorityFeePerGas: 1.2 },
      { maxFeePerGas: 1.5, maxPriorityFeePerGas: 1.5 },
    ],
  ] as const)
    // prettier-ignore
    it(`puts a transaction behind one that pays less in the end, where ${what}`, async () => {
      const writer = await deployLastWriter();
      const { number: from } = chain.head;
      const inWei = (fees: object) => Object.fromEntries(Object.entries(fees).map(([name, gwei]) => [name, parseUnits(String(gwei), "gwei")])); // prettier-ignore
      const sent = async (signer: Signer, fees: object): Promise<Hex> =>
        (await signer.sendTransaction({ to: writer, gasLimit: 100_000, ...inWei(fees) })).hash as Hex;
      const [a, b] = [await sent(alice, feesOfA), await sent(bob, feesOfB)];
      const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 0 } });
      expect(report.isExhaustive, report.says).to.equal(true);
      const hazard = about(report, a);
      expect(hazard.changes).to.deep.equal([{ kind: "behind", hash: a, other: b }]);
      expect(hazard.reorg.blocks).to.deep.equal([[], [b], [a]]);
      await chain.reorg(hazard.reorg);
      const { logs } = (await chain.request({ method: "eth_getTransactionReceipt", params: [a] })) as { logs: { data: string }[] }; // prettier-ignore
      expect(BigInt(logs[0]!.data)).to.equal(BigInt(await bob.getAddress()));
    });

  it("calls no search exhaustive of which a history did not come out in its order", async () => {
    const waster = await deployCode("fe");
    await chain.request({ method: "evm_setBlockGasLimit", params: ["0xb71b00"] });
    await chain.request({ method: "evm_setAutomine", params: [false] });
    await chain.mine();
    const { number: from } = chain.head;
    // As much gas in two blocks makes the third's base fee higher than all of it in one.
    for (const signer of [alice, bob]) await signer.sendTransaction({ to: waster, gasLimit: 5_800_000 });
    await chain.mine(2);
    const { baseFeePerGas } = (await chain.request({ method: "eth_getBlockByNumber", params: ["pending", false] })) as { baseFeePerGas: Hex }; // prettier-ignore
    await carol.sendTransaction({ to: dave, maxFeePerGas: baseFeePerGas, maxPriorityFeePerGas: 0, gasLimit: 21_000 });
    await chain.mine();
    const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 1 } });
    expect([report.hazards, report.isExhaustive], report.says).to.deep.equal([[], false]);
    expect(report.says).to.contain(" 2 did not come out in their order, and show nothing.");
  });

  it("brings a transaction behind the one that its nonce needs, and not without that", () => {
    const sent = (hash: string, block: number) => ({ transaction: { hash, from: hash[0] } as SentTransaction, block });
    const recorded = [sent("a1", 0), sent("b1", 0), sent("a2", 1), sent("a3", 2)];
    const hash = "a1" as Hex;
    expect(layoutOf(recorded, [{ kind: "delayed", hash, blocks: 2 }])).to.deep.equal([["b1"], [], ["a1", "a2", "a3"]]);
    expect(layoutOf(recorded, [{ kind: "dropped", hash }])).to.deep.equal([["b1"], [], []]);
  });

  it("draws by the seed where there are more histories than the bound, and says so", async () => {
    const desk = await deploy("SpotDesk");
    await send(keeper, desk, "setPrice", 10n);
    const { number: from } = chain.head;
    for (let i = 0; i < 4; i++) {
      await send(bob, desk, "buy", { value: 70n });
      await send(alice, desk, "buy", { value: 70n });
    }
    const run = (seed: string) => findReorgHazards({ chain, from, seed, bound: { changes: 4, delay: 2, histories: 12 } }); // prettier-ignore
    const report = await run("7");
    expect([report.hazards, report.histories, report.isExhaustive]).to.deep.equal([[], 12, false]);
    expect(report.says).to.match(/^12 histories of 8 transactions were run, of \d+ at the most, by the seed "7"\.$/);
  });

  it("sends the history itself, and compares what it is told to", async () => {
    const desk = await deploy("SpotDesk");
    await send(keeper, desk, "setPrice", 10n);
    let price = 10n;
    const transactions = [
      () => send(keeper, desk, "setPrice", (price += 10n)),
      () => send(alice, desk, "buy", { value: 12_000n }),
      () => send(alice, desk, "buy", { value: 0n, gasLimit: 21_500n }), // out of gas
    ];
    const search = { chain, transactions, bound: { changes: 1, delay: 0 } };
    const found = await findReorgHazards(search);
    expect(found.hazards).to.have.lengthOf(1);
    expect(await desk.getFunction("bought")(await alice.getAddress())).to.equal(600n);

    const seen: string[] = [];
    const ignored = await findReorgHazards({
      ...search,
      ignore: ({ fact, was, is }) => seen.push(`${was} ${is}`) > 0 && fact.startsWith("slot "),
    });
    expect(ignored.hazards, ignored.says).to.deep.equal([]);
    expect(seen).to.include(`0x${(600 + 400).toString(16)} 0x${(600 + 600).toString(16)}`);
    const sender = async (at: HardhatChain, hash: string) =>
      ((await at.request({ method: "eth_getTransactionByHash", params: [hash] })) as { from: string }).from;
    expect((await findReorgHazards({ ...search, effect: sender })).hazards).to.deep.equal([]);
    const branch = async () => chain.orphans.length;
    expect((await findReorgHazards({ ...search, effect: branch })).hazards).not.to.deep.equal([]);
  });

  it("does not take the time of a block for an effect, unless it is told to", async () => {
    const queue = await new UnguardedOrderQueue__factory(alice).deploy(keeper);
    const { number: from } = chain.head;
    const { hash } = await queue.connect(alice).queue(1n, { value: 1n });
    const search = { chain, from, bound: { delay: 1 } };
    expect((await findReorgHazards(search)).hazards).to.deep.equal([]);
    const hazard = about(await findReorgHazards({ ...search, doesTimeCount: true }), hash);
    expect(hazard.changes).to.deep.equal([{ kind: "delayed", hash, blocks: 1 }]);
    expect(hazard.says).to.contain("comes 1 block later: slot ");
  });

  for (const [twin, isFound] of [
    ["unguarded", true],
    ["guarded", false],
  ] as const)
    it(`finds ${isFound ? "a fill at another price" : "none"} in the ${twin} exchange`, async () => {
      const world = await connect(chain, await deployExchanges(chain, { price: 2_000n * UNIT, liquidity: 10n ** 24n }));
      for (const role of ["alice", "bob"] as const) await fund(world, role, 10_000n * UNIT);
      const { number: from } = chain.head;
      for (const role of ["alice", "bob"] as const) await exchange(world, twin, role).deposit(MARKET, 5_000n * UNIT);
      const moved = await exchange(world, twin, "feed").setPrice(MARKET, 2_010n * UNIT);
      await chain.mine();
      const anchor = await latestAnchor(chain, { depth: 1 });
      const order = await signOrder(world, twin, "alice", { size: UNIT, limitPrice: 2_100n * UNIT, anchor, maxAge: 50n }); // prettier-ignore
      expect((await present(world, twin, order)).executed).to.equal(true);
      const report = await findReorgHazards({ chain, from, bound: { changes: 1, delay: 1 } });
      expect(report.isExhaustive).to.equal(true);
      expect(report.hazards.map(({ changes }) => changes), report.says).to.deep.equal(
        isFound ? [[{ kind: "dropped", hash: moved.hash }]] : [],
      ); // prettier-ignore
    });

  it("refuses a bound that is none, and a history without blocks", async () => {
    const from = chain.head.number - 1n;
    for (const bound of [{ changes: 0 }, { delay: -1 }, { histories: 1.5 }, { depth: 3 } as object])
      await rejected("INVALID_OPTION", findReorgHazards({ chain, from, bound }));
    for (const wrong of [chain.head.number, -1n])
      await rejected("INVALID_OPTION", findReorgHazards({ chain, from: wrong }));
  });

  it("refuses a history in which nothing succeeded, and transactions that are in no block", async () => {
    const desk = await deploy("SpotDesk");
    const { number: from } = chain.head;
    await chain.mine();
    const fails = () => send(alice, desk, "buy", { value: 1n, gasLimit: 100_000n }); // the price is zero
    for (const [search, option, reason] of [
      [{ from }, "from", `no recorded transaction succeeded, of 0 after block ${from}`],
      [
        { transactions: [fails, fails] },
        "transactions",
        `no recorded transaction succeeded, of 2 after block ${from + 1n}`,
      ],
      [
        { transactions: [async () => ""] },
        "transactions",
        `expected transactions that are mined, and no block came after ${from + 3n}`,
      ],
    ] as const) {
      const error = await rejected("INVALID_OPTION", findReorgHazards({ chain, ...search }));
      expect(error.details).to.deep.equal({ option, reason });
    }
  });
});
